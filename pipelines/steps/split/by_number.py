"""A row's part by the number in [0, 1) that its digest and the salt give it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.config import GroupSplit, HashSplit
from pipelines.digests import row_digests, uniform
from pipelines.records import Parts, Table
from pipelines.steps.split.placed import Placed

__all__ = ["assign", "digested", "digests", "place", "remedy", "unit"]

Numbered = HashSplit | GroupSplit


def digested(config: Numbered, columns: Sequence[str]) -> list[str]:
    """The key or the group; else every column."""
    return sorted(columns) if config.column is None else ["key", config.column]


def digests(table: Table, config: Numbered) -> NDArray[np.uint64]:
    """Of the row's key or group; else of its values."""
    by_values = config.column is None
    return row_digests(table.features if by_values else pa.table({"key": table.key}))


def place(_table: Table, digests: NDArray[np.uint64], config: Numbered) -> Placed:
    """With u the row's number: test where u < test, validation where u < test + validation."""
    u = uniform(digests, config.salt)
    held = config.test + config.validation
    bounds = {"test": (0.0, config.test), "validation": (config.test, held), "train": (held, 1.0)}
    return Placed(assign(u, config), u, bounds, unit(config))


def assign(u: NDArray[np.float64], config: Numbered) -> NDArray[np.int8]:
    """The part of each number."""
    part = np.zeros(len(u), dtype=np.int8)
    part[u < config.test + config.validation] = Parts.NAMES.index("validation")
    part[u < config.test] = Parts.NAMES.index("test")
    return part


def remedy(_config: Numbered) -> str:
    """What to do where a class is missing from a part."""
    return (
        "Set [split] salt to another number (logitline init finds the smallest that fits), set "
        'absent = "keep", or give the table more rows of that class.'
    )


def unit(config: Numbered) -> str:
    """What the rows of one digest are, in the plural."""
    if config.kind == "group":
        return "groups"
    return "distinct rows" if config.column is None else f"values of {config.column!r}"
