"""The first step: a raw table, held against its contract, becomes a typed one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Boolean, Category, Column, ColumnSplit, Config
from pipelines.contracts.breaches import SHOWN, Breach, Findings
from pipelines.contracts.categories import Places, places
from pipelines.contracts.columns import Typed, typed
from pipelines.contracts.labels import label_column
from pipelines.contracts.native import shown
from pipelines.contracts.notes import constant, notes_on
from pipelines.contracts.roles import Key, group_key, outcome_time, repeated, time_key, word_key
from pipelines.records import DataError, Table

__all__ = ["ingest"]

NEAREST = 0.6
# Columns that are typed and checked at once; each takes a few times its size.
AT_ONCE = 2


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
    _require(raw, config)
    found = Findings()
    with ThreadPoolExecutor(AT_ONCE, "ingest") as threads:
        labels = threads.submit(_labels, raw.column(source.target), config)
        dropping = source.missing_target == "drop"
        rows = np.flatnonzero(labels.result().codes >= 0) if dropping else np.arange(raw.num_rows)
        whole = len(rows) == raw.num_rows
        taken = {
            name: raw.column(name) if whole else raw.column(name).take(pa.array(rows))
            for name in dict.fromkeys([*config.columns, *_roles(config)])
        }

        def result(name: str) -> Typed:
            return typed(name, taken[name], config.columns[name], source.missing)

        results = dict(zip(config.columns, threads.map(result, config.columns), strict=True))

    def kept(row: int) -> str:
        return place(int(rows[row]))

    codes, breaches, notes = labels.result()
    for breach in breaches:
        found.add(breach, place)
    key = _key(taken, config)
    outcome, undated = _outcome(taken, config)
    repeats = repeated(source.unique, taken, config.columns, source.missing)
    checked = [breach for result in results.values() for breach in result.breaches]
    for breach in [*checked, *key.breaches, *undated, *repeats]:
        found.add(breach, kept)
    problems = found.sentences or _one_class(codes[codes >= 0], config) or _nothing_told(results)
    if problems:
        raise DataError(*problems, path=source.place)
    return Table(
        features=pa.table({name: result.values for name, result in results.items()}),
        codes=codes[rows].astype(np.int32),
        rows=rows.astype(np.int64),
        classes=tuple(sorted(source.classes)),
        key=key.values,
        key_unit=key.unit,
        outcome=outcome,
        notes=(*notes, *notes_on(results, kept)),
    )


def _roles(config: Config) -> list[str]:
    """The columns that are read beside the features and the target."""
    source = config.source
    single = [name for name in (config.split.column, source.outcome_time) if name is not None]
    return list(dict.fromkeys([*single, *source.unique]))


def _require(raw: pa.Table, config: Config) -> None:
    wanted = dict.fromkeys([*config.columns, config.source.target, *_roles(config)])
    absent = [name for name in wanted if name not in raw.column_names]
    problems = []
    for name in absent:
        near = difflib.get_close_matches(name, raw.column_names, n=1, cutoff=NEAREST)
        hint = f"Did it become {near[0]!r}?" if near else f"It has {_listed(raw.column_names)}."
        problems.append(f"the column {name!r} is missing. {hint} Rename it, or change the config.")
    if problems:
        raise DataError(*problems, path=config.source.place)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:10]) + (", …" if len(names) > 10 else "")


class _Labels(NamedTuple):
    """Each row's class as its position in the sorted classes, -1 where there is no label."""

    codes: NDArray[np.int64]
    breaches: list[Breach]
    notes: list[str]


def _labels(values: pa.ChunkedArray, config: Config) -> _Labels:
    source = config.source
    column = label_column(sorted(source.classes))
    if isinstance(column, Category):
        found = places(source.target, values, column, source.missing)
    else:
        found = _counted(values, column, config)
    breaches = [_of_target(breach, column) for breach in found.breaches]
    missing = np.flatnonzero(found.gaps)
    notes = []
    if missing.size and source.missing_target == "drop":
        rows = "1 row" if missing.size == 1 else f"{missing.size} rows"
        notes.append(f"{rows} without a label {'was' if missing.size == 1 else 'were'} left out.")
    elif missing.size:
        remedy = 'Fill them in, or set source.missing_target = "drop".'
        what = "missing in the target"
        breaches.append(Breach((source.target,), "gap", what, remedy, missing))
    return _Labels(found.values, breaches, notes)


def _counted(values: pa.ChunkedArray, column: Column, config: Config) -> Places:
    """The codes of labels that are whole numbers or truth values."""
    source = config.source
    result = typed(source.target, values, column, source.missing)
    known = pa.array([float(label) for label in sorted(source.classes)])
    codes = pc.fill_null(pc.index_in(result.values, value_set=known), -1).to_numpy()
    gaps = np.isnan(result.values.to_numpy())
    strange = (codes < 0) & ~gaps
    for breach in result.breaches:
        if not len(breach.rows):  # of the whole column
            gaps[:] = False
        gaps[breach.rows] = strange[breach.rows] = False
    if not strange.any():
        return Places(codes, gaps, result.breaches)
    rows = np.flatnonzero(strange)
    cells = tuple(shown(values, int(row)) for row in rows[:SHOWN])
    breach = Breach((source.target,), "value", *_UNLISTED, rows, cells)
    return Places(codes, gaps, (*result.breaches, breach))


def _of_target(breach: Breach, column: Column) -> Breach:
    """The breach with a remedy that a target has: its classes, and none of a column's keys."""
    if not len(breach.rows):
        remedy = f"Give it as {column.type}, or choose another target."
        return replace(breach, remedy=remedy)
    if breach.fault == "value":
        what, remedy = _UNLISTED
        return replace(breach, what=what, remedy=remedy)
    if isinstance(column, Boolean | Category):
        return breach
    remedy = "Correct them, or write the classes as text, all of source.classes in quotes."
    return replace(breach, remedy=remedy)


_UNLISTED = ("not among source.classes", "Correct them, or add them to classes.")


def _key(taken: Mapping[str, pa.ChunkedArray], config: Config) -> Key:
    """The split's column, as the kind of split reads it."""
    split, missing = config.split, config.source.missing
    if split.column is None:
        return Key(None)
    values = taken[split.column]
    if isinstance(split, ColumnSplit):
        return word_key(split.column, values, missing, split.words)
    read = time_key if split.kind == "time" else group_key
    return read(split.column, values, missing)


def _outcome(
    taken: Mapping[str, pa.ChunkedArray], config: Config
) -> tuple[NDArray[np.float64] | None, tuple[Breach, ...]]:
    """When each row's outcome was known, where the contract says so."""
    name = config.source.outcome_time
    return (None, ()) if name is None else outcome_time(name, taken[name], config.source.missing)


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


def _nothing_told(results: Mapping[str, Typed]) -> list[str]:
    if not all(constant(result) for result in results.values()):
        return []
    return [
        "every column of [columns] has one value throughout, so there is nothing to learn from. "
        "Add columns that differ from row to row."
    ]
