"""Metrics of predicted probabilities, each with a bootstrap interval.

Conventions: n rows, K classes; `P` has shape (n, K) with rows that sum to one; `codes` holds
each row's class as 0 … K−1. A resample is a vector of counts w, how often each row was
drawn; every metric is computed from (w, P, codes) for many resamples at once, the point
value being the resample in which every w is one. Binary metrics take class 1 as positive;
with more classes F1 is the mean over classes, ROC AUC and average precision the mean over
classes of one against the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "METRICS",
    "Interval",
    "Paired",
    "Resamples",
    "evaluate",
    "log_losses",
    "paired_difference",
    "resamples",
]

Floats = NDArray[np.float64]
FLOOR = 1e-6
BINS = 15
CHUNK_CELLS = 4_000_000


METRICS = {
    "log_loss": "lower",
    "brier": "lower",
    "roc_auc": "higher",
    "average_precision": "higher",
    "accuracy": "higher",
    "balanced_accuracy": "higher",
    "f1": "higher",
    "mcc": "higher",
    "expected_calibration_error": "lower",
}
"""Every metric's name, and whether a lower or a higher value is better."""


@dataclass(frozen=True)
class Interval:
    """A value and the bounds that hold it with the stated confidence.

    A metric that the rows do not define (ROC AUC with one class only) is NaN.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """The difference of two mean log losses on the same rows, first minus second.

    `share_better` is the share of resamples in which the first is strictly lower; `distinct`
    is the number of rows that differ from each other.
    """

    difference: Interval
    share_better: float
    rows: int
    distinct: int


def log_losses(P: NDArray[Any], codes: NDArray[np.int32]) -> Floats:
    """−log of the true class's probability, in float64, the probability floored at 1e-6."""
    true = P[np.arange(len(codes)), codes].astype(np.float64)
    losses: Floats = -np.log(np.maximum(true, FLOOR))
    return losses


@dataclass(frozen=True)
class Resamples:
    """Bootstrap resamples of rows that are drawn by group: equal rows come and go together.

    Rows that are the same row several times say no more than it does once; drawing them one
    by one would make every interval too narrow.

    Attributes
    ----------
    groups : ndarray of intp, shape (n,)
        The group of each row, 0 … G−1. Each resample draws G groups with replacement.
    count : int
        How many resamples.
    seed : int
    """

    groups: NDArray[np.intp]
    count: int
    seed: int

    @property
    def distinct(self) -> int:
        """The number of groups."""
        return int(self.groups.max(initial=-1)) + 1

    def chunks(self) -> Iterator[Floats]:
        """The rows' counts in the resamples, some resamples at a time, shape (R, n)."""
        rng = np.random.default_rng(self.seed)
        G = self.distinct
        step = max(1, CHUNK_CELLS // len(self.groups))
        for start in range(0, self.count, step):
            draws = rng.integers(0, G, (min(step, self.count - start), G))
            counts = np.stack([np.bincount(draw, minlength=G) for draw in draws])
            yield counts[:, self.groups].astype(np.float64)


def resamples(rows: int | NDArray[np.uint64], count: int, seed: int) -> Resamples:
    """Resamples of so many rows, or of rows with these digests."""
    if isinstance(rows, int):
        return Resamples(np.arange(rows), count, seed)
    _, groups = np.unique(rows, return_inverse=True)
    return Resamples(groups, count, seed)


def evaluate(
    P: NDArray[Any], codes: NDArray[np.int32], drawn: Resamples, confidence: float = 0.95
) -> dict[str, Interval]:
    """Every metric of `METRICS` with its percentile bootstrap interval.

    Parameters
    ----------
    P : ndarray, shape (n, K)
    codes : ndarray, shape (n,)
    drawn : Resamples
        From `resamples`.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 13.3.
    """
    P = np.asarray(P, dtype=np.float64)
    summaries = _row_summaries(P, codes)
    point = _metrics(np.ones((1, len(codes))), P, codes, summaries)
    chunks = [_metrics(w, P, codes, summaries) for w in drawn.chunks()]
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    out = {}
    for name in METRICS:
        values = np.concatenate([chunk[name] for chunk in chunks])
        known = values[np.isfinite(values)]
        low, high = np.quantile(known, tails) if known.size else (np.nan, np.nan)
        out[name] = Interval(float(point[name][0]), float(low), float(high))
    return out


def paired_difference(
    first: Floats, second: Floats, drawn: Resamples, confidence: float = 0.95
) -> Paired:
    """The paired bootstrap of two loss vectors over the same rows."""
    gap = first - second
    means = np.concatenate([w @ gap / w.sum(axis=1) for w in drawn.chunks()])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    interval = Interval(float(gap.mean()), float(low), float(high))
    return Paired(interval, float((means < 0).mean()), len(gap), drawn.distinct)


def _row_summaries(P: Floats, codes: NDArray[np.int32]) -> Floats:
    """What the additive metrics sum over rows, shape (n, 3 + 3K + 2·BINS).

    Columns: log loss, Brier score, correct; true, predicted and both, a class each; confidence
    and correct, a calibration bin each.
    """
    classes = P.shape[1]
    one_hot = np.eye(classes)
    truth, predicted = one_hot[codes], one_hot[P.argmax(axis=1)]
    brier = ((P - truth) ** 2).sum(axis=1) / (2 if classes == 2 else 1)
    hit = (truth * predicted).sum(axis=1)
    confidence = P.max(axis=1)
    bins = np.eye(BINS)[np.minimum((confidence * BINS).astype(int), BINS - 1)]
    return np.column_stack(
        [
            log_losses(P, codes),
            brier,
            hit,
            truth,
            predicted,
            truth * predicted,
            bins * confidence[:, None],
            bins * hit[:, None],
        ]
    )


def _metrics(w: Any, P: Floats, codes: NDArray[np.int32], summaries: Floats) -> dict[str, Floats]:
    classes = P.shape[1]
    n = w.sum(axis=1)
    sums = w @ summaries
    truth, predicted, both = np.split(sums[:, 3 : 3 + 3 * classes], 3, axis=1)
    confidence, hits = np.split(sums[:, 3 + 3 * classes :], 2, axis=1)
    ranks = [_ranking(w, P[:, k], codes == k) for k in ([1] if classes == 2 else range(classes))]
    with np.errstate(invalid="ignore", divide="ignore"):
        # A class that is neither there nor predicted has F1 = 0, as in scikit-learn.
        f1 = 2 * both / np.maximum(truth + predicted, 1)
        recall = both / truth
    return {
        "log_loss": sums[:, 0] / n,
        "brier": sums[:, 1] / n,
        "roc_auc": np.mean([auc for auc, _ in ranks], axis=0),
        "average_precision": np.mean([precision for _, precision in ranks], axis=0),
        "accuracy": sums[:, 2] / n,
        # Classes that a resample lacks are left out of its mean.
        "balanced_accuracy": np.nansum(recall, axis=1) / (truth > 0).sum(axis=1),
        "f1": f1[:, 1] if classes == 2 else f1.mean(axis=1),
        "mcc": _matthews(truth, predicted, both, n),
        "expected_calibration_error": np.abs(hits - confidence).sum(axis=1) / n,
    }


def _matthews(truth: Floats, predicted: Floats, both: Floats, n: Floats) -> Floats:
    """Matthews' correlation for K classes; 0 where only one class is there or predicted.

    Source: Gorodkin, "Comparing two K-category assignments by a K-category correlation
    coefficient", 2004.
    """
    top = both.sum(axis=1) * n - (truth * predicted).sum(axis=1)
    below = (n**2 - (predicted**2).sum(axis=1)) * (n**2 - (truth**2).sum(axis=1))
    out: Floats = np.divide(top, np.sqrt(below), out=np.zeros_like(top), where=below > 0)
    return out


def _ranking(w: Any, score: Floats, positive: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """ROC AUC and average precision of one class against the rest; rows of equal score tie.

    With T and F the cumulated positives and negatives from the highest score down, at the
    ends of runs of equal scores: AUC = Σ ΔF · (T + T₋) / 2 / (P N), AP = Σ ΔT · T / (T + F) / P.
    """
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    drawn = w[:, order]
    dT = np.add.reduceat(drawn * positive[order], starts, axis=1)
    dF = np.add.reduceat(drawn, starts, axis=1) - dT
    T = np.cumsum(dT, axis=1)
    F = np.cumsum(dF, axis=1)
    P, N = T[:, -1], F[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        auc = (dF * (T - dT / 2)).sum(axis=1) / (P * N)
        drawn_so_far = T + F
        precision = np.divide(T, drawn_so_far, out=np.zeros_like(T), where=drawn_so_far > 0)
        average = (dT * precision).sum(axis=1) / P
    return auc, average
