"""Tests that are made many at a time, and how far few rows can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

__all__ = ["freedom", "holm", "widening"]

Z975 = 1.959963984540054


def holm(p: Sequence[float]) -> list[float]:
    """The p-values adjusted: rejecting those up to 5 % errs anywhere in at most 5 % of cases.

    In rising order, the i-th of m from 0 is the greatest of (m − j) pⱼ, j ≤ i, at most 1.
    Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    order = np.argsort(p, kind="stable")
    steps = np.arange(len(p), 0, -1) * np.asarray(p, dtype=np.float64)[order]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(each) for each in adjusted]


def freedom(sizes: NDArray[np.intp]) -> float:
    """Degrees of freedom of a mean over classes that have so many rows each, at least 1.

    (Σ 1/n)² / Σ 1/(n²(n − 1)), classes without rows left out: near n − 1 of a class much
    rarer than the others. Source: Welch, "The generalization of Student's problem when several
    different population variances are involved", 1947, with equal variances.
    """
    n = sizes[sizes > 0].astype(np.float64)
    if not n.size:
        return 1.0
    # A class of one row has no variance to estimate: half a degree stands for it.
    return max(float((1 / n).sum() ** 2 / (1 / (n**2 * np.maximum(n - 1, 0.5))).sum()), 1.0)


def widening(degrees: float) -> float:
    """By how much a bootstrap's spread is multiplied: √((ν + 1) / ν) · t(ν, 97.5 %) / z(97.5 %).

    The bootstrap divides by n where an unbiased variance divides by n − 1, and takes the
    variance of the sample for that of the population.
    Source: Hesterberg, "What teachers should know about the bootstrap", 2015, section 3.
    """
    return float(np.sqrt((degrees + 1) / degrees) * stdtrit(degrees, 0.975) / Z975)
