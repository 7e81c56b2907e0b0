"""What the reader of a summary must know of its numbers, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isinf
from typing import Any

import numpy as np

from pipelines.estimators.listing import listed
from pipelines.estimators.statistics.covariance import Covariance
from pipelines.estimators.statistics.evidence import Evidence

__all__ = ["notes_on"]


def notes_on(
    spread: Covariance,
    terms: Sequence[str],
    labels: Sequence[Any],
    evidence: Evidence,
    *,
    C: float,
    l1_ratio: float,
    converged: bool,
    class_weight: Any,
) -> tuple[str, ...]:
    """The sentences that apply, in the order of their weight.

    Parameters
    ----------
    spread : Covariance
    terms : sequence of str
        The table's terms of one class; the intercept, if there is one, is the first.
    labels : sequence
        All classes.
    evidence : Evidence
    C, l1_ratio : float
    converged : bool
    class_weight : dict, "balanced" or None
    """
    return tuple(
        (
            *convergence(converged),
            *singularity(spread, terms),
            *penalty(spread, C, l1_ratio),
            *weights(evidence, class_weight),
            *base_class(labels),
        )
    )


def convergence(converged: bool) -> Iterator[str]:
    if not converged:
        yield (
            "The fit did not converge: these are numbers of a point that is no optimum. Raise "
            "max_iter, or scale the columns, and fit again."
        )


def singularity(spread: Covariance, terms: Sequence[str]) -> Iterator[str]:
    has_intercept = len(terms) > 0 and terms[0] == "(intercept)"
    # The intercept is the last row of the weights and the first term of the table.
    lost = np.roll(spread.undetermined, int(has_intercept))
    names = [name for name, is_lost in zip(terms, lost, strict=True) if is_lost]
    if names:
        yield (
            f"The rows do not determine the coefficients of {listed(names)}: these columns are "
            "linear combinations of each other (a constant column is one of the intercept), or "
            "the classes are separated along them. They have no standard errors. Drop one of "
            "the columns, or fit with a penalty (a finite C)."
        )


def penalty(spread: Covariance, C: float, l1_ratio: float) -> Iterator[str]:
    if isinf(C):
        return
    yield (
        f"The fit is penalised (C={C:g}, l1_ratio={l1_ratio:g}), which draws the coefficients to "
        "zero. The standard errors are from the inverse Hessian of the penalised objective: the "
        "spread of the coefficients given the penalty, without the bias that it brings. "
        "Intervals and p-values are a guide only. For the classical ones fit with "
        'C=float("inf").'
    )
    if l1_ratio > 0:
        yield (
            f"{int(spread.fixed.sum())} coefficients are held at zero by the L1 penalty and have "
            "no standard error; the others' ignore that they were selected."
        )


def weights(evidence: Evidence, class_weight: Any) -> Iterator[str]:
    if evidence.weighted:
        total = float(evidence.class_totals.sum())
        yield (
            f"The rows are weighted: {evidence.n_rows} rows count as {total:g}, a row of weight 2 "
            "as two rows. Where the weights are not counts, the standard errors are not "
            "those of the rows seen."
        )
    if class_weight is not None:
        yield (
            f"class_weight={class_weight!r} is part of these weights: likelihoods, intercepts "
            "and standard errors are those of a table with its classes in such shares."
        )


def base_class(labels: Sequence[Any]) -> Iterator[str]:
    if len(labels) > 2:
        yield (
            f"Each class is told against {labels[0]!r}, the first: coefficients are "
            "coef_[k] - coef_[0], and the odds are those of the class against it."
        )
