"""split: which rows train, validate and test, and which fold a training row is in.

A row's part depends on its own values (or its key) and the salt alone, so that equal rows
share a part and a row keeps its part when the table grows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.config import HashSplit
from pipelines.digests import row_digests, uniform
from pipelines.records import DataError, Parts, Table

__all__ = ["choose_salt", "folds", "split"]

LARGEST_SALT = 10_000


def split(table: Table, config: HashSplit) -> Parts:
    """The part of every row.

    With u the row's number in [0, 1) by digest and salt: test where u < test, validation
    where u < test + validation, train elsewhere.

    Raises
    ------
    DataError
        If a class is missing from a part.
    """
    digests = _digests(table)
    part = _assign(digests, config, config.salt)
    parts = Parts(part=part, digests=digests)
    missing = [
        f"class {label!r} has no row in {name}"
        for name in _names(config)
        for code, label in enumerate(table.classes)
        if not (table.codes[parts.where(name)] == code).any()
    ]
    if missing:
        raise DataError(
            f"The split leaves a class out: {'; '.join(missing)}. A model cannot be fitted or "
            "judged so. Set [split] salt to another number (logitline init finds the smallest "
            "that fits), or give the table more rows of that class."
        )
    return parts


def choose_salt(table: Table, config: HashSplit) -> int:
    """The smallest salt that puts every class into every part.

    Raises
    ------
    DataError
        If a class has fewer distinct rows than it takes, or no salt up to 10,000 fits.
    """
    digests = _digests(table)
    pairs = np.unique(np.column_stack([table.codes.astype(np.uint64), digests]), axis=0)
    codes, distinct = pairs[:, 0].astype(np.int32), pairs[:, 1]
    counts = np.bincount(codes, minlength=len(table.classes))
    rare = [f"{table.classes[c]!r} ({counts[c]})" for c in np.flatnonzero(counts < 3)]
    if rare:
        raise DataError(
            f"Fewer than three distinct rows for class {', '.join(rare)}. Such a class cannot "
            "stand in every part of the split. Add rows of it, or take it out of the table."
        )
    # A class with many rows is in every part for almost any salt; the rare ones decide.
    deciding = np.isin(codes, np.flatnonzero(counts < 1_000))
    small_codes, small_digests = codes[deciding], distinct[deciding]
    wanted = len(np.unique(small_codes)) * len(_names(config))
    for salt in range(LARGEST_SALT + 1):
        part = _assign(small_digests, config, salt)
        seen = np.unique(small_codes.astype(np.int64) * 3 + part)
        if len(seen) == wanted:
            return salt
    raise DataError(
        f"No salt up to {LARGEST_SALT} puts every class into every part. The rarest class has "
        f"{counts.min()} distinct rows: add rows of it, or raise [split] test."
    )


def folds(parts: Parts, codes: NDArray[np.int32], count: int) -> NDArray[np.int8]:
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
    for each in np.unique(code):
        members = row[code == each]
        if np.ptp(dealt[members]) == 0:
            dealt[members[0]] = -1
    if (dealt < 0).all():
        raise DataError(
            "No class has two distinct training rows, so none can be held out. Add rows."
        )
    fold[train] = dealt[inverse]
    return fold


def _digests(table: Table) -> NDArray[np.uint64]:
    source = table.features if table.key is None else pa.table({"key": table.key})
    return row_digests(source)


def _assign(digests: NDArray[np.uint64], config: HashSplit, salt: int) -> NDArray[np.int8]:
    u = uniform(digests, salt)
    part = np.zeros(len(u), dtype=np.int8)
    part[u < config.test + config.validation] = Parts.NAMES.index("validation")
    part[u < config.test] = Parts.NAMES.index("test")
    return part


def _names(config: HashSplit) -> Sequence[str]:
    return ("train", "test") if config.validation == 0 else Parts.NAMES
