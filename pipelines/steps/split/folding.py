"""The folds of the cross-validation, which divide the training rows.

The fold of a row is a number from 0. −1 stands for rows outside the training part, and for
training rows that every fit learns from and none is scored on; −2 for training rows that only
the fit on all of them learns from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.config import ColumnSplit, GroupSplit, HashSplit, TimeSplit
from pipelines.records import DataError, Parts, Table
from pipelines.steps.split.by_number import unit
from pipelines.steps.split.by_time import times

__all__ = ["LEFT_OUT", "blocks", "by_digest", "by_time", "folds"]

LEFT_OUT = -2
DISTINCT = "distinct rows"

Digested = HashSplit | GroupSplit | ColumnSplit


def by_digest(table: Table, parts: Parts, config: Digested, count: int) -> NDArray[np.int8]:
    """The folds of rows by their digests."""
    units = DISTINCT if isinstance(config, ColumnSplit) else unit(config)
    return folds(parts, table.codes, count, units)


def by_time(table: Table, parts: Parts, config: TimeSplit, count: int) -> NDArray[np.int8]:
    """The folds of rows by their times."""
    return blocks(parts, table.codes, times(table), config.gap * table.key_unit, count)


def folds(
    parts: Parts, codes: NDArray[np.int32], count: int, units: str = DISTINCT
) -> NDArray[np.int8]:
    """The fold of each row, −1 outside the training part; equal rows share a fold.

    Within each class the distinct rows, in the order of their digests, are dealt out in
    turn, so that every fold has its share of every class. A class that would lie in one fold
    alone, as one with a single distinct row does, keeps a row with fold −1: every fit learns
    from it and none is scored on it, for a fit that never saw a class may fail for that alone.

    Raises
    ------
    DataError
        If no row can be held out.
    """
    fold = np.full(len(codes), -1, dtype=np.int8)
    train = np.flatnonzero(parts.where("train"))
    _, inverse = np.unique(parts.digests[train], return_inverse=True)
    classes = int(codes.max()) + 1
    row, code = np.divmod(np.unique(inverse.astype(np.int64) * classes + codes[train]), classes)
    owner = code[np.unique(row, return_index=True)[1]]  # of equal rows with several labels too
    dealt = np.empty(len(owner), dtype=np.int8)
    offset = 0
    for each in np.unique(owner):
        members = np.flatnonzero(owner == each)
        dealt[members] = (np.arange(len(members)) + offset) % count
        offset += len(members)
    _keep_one_of_each(dealt, row, code, units)
    fold[train] = dealt[inverse]
    return fold


def blocks(
    parts: Parts, codes: NDArray[np.int32], t: NDArray[np.float64], gap: float, count: int
) -> NDArray[np.int8]:
    """The fold of each row, contiguous in time; −2 for the rows in the gap before a fold.

    The blocks have about as many rows each, equal times share one, and every row of a block
    is later by `gap` at least than those of the blocks before it. The fit that a block
    judges learns from the blocks on both sides of it: not a forecast, but no neighbour in
    time stands on both sides, and each fit has almost as many rows as the one that is kept.
    A class in one block alone keeps its earliest row with fold −1, as in `folds`.

    Raises
    ------
    DataError
        If the training rows have too few points in time for the blocks and their gaps.
    """
    fold = np.full(len(codes), -1, dtype=np.int8)
    train = np.flatnonzero(parts.where("train"))
    train = train[np.argsort(t[train], kind="stable")]
    moments, inverse, counts = np.unique(t[train], return_inverse=True, return_counts=True)
    middle = counts.cumsum() - counts / 2
    dealt = np.minimum(middle * count / len(train), count - 1).astype(np.int8)
    last = -np.inf
    for each in range(count):
        mine = np.flatnonzero(dealt == each)
        kept = mine[moments[mine] - last >= gap]
        if not kept.size:
            gaps, smaller = (" with their gaps", ", a smaller [split] gap") if gap else ("", "")
            raise DataError(
                f"The training rows have too few points in time for {count} folds{gaps}. Choose "
                f'fewer [selection] folds{smaller}, or [selection] by = "validation".'
            )
        dealt[np.setdiff1d(mine, kept)] = LEFT_OUT
        last = moments[kept[-1]]
    classes = int(codes.max()) + 1
    pairs = np.unique(inverse.astype(np.int64) * classes + codes[train])
    _keep_one_of_each(dealt, *np.divmod(pairs, classes), "points in time")
    fold[train] = dealt[inverse]
    return fold


def _keep_one_of_each(
    dealt: NDArray[np.int8], owner: NDArray[np.int64], code: NDArray[np.int64], units: str
) -> None:
    """Give fold −1 to one unit of each class that no more than one fold has."""
    for each in np.unique(code):
        members = owner[code == each]
        mine = dealt[members]
        if (mine != -1).all() and len(np.unique(mine[mine >= 0])) < 2:
            dealt[members[0]] = -1
    if (dealt < 0).all():
        raise DataError(
            f"No class has two {units} in training, so none can be held out. Give the table more "
            'of them, or choose [selection] by = "validation".'
        )
