"""Metrics, of all rows and of each class, with percentile bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.extremes import opened
from pipelines.metrics.gaps import calibration_error
from pipelines.metrics.resamples import Resamples
from pipelines.metrics.results import METRICS, ClassScores, Interval
from pipelines.metrics.tallies import Predictions, Tallies, predictions, tally

__all__ = ["VALUES", "class_scores", "evaluate", "intervals", "percentiles"]

Floats = NDArray[np.float64]


def evaluate(
    P: NDArray[Any],
    codes: NDArray[np.int32],
    drawn: Resamples,
    labels: NDArray[np.int32] | None = None,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Every metric of `METRICS` with its percentile bootstrap interval.

    Parameters
    ----------
    P : ndarray, shape (n, K)
    codes : ndarray, shape (n,)
    drawn : Resamples
        From `resamples`.
    labels : ndarray, shape (n,), optional
        The predicted classes; by default the most probable ones.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 13.3.
    """
    answers = predictions(P, codes, drawn, labels)
    return intervals(tally([answers], drawn)[0], answers, confidence)


def intervals(it: Tallies, answers: Predictions, confidence: float = 0.95) -> dict[str, Interval]:
    """Every metric of `METRICS` from the tallies of these answers; none is sure (`opened`)."""
    found = {
        name: opened(name, percentiles(VALUES[name](it), confidence), answers, confidence)
        for name in METRICS
    }
    return found | {"expected_calibration_error": calibration_error(it.gaps, it.rows, confidence)}


def class_scores(
    it: Tallies, answers: Predictions, confidence: float = 0.95
) -> tuple[ClassScores, ...]:
    """Each class against the rest; the tallies hold the areas of every class."""
    values = {
        "precision": _precision(it),
        "recall": _recall(it),
        "f1": _f1(it),
        "roc_auc": it.areas[:, :, 0],
        "average_precision": it.areas[:, :, 1],
    }
    return tuple(
        ClassScores(
            support=int(it.truth[0, k]),
            scores={
                name: opened(name, percentiles(each[:, k], confidence), answers, confidence, k)
                for name, each in values.items()
            },
        )
        for k in range(it.truth.shape[1])
    )


def percentiles(values: Floats, confidence: float) -> Interval:
    """The first value, between the percentiles of those others that are defined."""
    point, drawn = float(values[0]), values[1:]
    known = drawn[np.isfinite(drawn)]
    if not (np.isfinite(point) and known.size):
        return Interval(point, np.nan, np.nan)
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(point, float(low), float(high))


def _precision(it: Tallies) -> Floats:
    """Of each class; 0 for one that is never predicted, as in scikit-learn."""
    out: Floats = it.both / np.maximum(it.predicted, 1)
    return out


def _recall(it: Tallies) -> Floats:
    """Of each class; NaN for one that is not there."""
    out: Floats = np.full_like(it.both, np.nan)
    np.divide(it.both, it.truth, out=out, where=it.truth > 0)
    return out


def _f1(it: Tallies) -> Floats:
    """Of each class; 0 for one that is neither there nor predicted, as in scikit-learn."""
    out: Floats = 2 * it.both / np.maximum(it.truth + it.predicted, 1)
    return out


def _averaged(by_class: Callable[[Tallies], Floats]) -> Callable[[Tallies], Floats]:
    """Class 1 of two, else the mean over the classes that are there.

    A class without rows would count as 0: every slice that lacks one would then seem worse than
    the rest, and the average jump where a model once predicts it.
    """

    def average(it: Tallies) -> Floats:
        values = by_class(it)
        if values.shape[1] == 2:
            return values[:, 1]
        return _known_mean(np.where(it.truth > 0, values, np.nan))

    return average


def _known_mean(values: Floats) -> Floats:
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1)
    out: Floats = np.full(len(values), np.nan)
    np.divide(total, count, out=out, where=count > 0)
    return out


def _area(which: int) -> Callable[[Tallies], Floats]:
    """Class 1 of two, else the mean over classes; NaN where one of them is not there."""

    def area(it: Tallies) -> Floats:
        values = it.areas[:, :, which]
        out: Floats = values[:, 1] if values.shape[1] == 2 else values.mean(axis=1)
        return out

    return area


def _matthews(it: Tallies) -> Floats:
    """Matthews' correlation for K classes; 0 where only one class is there or predicted.

    Source: Gorodkin, "Comparing two K-category assignments by a K-category correlation
    coefficient", 2004.
    """
    truth, predicted, n = it.truth, it.predicted, it.rows
    top = it.both.sum(axis=1) * n - (truth * predicted).sum(axis=1)
    below = (n**2 - (predicted**2).sum(axis=1)) * (n**2 - (truth**2).sum(axis=1))
    out: Floats = np.divide(top, np.sqrt(below), out=np.zeros_like(top), where=below > 0)
    return out


def _mean(total: Callable[[Tallies], Floats]) -> Callable[[Tallies], Floats]:
    def mean(it: Tallies) -> Floats:
        out: Floats = np.full(len(it.rows), np.nan)
        return np.divide(total(it), it.rows, out=out, where=it.rows > 0)

    return mean


VALUES: dict[str, Callable[[Tallies], Floats]] = {
    "log_loss": _mean(lambda it: it.log_loss),
    "brier": _mean(lambda it: it.brier),
    "roc_auc": _area(0),
    "average_precision": _area(1),
    "accuracy": _mean(lambda it: it.both.sum(axis=1)),
    "balanced_accuracy": lambda it: _known_mean(_recall(it)),
    "precision": _averaged(_precision),
    "recall": _averaged(_recall),
    "f1": _averaged(_f1),
    "mcc": _matthews,
    "expected_calibration_error": _mean(lambda it: np.abs(it.gaps).sum(axis=1)),
}
"""Metric → its values from the tallies, shape (R + 1,)."""
