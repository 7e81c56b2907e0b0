"""The numbers behind the figures.

Conventions as in `pipelines.metrics`: `P` has shape (n, K), `codes` holds each row's class as
0 … K−1. A class that no row has, or that every row has, gives an empty curve of area NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics import BINS
from pipelines.metrics.calibration import wilson

__all__ = [
    "Curve",
    "Reliability",
    "WorkingPoint",
    "confusion_counts",
    "precision_recall_curve",
    "reliability",
    "roc_curve",
    "thin",
    "working_point",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Points from the highest threshold down, and the area under them.

    The area is ROC AUC of a ROC curve, average precision of a precision-recall curve.
    """

    x: Floats
    y: Floats
    area: float


@dataclass(frozen=True)
class Reliability:
    """Probability against frequency, a bin each; NaN in a bin without rows.

    Attributes
    ----------
    predicted, observed : ndarray, shape (BINS,)
        Mean probability and share of hits.
    low, high : ndarray, shape (BINS,)
        95 % Wilson bounds of the share.
    counts : ndarray, shape (BINS,)
        Rows.
    gap : float
        Mean |observed − predicted| over the rows.
    """

    predicted: Floats
    observed: Floats
    low: Floats
    high: Floats
    counts: NDArray[np.int64]
    gap: float


@dataclass(frozen=True)
class WorkingPoint:
    """Where on its curves a model stands with the labels it gives; NaN where undefined."""

    false_positive_rate: float
    recall: float
    precision: float


def roc_curve(positive: NDArray[np.bool_], score: NDArray[Any]) -> Curve:
    """False positive rate and true positive rate at every threshold, from (0, 0) to (1, 1)."""
    T, F = _counted(positive, score)
    if not (T[-1] and F[-1]):
        return _undefined()
    x, y = np.r_[0.0, F / F[-1]], np.r_[0.0, T / T[-1]]
    return Curve(x, y, float(np.trapezoid(y, x)))


def precision_recall_curve(positive: NDArray[np.bool_], score: NDArray[Any]) -> Curve:
    """Recall and precision at every threshold, from recall 0, where precision is taken as 1.

    Area: average precision Σ ΔT · T / (T + F) / T₋₁, with T and F the positives and negatives
    above a threshold.
    """
    T, F = _counted(positive, score)
    if not T[-1]:
        return _undefined()
    precision, recall = T / (T + F), T / T[-1]
    area = float((np.diff(recall, prepend=0.0) * precision).sum())
    return Curve(np.r_[0.0, recall], np.r_[1.0, precision], area)


def _counted(positive: NDArray[np.bool_], score: NDArray[Any]) -> tuple[Floats, Floats]:
    """Positives and negatives from the highest score down, at the ends of equal scores."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    T = np.cumsum(positive[order])[ends].astype(np.float64)
    return T, ends + 1 - T


def _undefined() -> Curve:
    return Curve(np.empty(0), np.empty(0), float("nan"))


def thin(x: Floats, y: Floats, limit: int) -> tuple[Floats, Floats]:
    """At most `limit` of the points, evenly spaced along the curve, the ends among them."""
    if len(x) <= limit:
        return x, y
    length = np.r_[0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y)))]
    at = np.searchsorted(length, np.linspace(0.0, length[-1], limit))
    keep = np.unique(np.r_[0, np.minimum(at, len(x) - 1)[1:-1], len(x) - 1])
    return x[keep], y[keep]


def reliability(P: NDArray[Any], codes: NDArray[np.int32]) -> Reliability:
    """How often what is given a probability is true, in bins of equal width.

    With two classes the probability is that of class 1; with more, that of the predicted
    class, and the gap is the expected calibration error of `pipelines.metrics`.
    """
    binary = P.shape[1] == 2
    score = (P[:, 1] if binary else P.max(axis=1)).astype(np.float64)
    hit = codes == 1 if binary else P.argmax(axis=1) == codes
    of = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(of, minlength=BINS)
    sums, hits = (np.bincount(of, each, BINS) for each in (score, hit))
    low, high = wilson(hits, counts)
    with np.errstate(invalid="ignore"):
        predicted, observed = sums / counts, hits / counts
    gap = float(np.abs(hits - sums).sum() / max(len(codes), 1))
    return Reliability(predicted, observed, low, high, counts, gap)


def confusion_counts(
    labels: NDArray[np.int32], codes: NDArray[np.int32], K: int
) -> NDArray[np.int64]:
    """Rows of each of K true classes (first axis) that are given each class, shape (K, K)."""
    cells: NDArray[np.int64] = np.bincount(codes * K + labels, minlength=K * K)
    return cells.reshape(K, K)


def working_point(given: NDArray[np.bool_], positive: NDArray[np.bool_]) -> WorkingPoint:
    """What labels that are given come to, for one class against the rest."""
    hits, alarms = int((given & positive).sum()), int((given & ~positive).sum())
    true, false = int(positive.sum()), int((~positive).sum())
    nan = float("nan")
    return WorkingPoint(
        false_positive_rate=alarms / false if false else nan,
        recall=hits / true if true else nan,
        precision=hits / (hits + alarms) if hits + alarms else nan,
    )
