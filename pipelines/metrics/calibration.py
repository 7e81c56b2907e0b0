"""How far probabilities are frequencies: reliability bins, and what the Brier score is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.gaps import calibration_error
from pipelines.metrics.passes import Sums, resampled
from pipelines.metrics.resamples import Resamples
from pipelines.metrics.results import BINS, Bin, Calibration, Interval

__all__ = ["calibrations", "wilson"]

Floats = NDArray[np.float64]
Z95 = 1.959963984540054
ROWS_A_BIN = 20


def calibrations(
    P: NDArray[Any], codes: NDArray[np.int32], drawn: Resamples, confidence: float = 0.95
) -> tuple[Calibration, ...]:
    """Of class 1 of two classes, else of each class against the rest.

    The bins hold about equally many rows: the probability of a rare class lies in the lowest of
    bins of equal width, where they show nothing, while bins of equal count are equally sure
    (Nguyen and O'Connor, "Posterior calibration and exploratory analysis for natural language
    processing models", 2015, section 4). Rows of one probability share a bin.
    """
    P = np.asarray(P, dtype=np.float64)
    classes = [1] if P.shape[1] == 2 else list(range(P.shape[1]))
    scores = [np.ascontiguousarray(P[:, k]) for k in classes]
    cells = [equal_counts(score) for score in scores]
    jobs = [
        Sums(drawn.groups, cell, _columns(score, codes == k), int(cell.max(initial=0)) + 1)
        for k, score, cell in zip(classes, scores, cells, strict=True)
    ]
    return tuple(
        _calibration(k, sums, _distinct(cell, drawn.groups, job.size), confidence)
        for k, cell, job, sums in zip(classes, cells, jobs, resampled(jobs, drawn), strict=True)
    )


def equal_counts(score: Floats) -> NDArray[np.int32]:
    """The bin of each row: at most 15, of 20 rows at least but for what equal scores force."""
    bins = min(BINS, max(1, len(score) // ROWS_A_BIN))
    if bins == 1:
        return np.zeros(len(score), dtype=np.int32)
    shares = np.arange(1, bins) / bins
    edges = np.unique(np.quantile(score, shares, method="inverted_cdf"))
    edges = edges[edges < score.max()]
    return np.searchsorted(edges, score, side="left").astype(np.int32)


def _columns(p: Floats, positive: NDArray[np.bool_]) -> Floats:
    y = positive.astype(np.float64)
    return np.column_stack([np.ones(len(p)), p, y, p * p, p * y])


def _distinct(cells: NDArray[np.int32], groups: NDArray[np.int32], size: int) -> NDArray[np.intp]:
    pairs = np.unique(np.column_stack([cells, groups]), axis=0)
    return np.bincount(pairs[:, 0], minlength=size)


def _calibration(
    positive: int, sums: Floats, distinct: NDArray[np.intp], confidence: float
) -> Calibration:
    """From Σ1, Σp, Σy, Σp² and Σpy of each bin, the sample's own first.

    With n_b rows, mean probability p̄_b and frequency ȳ_b in bin b, and ȳ in all: reliability
    Σ n_b (p̄_b − ȳ_b)² / n, resolution Σ n_b (ȳ_b − ȳ)² / n, uncertainty ȳ (1 − ȳ), and within
    the bins Σ (p − p̄_b)² / n − 2 Σ (p − p̄_b)(y − ȳ_b) / n. Exact, whatever the bins.

    Source: Murphy, "A new vector partition of the probability score", 1973; Stephenson, Coelho
    and Jolliffe, "Two extra components in the Brier score decomposition", 2008, equation 5.
    """
    n, p, y, pp, py = sums[0].T
    total = n.sum()
    rate = y.sum() / total
    frequency, mean = y / n, p / n
    low, high = wilson(frequency * distinct, distinct)
    gaps, rows = sums[:, :, 2] - sums[:, :, 1], sums[:, :, 0].sum(axis=1)
    return Calibration(
        positive=positive,
        bins=tuple(
            Bin(int(n[b]), float(mean[b]), Interval(float(frequency[b]), *map(float, ends)))
            for b, ends in enumerate(zip(low, high, strict=True))
        ),
        error=calibration_error(gaps, rows, confidence),
        brier=float((pp.sum() - 2 * py.sum() + y.sum()) / total),
        reliability=float((n * (mean - frequency) ** 2).sum() / total),
        resolution=float((n * (frequency - rate) ** 2).sum() / total),
        uncertainty=float(rate * (1 - rate)),
        within=float(((pp - p * mean) - 2 * (py - p * frequency)).sum() / total),
    )


def wilson(hits: NDArray[Any], counts: NDArray[Any]) -> tuple[Floats, Floats]:
    """The 95 % bounds of each share hits / counts; NaN where nothing was counted.

    (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n).
    Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        p, z2 = hits / counts, Z95**2
        centre = (p + z2 / (2 * counts)) / (1 + z2 / counts)
        half = Z95 * np.sqrt(p * (1 - p) / counts + z2 / (4 * counts**2)) / (1 + z2 / counts)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
