"""Small tables with their contracts, for the drift check's tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.config import Drift
from pipelines.drift.comparison import ColumnDrift, Comparison, compare
from pipelines.drift.counting import Tally
from pipelines.drift.profile import Profile, profile
from pipelines.records import Table

TYPES = {"x": "number", "c": "category", "b": "boolean", "d": "date"}


def line(row: int) -> str:
    return f"line {row + 2}"


def profiled(classes: tuple[Any, ...] = ("no", "yes"), **columns: Any) -> Profile:
    """The profile of columns by name: x numbers, c texts, b truth values, d days since 1970."""
    features = {name: pa.array(values, TYPE[TYPES[name[0]]]) for name, values in columns.items()}
    specs: dict[str, Any] = {}
    for name, values in columns.items():
        specs[name] = {"type": TYPES[name[0]], "missing": True}
        if name[0] == "c":
            specs[name]["values"] = sorted(set(values) - {""}) or ["-"]
        if name[0] == "d":
            specs[name]["unit"] = "day"
    rows = len(next(iter(columns.values())))
    codes = np.arange(rows, dtype=np.int32) % len(classes)
    terms = {"target": "y", "classes": list(classes), "missing": ["?"], "columns": specs}
    table = Table(pa.table(features), codes, np.arange(rows), classes)
    return profile(table, terms)


TYPE = {
    "number": pa.float64(),
    "category": pa.string(),
    "boolean": pa.float64(),
    "date": pa.float64(),
}


def against(kept: Profile, settings: Drift | None = None, **columns: Any) -> Comparison:
    """The comparison of new rows with the profile; dates are given as such."""
    tally = Tally(kept)
    tally.add(pa.table(columns), line)
    return compare(kept, tally, settings or Drift())


def only(found: Comparison, name: str) -> ColumnDrift:
    (column,) = (each for each in found.columns if each.name == name)
    return column
