"""A row's part as the table itself says it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import ColumnSplit
from pipelines.digests import row_digests
from pipelines.records import Parts, Table
from pipelines.steps.split.placed import Placed

__all__ = ["digested", "digests", "place", "remedy"]


def digested(_config: ColumnSplit, columns: Sequence[str]) -> list[str]:
    """Every column."""
    return sorted(columns)


def digests(table: Table, _config: ColumnSplit) -> NDArray[np.uint64]:
    """Of the row's values: what a champion learned is known again under another word."""
    return row_digests(table.features)


def place(table: Table, _digests: NDArray[np.uint64], config: ColumnSplit) -> Placed:
    """The part whose word stands in the row; ingest lets no other word through."""
    parts = {word: Parts.NAMES.index(part) for part, each in config.words.items() for word in each}
    found = pc.index_in(table.key, value_set=pa.array(list(parts), pa.string()))
    assert not found.null_count
    return Placed(np.array(list(parts.values()), dtype=np.int8)[found.to_numpy()])


def remedy(_config: ColumnSplit) -> str:
    """What to do where a class is missing from a part."""
    return "Give rows of it the word of that part, or take the class out of the table."
