"""Whether two samples come from one distribution: p-values that hold for few rows and far tails.

`then` are counts of the profiled table, `now` counts of the new one over the same cells. Both
are samples: the profile is not taken for the truth, but for as many rows as it was made from.
A p-value here must hold down to 10⁻⁵ and beyond, because it is multiplied by the number of
columns; approximations that are good at 5 % and nothing below are of no use.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, kolmogorov
from scipy.stats import hypergeom

__all__ = ["Finding", "chi_squared", "fisher", "holm", "kolmogorov_smirnov"]

Counts = NDArray[np.int64]
# Rows that a pooled cell of the chi-squared test is expected to have at least. The customary 5
# is for a level of 5 %: at 10⁻⁴ such cells alarm up to six times too often, with 20 twice.
LEAST_EXPECTED = 20.0


class Finding(NamedTuple):
    """A test's statistic and p-value, and the cell that they are of, where they are of one."""

    statistic: float
    p_value: float
    cell: int | None = None


def kolmogorov_smirnov(then: Counts, now: Counts) -> Finding:
    """The largest distance D between the two distribution functions, at the cells' ends.

    p = Q(D √(nm / (n + m))) with Kolmogorov's Q. Ties, and points between which nothing is
    looked at, make D smaller than it is and so p larger: an alarm is never the cheaper for it.
    Source: Smirnov, "Estimate of deviation between empirical distribution functions", 1939.
    """
    n, m = int(then.sum()), int(now.sum())
    if not (n and m):
        return Finding(0.0, 1.0)
    D = float(np.abs(np.cumsum(then) / n - np.cumsum(now) / m).max())
    return Finding(D, float(kolmogorov(D * np.sqrt(n * m / (n + m)))))


def chi_squared(then: Counts, now: Counts, buckets: Counts, rest: Counts) -> Finding:
    """Pearson's χ² of homogeneity over the cells, sparse ones pooled.

    χ² = Σ (o − e)² / e over both samples. Which cells are pooled follows from the sums of both
    samples, and with which others from their names: neither tells how the two differ. That one
    sample has none of a value is no reason to pool: all such together would always have grown.

    Parameters
    ----------
    buckets : ndarray
        Of each cell; sparse cells of a bucket are put together, then buckets until they are full.
    rest : ndarray
        Rows now in further sparse cells, a number a bucket, or none at all.
    """
    counts = _pooled(np.stack([then, now]), buckets, rest)
    if counts.shape[1] < 2 or not counts.sum(axis=1).all():
        return Finding(0.0, 1.0)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return Finding(statistic, float(chdtrc(counts.shape[1] - 1, statistic)))


def _pooled(counts: Counts, buckets: Counts, rest: Counts) -> Counts:
    """The cells that are full, and sparse ones in pools that are."""
    pools = np.zeros((2, max(len(rest), int(buckets.max(initial=0)) + 1)), dtype=np.int64)
    pools[1, : len(rest)] = rest
    sizes = counts.sum(axis=1) + pools.sum(axis=1)
    least = LEAST_EXPECTED * int(sizes.sum()) / max(int(sizes.min()), 1)
    full = counts.sum(axis=0) >= least
    np.add.at(pools.T, buckets[~full], counts[:, ~full].T)
    kept = counts[:, full]
    kept = kept[:, np.argsort(kept.sum(axis=0), kind="stable")]
    groups: list[Counts] = []
    group = np.zeros(2, dtype=np.int64)
    # Pools first: the last one, if it is not full, takes the least of the full cells.
    for cell in (*pools.T, *kept.T):
        group = group + cell
        if group.sum() >= least:
            groups.append(group)
            group = np.zeros(2, dtype=np.int64)
    if groups:
        groups[-1] = groups[-1] + group
    return np.stack(groups or [group], axis=1)


def fisher(then: Counts, now: Counts, rest: int = 0) -> Finding:
    """The cell whose share changed most surely: the change, and its p-value.

    Each cell that holds rows has Fisher's exact test of its share, two-sided as twice the
    smaller tail; the least of these p-values is multiplied by the number of cells
    (Bonferroni). It holds for any count, and sees what the other tests do not: a rare category
    that became less rare, or gaps that were not there. `rest` are rows now in no cell.
    """
    filled = np.flatnonzero(then + now)
    then, now, n, m = then[filled], now[filled], int(then.sum()), int(now.sum()) + rest
    if len(filled) < 2 or not (n and m):
        return Finding(0.0, 1.0)
    drawn = (n + m, then + now, m)
    tails = np.minimum(hypergeom.cdf(now, *drawn), hypergeom.sf(now - 1, *drawn))
    at = int(tails.argmin())
    # Of two cells one says what the other does.
    p_value = 2.0 * float(tails[at]) * (len(filled) if len(filled) > 2 or rest else 1)
    return Finding(float(now[at] / m - then[at] / n), min(1.0, p_value), int(filled[at]))


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The p-values corrected for their number: any below α is a false alarm with chance ≤ α.

    The i-th smallest of k becomes the largest of (k − j + 1) p_j over j ≤ i.
    Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.
    """
    order = np.argsort(p_values, kind="stable")
    k = len(order)
    raised = np.maximum.accumulate(p_values[order] * np.arange(k, 0, -1))
    out = np.empty(k)
    out[order] = np.minimum(raised, 1.0)
    return out
