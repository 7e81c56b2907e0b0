"""How often each group of equal rows counts: drawn with replacement, or swapped between models.

Rows that are the same row several times say no more than it does once; drawing them one by
one would make every interval too narrow. They come and go together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Draws", "Resamples", "Swaps", "block_length", "resamples"]

Counts = NDArray[np.int32]
Groups = NDArray[np.int32]
# Cells of a block of counts: they stay in the cache while all metrics pass over them.
BLOCK_CELLS = 800_000
SHORTEST_BLOCK, LONGEST_BLOCK = 16, 64


class Draws(Protocol):
    """Vectors of counts, made block by block."""

    @property
    def count(self) -> int:
        """How many."""

    @property
    def size(self) -> int:
        """The length of each."""

    @property
    def itself(self) -> Counts:
        """The counts of the sample itself."""

    def block(self, start: int, stop: int) -> Counts:
        """Those from start to stop, shape (size, stop − start); start begins a block."""


def block_length(draws: Draws) -> int:
    """How many vectors of counts a block has; by the number of groups alone."""
    return min(LONGEST_BLOCK, max(SHORTEST_BLOCK, BLOCK_CELLS // max(draws.size, 1)))


@dataclass(frozen=True)
class Resamples:
    """Bootstrap resamples: each draws as many groups as there are, with replacement.

    Attributes
    ----------
    groups : ndarray of int32, shape (n,)
        The group of each row, 0 … G−1.
    size : int
        G.
    count : int
        How many resamples.
    seed : int
    """

    groups: Groups
    size: int
    count: int
    seed: int

    @property
    def itself(self) -> Counts:
        """Every group once."""
        return np.ones(self.size, dtype=np.int32)

    @property
    def distinct(self) -> int:
        """How many groups these rows have."""
        return len(np.unique(self.groups))

    def block(self, start: int, stop: int) -> Counts:
        """The counts of the resamples from start to stop."""
        # NumPy's import is all that the other rooms need of this one; Numba's takes longer.
        from pipelines.estimators.kernels.resampling import count_draws

        rng = np.random.default_rng([self.seed, start])
        draws = rng.integers(0, self.size, (stop - start, self.size), dtype=np.uint32)
        counts = np.zeros((self.size, stop - start), dtype=np.int32)
        count_draws(draws, counts)
        return counts

    def where(self, rows: NDArray[Any]) -> Resamples:
        """The same resamples as some of the rows see them."""
        return Resamples(self.groups[rows], self.size, self.count, self.seed)


def resamples(rows: int | NDArray[np.uint64], count: int, seed: int) -> Resamples:
    """Resamples of so many rows, or of rows with these digests."""
    if isinstance(rows, int):
        return Resamples(np.arange(rows, dtype=np.int32), rows, count, seed)
    known, groups = np.unique(rows, return_inverse=True)
    return Resamples(groups.astype(np.int32), len(known), count, seed)


@dataclass(frozen=True)
class Swaps:
    """Each group's answers of two models swapped or not, by the throw of a coin.

    Of 2G counts the first G say whether a group keeps its answer, the others whether it has
    the other model's.

    Attributes
    ----------
    groups : int
        G.
    count : int
    seed : int
    """

    groups: int
    count: int
    seed: int

    @property
    def size(self) -> int:
        """2G."""
        return 2 * self.groups

    @property
    def itself(self) -> Counts:
        """Nothing swapped."""
        return np.repeat(np.array([1, 0], dtype=np.int32), self.groups)

    def block(self, start: int, stop: int) -> Counts:
        """The counts of the swaps from start to stop."""
        rng = np.random.default_rng([self.seed, start])
        swapped = rng.integers(0, 2, (self.groups, stop - start), dtype=np.uint8)
        return np.concatenate([1 - swapped.astype(np.int32), swapped], dtype=np.int32)
