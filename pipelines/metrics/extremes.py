"""Bounds of what was right in every row, or in none: each resample says the same, and is sure.

A share that is 1 in all of n different rows is at least (α/2)^(1/n), one that is 0 at most
1 − (α/2)^(1/n). Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated
in the case of the binomial", 1934. Of an average over classes the least of its classes' bounds
holds, since one of them is no greater than their mean.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.results import Interval
from pipelines.metrics.tallies import RANKED, Predictions

__all__ = ["opened"]


def opened(
    name: str, found: Interval, it: Predictions, confidence: float = 0.95, of: int | None = None
) -> Interval:
    """The interval; if it is one point at an end of what the metric can be, with its exact bound.

    - F1 is 2J / (1 + J), J the share of right rows among those of the class or given it.
    - ROC AUC: pairs of a positive and a negative row without a row in common are as many as the
      rarer of the two has rows; each is in order with a probability of the area.
    - Average precision: as many negative rows as may have been missed could stand before all
      positive ones. With r of them a positive row, ∫₀¹ t / (t + r) dt = 1 − r ln(1 + 1/r).
    - Matthews' correlation of ±1 has the bound of the recall of the rarest class. Its 0 stands
      for labels that are all the same, and stays.

    Losses and calibration errors stay as they are.

    Parameters
    ----------
    it : Predictions
        The rows that the metric was computed on.
    of : int, optional
        The class that is held against the rest; else the metric is that of all.
    """
    if name not in LEAST or not found.value == found.low == found.high:
        return found
    binary = it.P.shape[1] == 2 and name in POSITIVE
    classes = [of] if of is not None else [1] if binary else np.unique(it.codes).tolist()
    least = min(LEAST[name](it, k, (1 - confidence) / 2) for k in classes)
    if found.value == 1:
        return Interval(1.0, _f1(least) if name == "f1" else least, 1.0)
    if found.value == -1:
        return Interval(-1.0, -1.0, -least)
    if found.value == 0 and name != "mcc":
        return Interval(0.0, 0.0, _f1(1 - least) if name == "f1" else 1 - least)
    return found


def _share(tail: float, it: Predictions, rows: NDArray[np.bool_]) -> float:
    """What a share of 1 among these rows is at least; 0 where there is none."""
    n = len(np.unique(it.groups[rows]))
    return float(tail ** (1 / n)) if n else 0.0


def _f1(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)


def _accuracy(it: Predictions, _: int, tail: float) -> float:
    return _share(tail, it, np.ones(len(it.codes), dtype=bool))


def _recall(it: Predictions, k: int, tail: float) -> float:
    return _share(tail, it, it.codes == k)


def _precision(it: Predictions, k: int, tail: float) -> float:
    return _share(tail, it, it.labels == k)


def _either(it: Predictions, k: int, tail: float) -> float:
    return _share(tail, it, (it.codes == k) | (it.labels == k))


def _area(it: Predictions, k: int, tail: float) -> float:
    positive = it.codes == k
    return min(_share(tail, it, positive), _share(tail, it, ~positive))


def _average_precision(it: Predictions, k: int, tail: float) -> float:
    positive, negative = (len(np.unique(it.groups[it.codes == k])), it.codes != k)
    if not positive or not negative.any():
        return 0.0
    missed = (1 - _share(tail, it, negative)) * len(np.unique(it.groups[negative]))
    r = missed / positive
    return float(1 - r * np.log1p(1 / r))


LEAST: dict[str, Callable[[Predictions, int, float], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _recall,
    "recall": _recall,
    "precision": _precision,
    "f1": _either,
    "mcc": _recall,
    "roc_auc": _area,
    "average_precision": _average_precision,
}
"""Metric → what it is at least where it is 1 (of F1, J), for a class and α/2."""
# Of two classes that of class 1.
POSITIVE = frozenset({"recall", "precision", "f1", *RANKED})
