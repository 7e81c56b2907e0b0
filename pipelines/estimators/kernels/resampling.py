"""Passes over resamples of rows: how often each group is drawn, sums, and areas under curves.

R resamples of G groups have int32 counts of shape (G, R): a row's counts in all of them stand
side by side, and one instruction works on several. Row i belongs to groups[i] and counts as
often as its group; rows of one group are equal rows, or two answers to one row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.estimators.kernels.compiled import compiled

__all__ = ["cell_sums", "count_draws", "ranking_areas"]


@compiled
def count_draws(draws: Any, counts: Any) -> None:
    """Adds to counts[g, r] how often g stands in draws[r]."""
    R, n = draws.shape
    one = np.zeros(len(counts), dtype=np.int32)
    for r in range(R):
        one[:] = 0
        for i in range(n):
            one[draws[r, i]] += 1
        for g in range(len(one)):
            counts[g, r] += one[g]


@compiled
def cell_sums(counts: Any, groups: Any, cells: Any, values: Any, out: Any) -> None:
    """out[c, j, r] += Σ counts[groups[i], r] · values[i, j] over the rows i of cell c."""
    R = counts.shape[1]
    n, J = values.shape
    for i in range(n):
        group, cell = groups[i], cells[i]
        for j in range(J):
            value = values[i, j]
            for r in range(R):
                out[cell, j, r] += counts[group, r] * value


@compiled
def ranking_areas(counts: Any, groups: Any, positive: Any, ends: Any, out: Any) -> None:
    """out[0, r] ← ROC AUC, out[1, r] ← average precision; rows stand from the highest score down.

    `positive` is 1 or 0; `ends` is 1 at the last row of each run of equal scores. With T and F
    the positives and negatives so far: AUC = Σ ΔF · (T + T₋) / 2 / (P N), AP = Σ ΔT · T / (T + F)
    / P. NaN where the resample lacks one of the two.
    """
    R = counts.shape[1]
    T, F, t, f = np.zeros(R), np.zeros(R), np.zeros(R), np.zeros(R)
    for i in range(len(groups)):
        group = groups[i]
        if positive[i]:
            for r in range(R):
                t[r] += counts[group, r]
        else:
            for r in range(R):
                f[r] += counts[group, r]
        if ends[i]:
            for r in range(R):
                out[0, r] += f[r] * (T[r] + 0.5 * t[r])
                T[r] += t[r]
                F[r] += f[r]
                f[r] = 0.0
            for r in range(R):
                out[1, r] += t[r] * (T[r] / max(T[r] + F[r], 1.0))
                t[r] = 0.0
    for r in range(R):
        out[0, r] = out[0, r] / (T[r] * F[r]) if T[r] * F[r] > 0.0 else np.nan
        out[1, r] = out[1, r] / T[r] if T[r] > 0.0 else np.nan
