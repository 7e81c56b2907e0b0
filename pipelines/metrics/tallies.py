"""What the metrics are computed from, for many resamples at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.losses import brier_scores, log_losses
from pipelines.metrics.passes import Ranking, Sums, resampled
from pipelines.metrics.resamples import Draws, Resamples
from pipelines.metrics.results import BINS, METRICS

__all__ = ["RANKED", "Predictions", "Tallies", "predictions", "tally"]

Floats = NDArray[np.float64]
RANKED = frozenset({"roc_auc", "average_precision"})


@dataclass(frozen=True)
class Predictions:
    """A model's answers to n rows, and the truth.

    Attributes
    ----------
    P : ndarray of float64, shape (n, K)
    codes, labels, groups : ndarray of int32, shape (n,)
        The true class, the predicted one, and the group that each row is drawn with.
    ranked : tuple of int
        The classes that are ranked against the rest.
    """

    P: Floats
    codes: NDArray[np.int32]
    labels: NDArray[np.int32]
    groups: NDArray[np.int32]
    ranked: tuple[int, ...]

    def where(self, rows: NDArray[np.bool_]) -> Predictions:
        """The answers to some of the rows."""
        return Predictions(
            self.P[rows], self.codes[rows], self.labels[rows], self.groups[rows], self.ranked
        )


def predictions(
    P: NDArray[Any],
    codes: NDArray[np.int32],
    drawn: Resamples,
    labels: NDArray[np.int32] | None = None,
    every_class: bool = False,
) -> Predictions:
    """The answers with what the resamples say of their rows.

    Two classes are ranked by class 1 alone, unless `every_class` is asked for.
    """
    P = np.ascontiguousarray(P, dtype=np.float64)
    given = P.argmax(axis=1) if labels is None else labels
    ranked = (1,) if P.shape[1] == 2 and not every_class else tuple(range(P.shape[1]))
    return Predictions(
        P, codes.astype(np.int32), given.astype(np.int32), drawn.groups.astype(np.int32), ranked
    )


@dataclass(frozen=True)
class Tallies:
    """Sums over rows, the sample's own first, then one a resample: R + 1 of each.

    Attributes
    ----------
    rows, log_loss, brier : ndarray, shape (R + 1,)
    truth, predicted, both : ndarray, shape (R + 1, K)
        Rows of each class, rows given each class, and rows of which both is so.
    gaps : ndarray, shape (R + 1, BINS)
        Hits minus the greatest probability, in bins of that of equal width.
    areas : ndarray, shape (R + 1, K, 2)
        ROC AUC and average precision of each class that is ranked.
    """

    rows: Floats
    log_loss: Floats
    brier: Floats
    truth: Floats
    predicted: Floats
    both: Floats
    gaps: Floats
    areas: Floats

    def without(self, part: Tallies) -> Tallies:
        """The sums over the rows that are not in the part; no areas, which do not add up."""
        names = ("rows", "log_loss", "brier", "truth", "predicted", "both", "gaps")
        less: dict[str, Any] = {name: getattr(self, name) - getattr(part, name) for name in names}
        return replace(self, **less, areas=np.full_like(self.areas, np.nan))


def tally(
    answers: Sequence[Predictions], draws: Draws, metrics: Collection[str] = tuple(METRICS)
) -> list[Tallies]:
    """What these metrics of each answer are computed from, in one pass over the resamples."""
    jobs = [_jobs(each, metrics) for each in answers]
    results = iter(resampled([job for each in jobs for job in each], draws))
    return [_tallies(each, [next(results) for _ in jobs[i]]) for i, each in enumerate(answers)]


def _jobs(it: Predictions, metrics: Collection[str]) -> list[Sums | Ranking]:
    K = it.P.shape[1]
    hit = (it.labels == it.codes).astype(np.float64)
    ones = np.ones(len(hit))
    by_truth = [ones, hit, log_losses(it.P, it.codes), brier_scores(it.P, it.codes)]
    jobs: list[Sums | Ranking] = [
        Sums(it.groups, it.codes, np.column_stack(by_truth), K),
        Sums(it.groups, it.labels, ones[:, None], K),
    ]
    if "expected_calibration_error" in metrics:
        jobs.append(_gaps(it))
    if not RANKED.isdisjoint(metrics):
        jobs += [Ranking.by(it.P[:, k], it.codes == k, it.groups) for k in it.ranked]
    return jobs


def _gaps(it: Predictions) -> Sums:
    """Of the most probable class, whatever the threshold: calibration is of probabilities."""
    confidence = it.P.max(axis=1)
    bins = np.minimum((confidence * BINS).astype(np.int32), BINS - 1)
    hit = it.P.argmax(axis=1) == it.codes
    return Sums(it.groups, bins, (hit - confidence)[:, None], BINS)


def _tallies(it: Predictions, results: Sequence[Floats]) -> Tallies:
    by_truth, by_label, *others = results
    gaps = [each[:, :, 0] for each in others if each.ndim == 3]
    areas = np.full((len(by_truth), it.P.shape[1], 2), np.nan)
    for k, each in zip(it.ranked, [each for each in others if each.ndim == 2], strict=False):
        areas[:, k] = each
    return Tallies(
        rows=by_truth[:, :, 0].sum(axis=1),
        log_loss=by_truth[:, :, 2].sum(axis=1),
        brier=by_truth[:, :, 3].sum(axis=1),
        truth=by_truth[:, :, 0],
        predicted=by_label[:, :, 0],
        both=by_truth[:, :, 1],
        gaps=gaps[0] if gaps else np.full((len(by_truth), BINS), np.nan),
        areas=areas,
    )
