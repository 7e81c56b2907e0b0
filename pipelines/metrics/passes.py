"""One pass over all resamples for any number of sums and rankings.

The blocks of resamples depend on the data's shape alone, and threads take them as they come:
their number changes no bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.resamples import Draws, block_length

__all__ = ["Ranking", "Sums", "resampled"]

Floats = NDArray[np.float64]
# Counts looked at below which a second thread costs more than it brings.
WORTH_THREADS = 2_000_000


@dataclass(frozen=True)
class Sums:
    """Sums of rows' values, cell by cell: a result of shape (R + 1, size, J).

    Attributes
    ----------
    groups, cells : ndarray of int32, shape (n,)
        Each row's group, and the cell that it is added to.
    values : ndarray of float64, shape (n, J)
    size : int
        How many cells there are.
    """

    groups: NDArray[np.int32]
    cells: NDArray[np.int32]
    values: Floats
    size: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one resample's result."""
        return self.size, self.values.shape[1]

    def of(self, counts: NDArray[np.int32]) -> Floats:
        """The sums in the resamples of these counts, one after the other."""
        from pipelines.estimators.kernels.resampling import cell_sums

        out = np.zeros((*self.shape, counts.shape[1]))
        cell_sums(counts, self.groups, self.cells, self.values, out)
        return np.moveaxis(out, -1, 0)


@dataclass(frozen=True)
class Ranking:
    """ROC AUC and average precision: a result of shape (R + 1, 2).

    Attributes
    ----------
    groups : ndarray of int32, shape (n,)
        From the highest score down.
    positive, ends : ndarray of int8, shape (n,)
        Whether the row is positive; whether it is the last of its score.
    """

    groups: NDArray[np.int32]
    positive: NDArray[np.int8]
    ends: NDArray[np.int8]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one resample's result."""
        return (2,)

    def of(self, counts: NDArray[np.int32]) -> Floats:
        """The areas in the resamples of these counts, one after the other."""
        from pipelines.estimators.kernels.resampling import ranking_areas

        out = np.zeros((*self.shape, counts.shape[1]))
        ranking_areas(counts, self.groups, self.positive, self.ends, out)
        return out.T

    @classmethod
    def by(
        cls, score: NDArray[Any], positive: NDArray[np.bool_], groups: NDArray[np.int32]
    ) -> Ranking:
        """The rows in the order of their scores."""
        order = np.argsort(-score, kind="stable")
        ends = np.r_[np.diff(score[order]) != 0, [True] * bool(len(order))]
        return cls(groups[order], positive[order].astype(np.int8), ends.astype(np.int8))


def resampled(jobs: Sequence[Sums | Ranking], draws: Draws) -> list[Floats]:
    """The result of each job: the sample's own first, then one a resample."""
    from pipelines.estimators.threads import team_of_threads

    out = [np.zeros((draws.count + 1, *job.shape)) for job in jobs]
    for job, result in zip(jobs, out, strict=True):
        result[0] = job.of(draws.itself[:, None])[0]
    step = block_length(draws)

    def fill(start: int) -> None:
        stop = min(start + step, draws.count)
        counts = draws.block(start, stop)
        for job, result in zip(jobs, out, strict=True):
            result[start + 1 : stop + 1] = job.of(counts)

    looked_at = draws.count * sum(len(job.groups) for job in jobs)
    with team_of_threads(worth_it=looked_at > WORTH_THREADS) as team:
        team.map(fill, range(0, draws.count, step))
    return out
