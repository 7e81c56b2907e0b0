"""Two models on the same rows: the difference of a metric, and whether it is beyond doubt.

Two ways to err are guarded against, each by a test of its own; the share that is reported is
the smaller of the two.

- The mean of few or skewed differences has tails that the plain percentile bootstrap cuts
  short. Means of rows (log loss, Brier score, accuracy) are studentised: each resample r gives
  θᵣ = d̄ − s (d̄ᵣ − d̄) / sᵣ, with s and sᵣ the standard errors of the sample and the resample
  (Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 12.5; Hall, "The
  bootstrap and Edgeworth expansion", 1992, section 3.10.5), and count only if they hold with one
  more row, as far against them as the farthest row there is: a rare great loss may just not have
  been drawn. Other metrics take the percentile bootstrap, spread by `multiple.widening`.
- Where the models differ in a handful of rows, almost every resample holds one of them and
  agrees with it. Were the models equally good, each of those rows could as well have favoured
  the other: means of rows and label metrics are held against the same answers, swapped
  between the models row by row with the throw of a coin (Edgington, "Randomization tests",
  1995, chapter 5). That test is exact. D rows that differ have 2ᴰ ways to be swapped, so no
  metric's share exceeds 1 − 2⁻ᴰ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.losses import brier_scores, log_losses
from pipelines.metrics.multiple import freedom, widening
from pipelines.metrics.passes import Sums, resampled
from pipelines.metrics.resamples import Resamples, Swaps
from pipelines.metrics.results import METRICS, Interval, Paired
from pipelines.metrics.scores import VALUES
from pipelines.metrics.tallies import Predictions, predictions, tally

__all__ = ["class_sizes", "paired"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
LABELLED = frozenset({"balanced_accuracy", "precision", "recall", "f1", "mcc"})
# Sums of the same numbers in another order differ by this much of their size.
ROUNDING = 1e-12


@dataclass(frozen=True)
class _Shares:
    """Of how many resamples the first model is better in, and worse."""

    better: float
    worse: float

    def and_those_of(self, other: _Shares) -> _Shares:
        return _Shares(min(self.better, other.better), min(self.worse, other.worse))


def paired(
    metric: str,
    first: NDArray[Any],
    second: NDArray[Any],
    codes: Codes,
    drawn: Resamples,
    first_labels: Codes | None = None,
    second_labels: Codes | None = None,
    confidence: float = 0.95,
) -> Paired:
    """The metric of the first model minus that of the second, on the same rows.

    Parameters
    ----------
    metric : str
        A name of `METRICS`.
    first, second : ndarray, shape (n, K)
        Probabilities.
    codes : ndarray, shape (n,)
    drawn : Resamples
    first_labels, second_labels : ndarray, shape (n,), optional
        The predicted classes; by default the most probable ones.
    """
    answers = (
        predictions(first, codes, drawn, first_labels),
        predictions(second, codes, drawn, second_labels),
    )
    losses = [_losses(metric, each) for each in answers]
    if losses[0] is not None and losses[1] is not None:
        gap = losses[0] - losses[1]
        differ = gap != 0
        values, far = _studentised(gap, drawn)
        swapped: _Shares | None = _swapped_means(gap, drawn, METRICS[metric])
    else:
        differ = _differ(metric, *answers)
        values, far = _widened(metric, answers, drawn), 0.0
        swapped = _swapped_labels(metric, answers, drawn) if metric in LABELLED else None
    result = _result(metric, values, far, drawn, confidence)
    if result.note:
        return result
    shares = _Shares(result.share_better, result.share_worse)
    shares = shares.and_those_of(swapped) if swapped else shares
    most = 1 - 0.5 ** len(np.unique(drawn.groups[differ]))
    shares = shares.and_those_of(_Shares(most, most))
    return replace(result, share_better=shares.better, share_worse=shares.worse)


def class_sizes(codes: Codes, groups: Codes, classes: int) -> NDArray[np.intp]:
    """How many different rows each class has."""
    pairs = np.unique(np.column_stack([codes, groups]), axis=0)
    return np.bincount(pairs[:, 0], minlength=classes)


def _losses(metric: str, it: Predictions) -> Floats | None:
    """What the metric is the mean of over rows, if it is one."""
    if metric == "log_loss":
        return log_losses(it.P, it.codes)
    if metric == "brier":
        return brier_scores(it.P, it.codes)
    if metric == "accuracy":
        hits: Floats = (it.labels == it.codes).astype(np.float64)
        return hits
    return None


def _differ(metric: str, first: Predictions, second: Predictions) -> NDArray[np.bool_]:
    """The rows in which the models' answers, as the metric sees them, are not the same."""
    if metric in LABELLED:
        labels: NDArray[np.bool_] = first.labels != second.labels
        return labels
    differ: NDArray[np.bool_] = (first.P != second.P).any(axis=1)
    return differ


def _result(metric: str, values: Floats, far: float, drawn: Resamples, confidence: float) -> Paired:
    """From the difference itself and then one a resample, which count if beyond `far`."""
    rows, distinct = len(drawn.groups), drawn.distinct
    point, known = float(values[0]), values[1:][np.isfinite(values[1:])]
    if not (np.isfinite(point) and known.size):
        nothing = Interval(np.nan, np.nan, np.nan)
        note = f"{metric} is not defined on these {rows} rows: a class is missing from them."
        return Paired(nothing, 0.0, rows, distinct, metric, 0.0, note)
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    shares = _shares(values[1:], far, METRICS[metric])
    interval = Interval(point, min(float(low), point), max(float(high), point))
    return Paired(interval, shares.better, rows, distinct, metric, shares.worse)


def _shares(differences: Floats, far: float, better: str) -> _Shares:
    """A difference that is not defined is neither better nor worse."""
    below, above = float((differences < -far).mean()), float((differences > far).mean())
    return _Shares(below, above) if better == "lower" else _Shares(above, below)


def _studentised(gap: Floats, drawn: Resamples) -> tuple[Floats, float]:
    """d̄ and θᵣ of each resample, and by how much the row farthest from d̄ would move the mean.

    NaN where a resample's rows do not differ among themselves.

    Of groups with row counts m and sums D, d̄ = ΣD / Σm; its standard error is that of a ratio:
    s² = G / (G − 1) · Σ(D − d̄ m)² / (Σm)².
    """
    G = drawn.size
    m = np.bincount(drawn.groups, minlength=G).astype(np.float64)
    mean = float(gap.mean())
    e = np.bincount(drawn.groups, weights=gap, minlength=G) - mean * m
    columns = np.column_stack([m, e, e * e, e * m, m * m])
    each = np.arange(G, dtype=np.int32)
    job = Sums(each, np.zeros(G, dtype=np.int32), columns, 1)
    n, total, squares, crossed, sizes = resampled([job], drawn)[0][:, 0, :].T
    shift = np.divide(total, n, out=np.zeros_like(n), where=n > 0)
    spread = np.maximum(squares - 2 * shift * crossed + shift**2 * sizes, 0.0)
    # What rounding leaves of a sum of squares that is nothing.
    spread[spread <= ROUNDING * squares[0]] = 0.0
    error = np.divide(np.sqrt(spread), n, out=np.zeros_like(n), where=n > 0)
    if error[0] == 0.0:
        return np.full(len(n), mean), 0.0
    t = np.divide(shift, error, out=np.full_like(n, np.nan), where=error > 0)
    values: Floats = mean - error[0] * t
    values[0] = mean
    return values, float(np.abs(e).max()) / len(gap)


def _widened(metric: str, answers: tuple[Predictions, Predictions], drawn: Resamples) -> Floats:
    """The difference, then its percentile bootstrap spread for the number of rows."""
    first, second = (VALUES[metric](each) for each in tally(answers, drawn, [metric]))
    values: Floats = first - second
    if metric == "expected_calibration_error":
        degrees = float(max(drawn.distinct - 1, 1))
    else:
        it = answers[0]
        degrees = freedom(class_sizes(it.codes, it.groups, it.P.shape[1]))
    wide: Floats = values[0] + widening(degrees) * (values - values[0])
    return wide


def _swapped_means(gap: Floats, drawn: Resamples, better: str) -> _Shares:
    """Shares of the swaps that show less than what is seen, for a mean of rows."""
    sums = np.bincount(drawn.groups, weights=gap, minlength=drawn.size)
    sums = sums[sums != 0]
    G = len(sums)
    swaps = Swaps(G, drawn.count, drawn.seed)
    signed = np.r_[sums, -sums]
    job = Sums(
        np.arange(2 * G, dtype=np.int32), np.zeros(2 * G, dtype=np.int32), signed[:, None], 1
    )
    values = resampled([job], swaps)[0][:, 0, 0]
    return _exceeded(values, ROUNDING * float(np.abs(sums).sum()), better)


def _swapped_labels(
    metric: str, answers: tuple[Predictions, Predictions], drawn: Resamples
) -> _Shares:
    """The same for a metric of labels: its difference is computed anew for each swap."""
    first, second = answers
    both = [
        Predictions(
            np.concatenate([one.P, other.P]),
            np.concatenate([one.codes, other.codes]),
            np.concatenate([one.labels, other.labels]),
            np.concatenate([one.groups, drawn.size + other.groups]).astype(np.int32),
            first.ranked,
        )
        for one, other in ((first, second), (second, first))
    ]
    tallies = tally(both, Swaps(drawn.size, drawn.count, drawn.seed), [metric])
    values = VALUES[metric](tallies[0]) - VALUES[metric](tallies[1])
    return _exceeded(values, ROUNDING, METRICS[metric])


def _exceeded(values: Floats, tolerance: float, better: str) -> _Shares:
    """1 − p each way: what is seen comes first, then what the swaps show."""
    seen, swaps = values[0], values[1:]
    below = float((swaps > seen + tolerance).mean())
    above = float((swaps < seen - tolerance).mean())
    return _Shares(below, above) if better == "lower" else _Shares(above, below)
