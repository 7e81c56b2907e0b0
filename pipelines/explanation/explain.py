"""explain: what the report tells of the models themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.config import Column
from pipelines.explanation.coefficients import LINEAR, coefficients
from pipelines.explanation.importance import REPEATS, importances, sampled, strongest
from pipelines.explanation.plane import Model, plane, typical
from pipelines.records import CandidateFit, Parts, Table
from pipelines.records.explanation import Explanation, Importance, Plane

__all__ = ["explain"]

# Each column is shuffled on its own, which takes a row's time once a column and shuffle.
MOST_COLUMNS = 100
SIDE_BY_SIDE = ("logistic", "decision_tree", "mlp")
NUMBERS = ("number", "integer")

# A pipeline, rows and the table's classes → probabilities with one column a class.
Align = Callable[[Any, pd.DataFrame, Sequence[Any]], NDArray[np.float64]]


@dataclass(frozen=True)
class _Rows:
    """The rows learned from, and the test rows that are looked at."""

    X: pd.DataFrame
    labels: NDArray[Any]
    X_test: pd.DataFrame
    codes: NDArray[np.int32]
    digests: NDArray[np.uint64]


def explain(
    fits: Sequence[CandidateFit],
    winner: str,
    table: Table,
    parts: Parts,
    columns: Mapping[str, Column],
    align: Align,
) -> Explanation:
    """The winner's importances, the boundaries side by side, a linear candidate's coefficients.

    Parameters
    ----------
    fits : sequence of CandidateFit
        Those without a reason with their fitted pipelines.
    columns : mapping
        Column name → its contract.
    align : callable
        A pipeline, rows and classes → probabilities; raises FloatingPointError where they are
        no numbers.
    """
    fitted = sorted(
        (each for each in fits if not each.reason), key=lambda each: each.selection_loss
    )
    won = next(each for each in fitted if each.name == winner)
    rows = _rows(table, parts)
    found, note = _importances(won, rows, table.classes, align)
    drawn, missing = _plane(fitted, found, note, rows, columns, table.classes, align)
    linear = _linear(won, fitted)
    listed, said = (
        coefficients(linear.pipeline, linear.estimator, rows.X, rows.labels)
        if linear
        else ((), "No candidate is linear.")
    )
    return Explanation(
        importances=found,
        rows=len(rows.codes),
        repeats=REPEATS,
        importances_note=note,
        plane=drawn,
        plane_note=missing,
        coefficients=listed,
        linear=linear.name if linear else "",
        coefficients_note=said,
    )


def _linear(won: CandidateFit, fitted: Sequence[CandidateFit]) -> CandidateFit | None:
    """The winner if it is linear; else the first kind of `LINEAR` that is there."""
    ranked = [won, *(each for kind in LINEAR for each in fitted if each.estimator == kind)]
    return next((each for each in ranked if each.estimator in LINEAR), None)


def _rows(table: Table, parts: Parts) -> _Rows:
    train, test = parts.where("train"), parts.where("test")
    at = np.flatnonzero(test)[sampled(parts.digests[test], table.features.num_columns)]
    return _Rows(
        X=table.features.filter(train).to_pandas(),
        labels=table.labels[train],
        X_test=table.features.take(at).to_pandas(),
        codes=table.codes[at],
        digests=parts.digests[at],
    )


def _importances(
    won: CandidateFit, rows: _Rows, classes: Sequence[Any], align: Align
) -> tuple[tuple[Importance, ...], str]:
    if rows.X.shape[1] > MOST_COLUMNS:
        return (), (
            f"Not computed: of more than {MOST_COLUMNS} columns ({rows.X.shape[1]} here) each "
            "tells little on its own, and shuffling them one by one takes long."
        )
    try:
        answer = partial(_probabilities, align, won, classes)
        return importances(answer, rows.X_test, rows.codes, rows.digests), ""
    except FloatingPointError:
        return (), f"Not computed: {won.name} gives no probability for some shuffled rows."


def _probabilities(
    align: Align, fit: CandidateFit, classes: Sequence[Any], X: pd.DataFrame
) -> NDArray[np.float64]:
    return align(fit.pipeline, X, classes)


def _plane(
    fitted: Sequence[CandidateFit],
    found: tuple[Importance, ...],
    note: str,
    rows: _Rows,
    columns: Mapping[str, Column],
    classes: Sequence[Any],
    align: Align,
) -> tuple[Plane | None, str]:
    """The plane of the two strongest number columns, or why there is none."""
    best = {each.estimator: each for each in reversed(fitted)}
    beside = [best[name] for name in SIDE_BY_SIDE if name in best]
    if not beside:
        return None, f"No figure: none of {', '.join(SIDE_BY_SIDE)} is among the fitted candidates."
    if note:
        return None, f"No figure: without importances no two columns stand out. {note}"
    numbers = [name for name, column in columns.items() if column.type in NUMBERS]
    pair = strongest(found, [name for name in numbers if _varies(rows.X_test[name])])
    if len(pair) < 2:
        return None, (
            "No figure: it takes two columns of numbers that the winner rests on, and there "
            f"{'is one, ' + pair[0] if pair else 'are none'}."
        )
    models = [Model(each.name, each.estimator, _answer(each, classes, align)) for each in beside]
    fixed = typical(rows.X, numbers)
    try:
        return plane(models, pair[0], pair[1], fixed, rows.X_test, rows.codes), ""
    except FloatingPointError:
        return None, "No figure: a candidate gives no probability on some points of the plane."


def _varies(values: pd.Series) -> bool:
    return bool(values.nunique(dropna=True) > 1)


def _answer(fit: CandidateFit, classes: Sequence[Any], align: Align) -> Any:
    known = {label: position for position, label in enumerate(classes)}

    def answer(X: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        labels = [known[label] for label in fit.pipeline.predict(X).tolist()]
        return align(fit.pipeline, X, classes), np.array(labels, dtype=np.int32)

    return answer
