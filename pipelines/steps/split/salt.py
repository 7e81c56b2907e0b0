"""The smallest salt with which every part has every class."""

from __future__ import annotations

import numpy as np

from pipelines.config import GroupSplit, HashSplit
from pipelines.digests import uniform
from pipelines.records import DataError, Table
from pipelines.steps.split.by_number import assign, digests

__all__ = ["choose_salt"]

LARGEST_SALT = 10_000
# A class with more is in every part for almost any salt; the rare ones decide.
MANY = 1_000
FEWEST = 3


def choose_salt(table: Table, config: HashSplit | GroupSplit) -> int:
    """The smallest salt that puts every class into every part.

    Raises
    ------
    DataError
        If a class has fewer distinct rows (or groups) than it takes, or no salt up to 10,000
        fits.
    """
    known, unit = np.unique(digests(table, config), return_inverse=True)
    classes = len(table.classes)
    unit, codes = np.divmod(np.unique(unit.astype(np.int64) * classes + table.codes), classes)
    counts = np.bincount(codes, minlength=classes)
    what = "distinct rows" if config.column is None else f"values of {config.column!r}"
    rare = [f"{table.classes[c]!r} ({counts[c]})" for c in np.flatnonzero(counts < FEWEST)]
    if rare:
        raise DataError(
            f"Fewer than three {what} for class {', '.join(rare)}. Such a class cannot "
            "stand in every part of the split. Add rows of it, or take it out of the table."
        )
    deciding = np.isin(codes, np.flatnonzero(counts < MANY))
    small_codes, small_digests = codes[deciding], known[unit[deciding]]
    parts = 3 if config.validation else 2
    wanted = len(np.unique(small_codes)) * parts
    for salt in range(LARGEST_SALT + 1):
        part = assign(uniform(small_digests, salt), config)
        if len(np.unique(small_codes * 3 + part)) == wanted:
            return salt
    raise DataError(
        f"No salt up to {LARGEST_SALT} puts every class into every part. The rarest class has "
        f"{counts.min()} {what}: add rows of it, or raise [split] test."
    )
