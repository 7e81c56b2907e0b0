"""The first step: a raw table, held against its contract, becomes a typed one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Boolean, Category, Config, Integer
from pipelines.contracts.columns import Breach, Typed, describe, typed
from pipelines.contracts.native import as_text
from pipelines.contracts.parsing import to_numpy, words_in
from pipelines.records import DataError, Table

__all__ = ["ingest"]

NEAREST = 0.6


def row_number(row: int) -> str:
    """The words that name a row when nothing better is known: `row 1` is the first."""
    return f"row {row + 1}"


def ingest(raw: pa.Table, config: Config, place: Callable[[int], str] = row_number) -> Table:
    """The rows that have a label, in the types that the models are fitted on.

    Parameters
    ----------
    raw : pyarrow.Table
        The table as read: text throughout from CSV, Parquet's types from Parquet.
    config : Config
        Its columns are the contract; other columns are ignored.
    place : callable
        Names a row in messages, `line 7`.

    Raises
    ------
    DataError
        With every breach of the contract, each with its column, count, first rows and remedy.
    """
    source = config.source
    _require(raw, [*config.columns, source.target], config.split.column, source.place)
    codes, breaches, notes = _labels(raw.column(source.target), config)
    labelled = np.flatnonzero(codes >= 0)
    rows = labelled if source.missing_target == "drop" else np.arange(raw.num_rows)
    whole = len(rows) == raw.num_rows
    features: dict[str, pa.Array] = {}
    for name, column in config.columns.items():
        values = raw.column(name) if whole else raw.column(name).take(pa.array(rows))
        result = typed(name, values, column, source.missing)
        features[name] = result.values
        breaches += [(breach, rows) for breach in result.breaches]
        notes += _notes(name, result)
    key, missing_key = _key(raw, config, rows)
    breaches += missing_key
    problems = [_described(breach, kept, place) for breach, kept in breaches]
    if not problems:
        problems = _one_class(codes[labelled], config)
    if problems:
        raise DataError(*problems, path=source.place)
    return Table(
        features=pa.table(features),
        codes=codes[rows].astype(np.int32),
        rows=rows.astype(np.int64),
        classes=tuple(sorted(source.classes)),
        key=key,
        notes=tuple(notes),
    )


Placed = tuple[Breach, NDArray[np.int64]]


def _described(breach: Breach, rows: NDArray[np.int64], place: Callable[[int], str]) -> str:
    return describe(breach, lambda row: place(int(rows[row])))


def _require(raw: pa.Table, names: Sequence[str], key: str | None, path: str) -> None:
    wanted = [*names, *([key] if key is not None and key not in names else [])]
    absent = [name for name in wanted if name not in raw.column_names]
    problems = []
    for name in absent:
        near = difflib.get_close_matches(name, raw.column_names, n=1, cutoff=NEAREST)
        hint = f"Did it become {near[0]!r}?" if near else f"It has {_listed(raw.column_names)}."
        problems.append(f"the column {name!r} is missing. {hint} Rename it, or change the config.")
    if problems:
        raise DataError(*problems, path=path)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:10]) + (", …" if len(names) > 10 else "")


def _labels(
    values: pa.ChunkedArray, config: Config
) -> tuple[NDArray[np.int64], list[Placed], list[str]]:
    """Each row's class as its position in the sorted classes, -1 where there is no label."""
    source = config.source
    classes = sorted(source.classes)
    everything = np.arange(len(values))
    column: Boolean | Integer | Category
    if isinstance(classes[0], bool):
        column = Boolean(type="boolean", missing=True)
    elif isinstance(classes[0], int):
        column = Integer(type="integer", missing=True)
    else:
        column = Category(type="category", values=[str(label) for label in classes], missing=True)
    result = typed(source.target, values, column, source.missing)
    breaches = [(breach, everything) for breach in result.breaches]
    if isinstance(column, Category):
        known = pa.array(column.values)
        gaps = to_numpy(pc.equal(result.values, ""))
    else:
        known = pa.array([float(label) for label in classes])
        gaps = np.isnan(result.values.to_numpy())
    codes = pc.fill_null(pc.index_in(result.values, value_set=known), -1).to_numpy()
    strange = np.flatnonzero((codes < 0) & ~gaps)
    if strange.size and not isinstance(column, Category):
        cells = tuple(str(values[int(row)].as_py()) for row in strange[:3])
        what, remedy = "not among source.classes", "Correct them, or add them to classes."
        breaches.append((Breach(source.target, "value", what, remedy, strange, cells), everything))
    broken = [breach.rows for breach, _ in breaches]
    missing = np.setdiff1d(np.flatnonzero(gaps), np.concatenate(broken) if broken else [])
    notes = []
    if missing.size and source.missing_target == "drop":
        notes.append(f"{missing.size} rows without a label were left out.")
    elif missing.size:
        remedy = 'Fill them in, or set source.missing_target = "drop".'
        breach = Breach(source.target, "gap", "missing in the target", remedy, missing)
        breaches.append((breach, everything))
    return codes, breaches, notes


def _notes(name: str, result: Typed) -> list[str]:
    notes = []
    if result.infinities:
        notes.append(f"column {name!r}: {result.infinities} infinite values were taken as gaps.")
    if not result.breaches and len(pc.unique(result.values)) == 1:
        notes.append(f"column {name!r} has one value throughout and tells nothing.")
    return notes


def _key(
    raw: pa.Table, config: Config, rows: NDArray[np.int64]
) -> tuple[pa.Array | None, list[Placed]]:
    """The split's key as text, and its gaps as breaches."""
    name = config.split.column
    if name is None:
        return None, []
    nothing = np.zeros(0, dtype=np.int64)
    try:
        text = as_text(raw.column(name)).take(pa.array(rows))
    except pa.ArrowException:
        what, remedy = f"holds {raw.column(name).type}, not a key", "Choose another split.key."
        return None, [(Breach(name, "type", what, remedy, nothing), rows)]
    gaps = np.flatnonzero(words_in(text, config.source.missing))
    if gaps.size:
        remedy = "Fill them in, or leave split.key out to split by the rows' values."
        return None, [(Breach(name, "gap", "missing in the split's key", remedy, gaps), rows)]
    return text.cast(pa.string()), []


def _one_class(codes: NDArray[np.int64], config: Config) -> list[str]:
    present = np.unique(codes)
    target = config.source.target
    if not present.size:
        return [f"no row has a label in the target {target!r}. Fill it in."]
    if present.size == 1:
        label = sorted(config.source.classes)[present[0]]
        return [
            f"every label in the target {target!r} is {label!r}. A classifier needs rows of at "
            "least two classes; add rows, or choose another target."
        ]
    return []
