"""Which proof decides: the cheap ones first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.listing import listed
from pipelines.estimators.loss import Codes
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.separation.certificates import every_row_on_its_side, rows_overlap
from pipelines.estimators.separation.columns import Threshold, thresholds
from pipelines.estimators.separation.finding import Separation
from pipelines.estimators.separation.program import (
    ZERO,
    Comparisons,
    separating_direction,
    sparsest,
)

__all__ = ["separation_of"]

# Comparisons of a row's class with another, times weights, up to which linear programming is
# affordable: seconds.
MOST_CELLS = 1_000_000


def separation_of(
    X: Any,
    objective: LinearObjective,
    weights: NDArray[np.float64],
    *,
    classes: Sequence[Any],
    names: Sequence[str] | None = None,
    information: NDArray[np.float64] | None = None,
) -> Separation | None:
    """The separation of the classes that an unpenalised fit ran into, or None.

    In this order: a proof by the fitted weights that the rows overlap; one that every row
    stands on its side; columns that separate a class alone; linear programming, where it is
    affordable. What none of them decides is None. Rows of weight zero do not count.

    Parameters
    ----------
    X : array or CSR matrix, shape (n, d)
        The objective's rows.
    objective : LinearObjective
    weights : ndarray, shape (n_weights,)
        As fitted.
    classes : sequence
        The labels.
    names : sequence of str, optional
        Of the columns; x0, x1, … where not given.
    information : ndarray, shape (n_weights, n_weights), optional
        The unpenalised Hessian at `weights` times the sum of the row weights, if it is known.
    """
    labels = np.asarray(classes).tolist()
    columns = [f"x{j}" for j in range(X.shape[1])] if names is None else [str(n) for n in names]
    if len(objective.sample_weight) and not objective.sample_weight.all():
        counted = np.flatnonzero(objective.sample_weight)
        X, objective = X[counted], objective.take(counted)
    design = objective.design.in_double()
    raw = design.raw(objective.team, *objective.split(weights))
    if not np.isfinite(raw).all() or rows_overlap(objective, weights, raw, information):
        return None
    y, n_classes = objective.y, len(labels)
    if (y == y[0]).all():
        reason = f"only rows of class {labels[y[0]]!r} have weight"
        return Separation("complete", (), (labels[y[0]],), len(y), reason)
    alone = thresholds(X, y, n_classes, objective.fit_intercept)
    if alone and n_classes == 2 and alone[0].n_rows == len(y):
        return by_one_column(alone, y, labels, columns)
    complete = every_row_on_its_side(raw, y)
    if len(y) * (n_classes - 1) * objective.n_weights <= MOST_CELLS:
        comparisons = Comparisons(X, y, n_classes, objective.fit_intercept)
        margins = separating_direction(comparisons)
        every = bool((margins > ZERO).all())
        if every or (margins.any() and not complete and not alone):
            return by_many_columns(comparisons, margins, y, labels, columns)
    if complete:
        reason = "the fitted coefficients put every row on the side of its class"
        return Separation("complete", (), tuple(labels), len(y), reason)
    return by_one_column(alone, y, labels, columns) if alone else None


def by_one_column(
    alone: list[Threshold], y: Codes, labels: list[Any], names: list[str]
) -> Separation:
    """The separation by columns each of which separates a class alone."""
    best = alone[0]
    name, label = names[best.column], labels[best.code]
    mine, other = ("at least", "at most") if best.sign > 0 else ("at most", "at least")
    if best.own_rows == best.n_rows:
        reason = (
            f"column {name!r} is {best.far:g} in all rows but {best.n_rows}, and these are all "
            f"of class {label!r}"
        )
    else:
        reason = (
            f"column {name!r} is {mine} {best.near:g} in every row of class {label!r} and "
            f"{other} {best.far:g} in every other row"
        )
    more = [names[each.column] for each in alone[1:]]
    if more:
        reason += f"; the like holds for {listed(more)}"
    used = tuple(names[each.column] for each in alone)
    if len(labels) == 2 and best.n_rows == len(y):
        return Separation("complete", used, tuple(labels), len(y), reason)
    return Separation("quasi-complete", used, (label,), best.n_rows, reason)


def by_many_columns(
    comparisons: Comparisons,
    margins: NDArray[np.float64],
    y: Codes,
    labels: list[Any],
    names: list[str],
) -> Separation:
    """The separation by a weighted sum of columns."""
    separated = margins > ZERO
    rows = np.unique(comparisons.row[separated])
    used = tuple(names[column] for column in sparsest(comparisons, margins))
    what = f"a weighted sum of the columns {listed(used)}" if len(used) > 1 else "a direction"
    if separated.all():
        reason = f"{what} puts every row on the side of its class"
        return Separation("complete", used, tuple(labels), len(rows), reason)
    concerned = tuple(labels[code] for code in np.unique(y[rows]))
    reason = (
        f"{what} puts {len(rows)} of {len(y)} rows, of class {listed(concerned)}, on the side of "
        "their class and no row on the other"
    )
    return Separation("quasi-complete", used, concerned, len(rows), reason)
