"""Small literal tables that the steps' tests share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.records import Parts, Table

COLUMNS = {"x": "number", "island": "category"}


def table(
    x: Sequence[float],
    labels: Sequence[Any],
    island: Sequence[str] | None = None,
    key: Sequence[Any] | None = None,
    key_unit: float = 1.0,
) -> Table:
    """A table of one number, one category and a label, as ingest leaves it."""
    classes = tuple(sorted(set(labels)))
    return Table(
        features=pa.table(
            {
                "x": pa.array(x, pa.float64()),
                "island": pa.array(island or ["Biscoe"] * len(x), pa.string()),
            }
        ),
        codes=np.array([classes.index(label) for label in labels], dtype=np.int32),
        rows=np.arange(len(x), dtype=np.int64),
        classes=classes,
        key=None if key is None else pa.array(key),
        key_unit=key_unit,
    )


def parts(letters: str, digests: Sequence[int] | None = None) -> Parts:
    """One letter a row: t(rain), v(alidation), T(est)."""
    return Parts(
        part=np.array(["tvT".index(letter) for letter in letters], dtype=np.int8),
        digests=np.array(digests or range(len(letters)), dtype=np.uint64),
    )
