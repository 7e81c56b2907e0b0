"""Tables that leak nothing, and columns to plant in them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn import datasets

from pipelines.adapters import tables
from pipelines.config import Category, Column, Config, Date, Integer, Number
from pipelines.digests import row_digests, uniform
from pipelines.records import Leak, Parts, Table
from pipelines.steps.ingest import ingest

ROOT = Path(__file__).parents[2]
SKLEARN = ("iris", "wine", "breast_cancer", "digits")
WITH_CONFIG = ("penguins", "adult")
NUMBER, INTEGER = Number(type="number"), Integer(type="integer")
CATEGORY = Category(type="category", values=["any"])
DATE = Date(type="date", unit="second")

Columns = Mapping[str, Column]


@cache
def clean(name: str) -> tuple[Table, Columns]:
    """A well-known table and its contract."""
    if name in WITH_CONFIG:
        path = ROOT / "data" / f"{name}.toml"
        config = Config.model_validate(tomllib.loads(path.read_text()))
        raw = tables.read(path.parent / str(config.source.path))
        return ingest(raw.table, config, raw.place), config.columns
    data = getattr(datasets, f"load_{name}")()
    features = pa.table({f"f{j}": column.astype(float) for j, column in enumerate(data.data.T)})
    return made(features, data.target), dict.fromkeys(features.column_names, NUMBER)


def made(features: pa.Table, codes: Any) -> Table:
    """A table of these features and classes."""
    codes = np.asarray(codes, dtype=np.int32)
    return Table(features, codes, np.arange(len(codes)), tuple(range(int(codes.max()) + 1)))


def chosen(table: Table, rows: np.ndarray) -> Table:
    """These rows as a table of their own."""
    return made(table.features.take(pa.array(rows)), table.codes[rows])


def by_content(table: Table, salt: int = 0) -> Parts:
    """A fifth of the distinct rows as test rows."""
    digests = row_digests(table.features)
    return Parts((2 * (uniform(digests, salt) < 0.2)).astype(np.int8), digests)


def at_random(table: Table, salt: int = 0) -> Parts:
    """A fifth of the rows as test rows, as a column or a key without meaning would take them."""
    part = 2 * (np.random.default_rng(salt).random(len(table.codes)) < 0.2)
    return Parts(part.astype(np.int8), row_digests(table.features))


def planted(
    name: str, values: Any, column: Column, called: str = "planted"
) -> tuple[Table, Columns]:
    """A clean table with one more column."""
    table, columns = clean(name)
    made_of = table.features.append_column(called, pa.array(values))
    return made(made_of, table.codes), {**columns, called: column}


def disturbed(values: Any, share: float, seed: int) -> np.ndarray:
    """The values with a share of the cells replaced by those of other rows."""
    rng = np.random.default_rng(seed)
    values = np.array(values)
    cells = np.flatnonzero(rng.random(len(values)) < share)
    values[cells] = rng.permutation(values)[cells]
    return values


def kinds(leaks: tuple[Leak, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Kind and columns of each finding."""
    return [(leak.kind, leak.columns) for leak in leaks]
