"""The statistics of a fitted logistic regression: standard errors, intervals, likelihoods.

The table speaks of log odds against the first class. Of two classes these are the
coefficients themselves; of more they are the differences βₖ = θₖ − θ₀ of the softmax's
coefficients, which alone the rows determine: the same number added to all θ changes no
probability.

Source: A. Agresti, Categorical Data Analysis, 3rd ed. (2013), sections 5.5 and 8.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isinf, log
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri, xlogy

from pipelines.estimators.statistics.covariance import Covariance, covariance
from pipelines.estimators.statistics.evidence import Evidence
from pipelines.estimators.statistics.notes import notes_on
from pipelines.estimators.statistics.summary import Summary

__all__ = ["summarise"]

F64 = NDArray[np.float64]


def summarise(
    evidence: Evidence,
    coef: NDArray[Any],
    intercept: NDArray[Any] | None,
    *,
    classes: Sequence[Any],
    names: Sequence[str] | None = None,
    C: float = float("inf"),
    l1_ratio: float = 0.0,
    solver: str = "",
    converged: bool = True,
    level: float = 0.95,
    class_weight: Any = None,
    notes: Sequence[str] = (),
) -> Summary:
    """The statistics of a logistic regression fitted to the rows of `evidence`.

    With the information I and the curvature P of the penalty, the covariance of the
    coefficients is (I + P)⁻¹; of the differences between the softmax's coefficients it is
    what that gives for them.

    Parameters
    ----------
    evidence : Evidence
    coef : ndarray, shape (1, d) or (K, d)
        One row for two classes, as many as classes for more.
    intercept : ndarray, shape (1,) or (K,), or None
        None where the fit has none.
    classes : sequence
        The labels, sorted as the rows of `coef`.
    names : sequence of str, optional
        Of the columns; x0, x1, … where not given.
    C, l1_ratio : float
        The penalty, as LogisticClassifier's.
    solver : str
    converged : bool
    level : float
        Confidence of the intervals.
    class_weight : dict, "balanced" or None
        What the rows' weights were multiplied by; it is only told.
    notes : sequence of str
        To be shown before this function's own.

    Raises
    ------
    ValueError
        Where `level` is not between 0 and 1.
    """
    require_confidence(level)
    labels = tuple(np.asarray(classes).tolist())
    terms = ["(intercept)"] * (intercept is not None) + names_of(names, coef.shape[1])
    theta = coef.T.astype(np.float64)
    if intercept is not None:
        theta = np.vstack((theta, intercept.astype(np.float64)))
    spread = covariance(
        evidence.information,
        theta,
        penalised_rows=coef.shape[1],
        ridge=(1 - l1_ratio) / C,
        zeros_are_fixed=l1_ratio > 0 and isfinite(C),
        rounding=evidence.rounding,
    )
    columns = wald(*in_table_order(theta, spread, intercept is not None), level=level)
    settings: dict[str, Any] = {"C": C, "l1_ratio": l1_ratio, "converged": converged}
    own = notes_on(spread, terms, labels, evidence, class_weight=class_weight, **settings)
    return Summary(
        name=tuple(terms * (len(labels) - 1)),
        class_label=tuple(label for label in labels[1:] for _ in terms),
        **columns,
        **likelihoods(evidence, spread.degrees, nested=intercept is not None and isinf(C)),
        n_rows=evidence.n_rows,
        total_weight=float(evidence.class_totals.sum()),
        classes=labels,
        solver=solver,
        level=level,
        notes=(*notes, *own),
        **settings,
    )


def require_confidence(level: Any) -> None:
    if not (isinstance(level, Real) and 0 < float(level) < 1):
        raise ValueError(
            f"level={level!r} is no confidence: give a number between 0 and 1, such as 0.95."
        )


def names_of(names: Sequence[str] | None, d: int) -> list[str]:
    return [f"x{j}" for j in range(d)] if names is None else [str(name) for name in names]


def in_table_order(theta: F64, spread: Covariance, has_intercept: bool) -> tuple[F64, F64]:
    """The log odds and their standard errors, class after class, the intercept first."""
    differences = theta if theta.shape[1] == 1 else theta[:, 1:] - theta[:, :1]
    shift = int(has_intercept)
    return (
        np.roll(differences, shift, axis=0).T.ravel(),
        np.roll(spread.standard_errors, shift, axis=0).T.ravel(),
    )


def wald(coefficient: F64, standard_error: F64, *, level: float) -> dict[str, Any]:
    """The columns of the table: Wald's statistic and interval of each term."""
    half = float(ndtri((1 + level) / 2)) * standard_error
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        z = coefficient / standard_error
        odds_ratio = np.exp(coefficient)
    return {
        "coefficient": coefficient,
        "standard_error": standard_error,
        "z": z,
        "p_value": 2 * ndtr(-np.abs(z)),
        "lower": coefficient - half,
        "upper": coefficient + half,
        "odds_ratio": odds_ratio,
    }


def likelihoods(evidence: Evidence, degrees: float, *, nested: bool) -> dict[str, Any]:
    """Log likelihoods and what is made of them."""
    totals, total = evidence.class_totals, float(evidence.class_totals.sum())
    fitted, null = evidence.log_likelihood, float(xlogy(totals, totals / total).sum())
    restrictions = degrees - (np.count_nonzero(totals) - 1)
    return {
        "log_likelihood": fitted,
        "null_log_likelihood": null,
        "pseudo_r2": 1 - fitted / null if null else np.nan,
        "llr_p_value": float(chdtrc(float(restrictions), 2 * (fitted - null)))
        if nested
        else np.nan,
        "degrees": degrees,
        "aic": -2 * fitted + 2 * degrees,
        "bic": -2 * fitted + log(total) * degrees,
    }
