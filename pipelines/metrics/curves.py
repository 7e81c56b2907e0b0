"""What each threshold gives: ROC and precision-recall curves of one class against the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.results import Curve

__all__ = ["curves"]

Floats = NDArray[np.float64]
MOST_POINTS = 200


def curves(P: NDArray[Any], codes: NDArray[np.int32]) -> tuple[Curve, ...]:
    """Of class 1 of two classes, else of each class; none where a class or its rest is absent."""
    P = np.asarray(P, dtype=np.float64)
    classes = [1] if P.shape[1] == 2 else range(P.shape[1])
    return tuple(
        _curve(k, P[:, k], codes == k)
        for k in classes
        if (codes == k).any() and not (codes == k).all()
    )


def _curve(k: int, score: Floats, positive: NDArray[np.bool_]) -> Curve:
    """At most 200 of the thresholds, evenly spaced along both curves, the last among them."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    T = np.cumsum(positive[order])[ends].astype(np.float64)
    F = ends + 1 - T
    recall, rate, precision = T / T[-1], F / F[-1], T / (T + F)
    gained = np.diff(recall, prepend=0.0)
    length = np.hypot(gained, np.diff(rate, prepend=0.0))
    length += np.hypot(gained, np.diff(precision, prepend=1.0))
    keep = _evenly(np.cumsum(length))
    return Curve(
        positive=k,
        thresholds=_listed(score[order][ends][keep]),
        false_positive_rate=_listed(rate[keep]),
        recall=_listed(recall[keep]),
        precision=_listed(precision[keep]),
        roc_auc=float(np.trapezoid(np.r_[0.0, recall], np.r_[0.0, rate])),
        average_precision=float((gained * precision).sum()),
    )


def _evenly(length: Floats) -> NDArray[np.intp]:
    """At most 200 points, the first and the last among them, by the length up to each."""
    last = len(length) - 1
    if last < MOST_POINTS:
        return np.arange(last + 1)
    at = np.searchsorted(length, np.linspace(length[0], length[-1], MOST_POINTS))
    return np.unique(np.r_[0, np.minimum(at[1:-1], last), last])


def _listed(values: Floats) -> tuple[float, ...]:
    return tuple(float(each) for each in values)
