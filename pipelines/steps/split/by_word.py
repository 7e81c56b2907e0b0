"""A row's part as the table itself says it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import ColumnSplit
from pipelines.digests import row_digests
from pipelines.records import DataError, Parts, Table
from pipelines.steps.split.placed import Placed

__all__ = ["digested", "digests", "place"]

SHOWN = 3


def digested(_config: ColumnSplit, columns: Sequence[str]) -> list[str]:
    """Every column."""
    return sorted(columns)


def digests(table: Table, _config: ColumnSplit) -> NDArray[np.uint64]:
    """Of the row's values: what a champion learned is known again under another word."""
    return row_digests(table.features)


def place(table: Table, _digests: NDArray[np.uint64], config: ColumnSplit) -> Placed:
    """The part whose word stands in the row.

    Raises
    ------
    DataError
        If a row has a word of no part.
    """
    words = {word: code for code, name in enumerate(Parts.NAMES) for word in getattr(config, name)}
    known = pa.array(list(words), pa.string())
    found = pc.fill_null(pc.index_in(table.key, value_set=known), -1).to_numpy()
    strange = np.flatnonzero(found < 0)
    if strange.size:
        raise DataError(_strangers(table, strange, config))
    return Placed(np.array(list(words.values()), dtype=np.int8)[found])


def _strangers(table: Table, strange: NDArray[np.int64], config: ColumnSplit) -> str:
    assert table.key is not None
    shown = [
        f"row {table.rows[row] + 1} {table.key[int(row)].as_py()!r}" for row in strange[:SHOWN]
    ]
    more = ", …" if len(strange) > SHOWN else ""
    values = "1 value is" if len(strange) == 1 else f"{len(strange)} values are"
    parts = [f"{name} {getattr(config, name)}" for name in Parts.NAMES if getattr(config, name)]
    return (
        f"column {config.column!r}: {values} no part's word: {', '.join(shown)}{more}. "
        f"The words are {', '.join(parts)}. Correct the cells, or list their words in [split]."
    )
