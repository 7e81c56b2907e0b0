"""How the rows of a matrix are shared out, and how the parts' sums become one.

A part is a range of rows; their number depends on the matrix alone. Each part is summed apart
in float64, and the parts' sums are added in order, so that the result does not depend on the
number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.loss import Floats
from pipelines.estimators.threads import Team

__all__ = ["COPY_SIZE", "F64", "FEWEST_ROWS", "gram_of", "parts_of", "plain_view", "sum_of"]

F64 = NDArray[np.float64]

# A part holds at least this many numbers of X, which take some 50 µs; there are at most so
# many parts.
PART_SIZE, MOST_PARTS = 2**16, 64
# Numbers in a block of rows that is copied, because it is sparse, strided or of another type.
COPY_SIZE = 2**18
FEWEST_ROWS = 16


def parts_of(n_rows: int, size: int, result_size: int) -> list[slice]:
    """Ranges of rows: enough to share out, and few enough that their sums stay small.

    Parameters
    ----------
    n_rows : int
    size : int
        Numbers in the matrix.
    result_size : int
        Numbers in a part's sum; all parts' sums together hold at most 1/32 of `size`.
    """
    count = min(size // PART_SIZE, size // (32 * max(result_size, 1)), MOST_PARTS, n_rows)
    edges = np.linspace(0, n_rows, max(count, 1) + 1).astype(int).tolist()
    return [slice(a, b) for a, b in pairwise(edges)]


def sum_of(results: list[Any]) -> Any:
    """The parts' results added up, item by item, in their order."""
    return reduce(lambda total, each: [a + b for a, b in zip(total, each, strict=True)], results)


def gram_of(
    team: Team,
    parts: list[slice],
    d: int,
    dtype: Any,
    blocks: Callable[[slice], Iterator[tuple[slice, Floats]]],
    h: F64,
) -> tuple[F64, F64]:
    """XᵀX and Xᵀ1 of the rows scaled by √h, from blocks of rows; see `Design.gram`."""
    root = np.sqrt(h).astype(dtype)
    # As many rows as columns at least: a product then costs more than adding it to the sum.
    step = max(COPY_SIZE // max(d, 1), d, FEWEST_ROWS)

    def work(rows: slice) -> tuple[F64, F64]:
        total, edge = np.zeros((d, d)), np.zeros(d)
        product = np.empty((d, d), dtype=dtype)
        for whole, block in blocks(rows):
            for start in range(whole.start, whole.stop, step):
                place = slice(start, min(start + step, whole.stop))
                scaled = block[place.start - whole.start : place.stop - whole.start]
                scaled = scaled * root[place, None]
                # One operand and its own transpose: BLAS computes one half only.
                total += np.matmul(scaled.T, scaled, out=product)
                edge += scaled.T @ root[place]
        return total, edge

    total, edge = sum_of(team.map(work, parts))
    return total, edge


class _Alias:
    """An array's memory under NumPy's array interface."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        interface = dict(array.__array_interface__)
        interface["data"] = (interface["data"][0], False)
        self.__array_interface__ = interface


def plain_view(array: NDArray[Any]) -> NDArray[Any]:
    """The same memory as a plain array that counts as writeable.

    Kernels are compiled for one type: a read-only or memory-mapped array would be another.
    They write to no matrix.
    """
    return np.asarray(_Alias(array)) if array.size else np.empty(array.shape, array.dtype)
