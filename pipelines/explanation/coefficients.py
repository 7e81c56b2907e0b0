"""The weights of a linear candidate, with intervals where its fit tells them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.estimators.calibration.classifier import uncalibrated
from pipelines.metrics import Interval
from pipelines.records.explanation import Coefficient

__all__ = ["LINEAR", "coefficients"]

# In the order in which one stands for a winner that is not linear: who tells intervals is first.
LINEAR = ("logistic", "sklearn_logistic", "linear_threshold")
# Beyond this the information matrix costs more than the report should.
MOST_WEIGHTS = 512
MOST_LISTED = 60
NAN = math.nan

WALD = (
    "Wald's 95 % intervals, from the inverse Hessian at the solution. With a penalty the "
    "coefficients are drawn towards zero, and the intervals with them."
)
NO_INTERVALS = "This estimator tells no intervals of its coefficients."
TOO_MANY = f"No intervals: there are more than {MOST_WEIGHTS} coefficients."


def coefficients(
    pipeline: Any, estimator: str, X: pd.DataFrame, labels: NDArray[Any]
) -> tuple[tuple[Coefficient, ...], str]:
    """The greatest 60 coefficients, greatest first, and what their intervals are.

    Of two classes they are those of the second; of more, a logistic regression with intervals
    tells each class against the first, any other each class's own.

    Parameters
    ----------
    X, labels
        The rows of the fit, as the pipeline takes them.
    """
    preprocess, classifier = pipeline[0], uncalibrated(pipeline[-1])
    terms = [str(name) for name in preprocess.get_feature_names_out()]
    known = [str(label) for label in classifier.classes_.tolist()]
    W = np.atleast_2d(_dense(classifier.coef_))
    if estimator == "logistic" and W.size <= MOST_WEIGHTS:
        summary = classifier.summary(preprocess.transform(X), labels)
        return _of_summary(summary, terms), WALD
    shown = known[1:] if len(W) == 1 else known
    found = [
        Coefficient(term, label, Interval(float(w), NAN, NAN))
        for label, row in zip(shown, W, strict=True)
        for term, w in zip(terms, row, strict=True)
    ]
    return _greatest(found), TOO_MANY if estimator == "logistic" else NO_INTERVALS


def _of_summary(summary: Any, terms: Sequence[str]) -> tuple[Coefficient, ...]:
    numbers = zip(summary.coefficient, summary.lower, summary.upper, strict=True)
    rows = [
        (label, Interval(*map(float, bounds)))
        for name, label, bounds in zip(summary.name, summary.class_label, numbers, strict=True)
        if name != "(intercept)"
    ]
    # One term after the other, class after class.
    found = [
        Coefficient(terms[at % len(terms)], str(label), value)
        for at, (label, value) in enumerate(rows)
    ]
    return _greatest(found)


def _greatest(found: Sequence[Coefficient]) -> tuple[Coefficient, ...]:
    order = sorted(found, key=lambda each: -abs(each.value.value))
    return tuple(each for each in order[:MOST_LISTED] if each.value.value != 0)


def _dense(coef: Any) -> NDArray[np.float64]:
    dense = coef.toarray() if hasattr(coef, "toarray") else coef
    return np.asarray(dense, dtype=np.float64)
