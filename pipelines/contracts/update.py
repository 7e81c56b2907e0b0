"""What a contract must change for a table to keep it, and nothing else.

A bound is moved only where it is broken, and a rule of the user's is kept wherever the table
keeps it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.config import Category, Column, Config, Integer, Number
from pipelines.contracts.breaches import Breach
from pipelines.contracts.columns import Typed, typed
from pipelines.contracts.guess import MOST_VALUES, guess, markers
from pipelines.contracts.labels import classes, label_column
from pipelines.contracts.native import as_text
from pipelines.contracts.parsing import words_in
from pipelines.contracts.proposal import plain

__all__ = ["Change", "changes"]

OF_THE_TYPE = {"type", "values", "unit", "infinite", "max_unseen"}


@dataclass(frozen=True)
class Change:
    """One key of the config that must change.

    Attributes
    ----------
    path : tuple of str
        Of the key: ("columns", "age", "min").
    kind : str
        "gone", "new", "type", "infinite", "missing", "min", "max", "values", "classes" …
    before, after : value
        As TOML has it; None where the key is not there.
    why : str
        What the table holds, in a few words.
    """

    path: tuple[str, ...]
    kind: str
    before: Any
    after: Any
    why: str


def changes(config: Config, raw: pa.Table, left_out: Collection[str] = ()) -> list[Change]:
    """What the config must change so that the table keeps its contract, in the config's order.

    Parameters
    ----------
    raw : pyarrow.Table
        The new table as read.
    left_out : collection of str
        Columns that a person has left out on purpose: they are not proposed again.

    Raises
    ------
    DataError
        Where the target is not there or holds no classes.
    """
    source = config.source
    if source.target not in raw.column_names:
        classes(raw, source.target, [])  # refuses it by name, with the nearest
    words = _words(config, raw)
    missing = [*source.missing, *words]
    found = []
    if words:
        why = f"{_quoted(words)} between numbers or dates"
        before = list(source.missing) or None
        found.append(Change(("source", "missing"), "words", before, missing, why))
    gaps = words_in(as_text(raw.column(source.target)), missing)
    rows = raw.filter(pa.array(~gaps)) if gaps.any() else raw
    found += _classes(config, raw, missing)
    if gaps.any() and source.missing_target == "refuse":
        why = _counted(int(gaps.sum()), "row has no label", "rows have no label")
        found.append(Change(("source", "missing_target"), "missing", "refuse", "drop", why))
    for name, column in config.columns.items():
        if name not in raw.column_names:
            found.append(Change(("columns", name), "gone", plain(column), None, "not in the table"))
        else:
            found += _column(name, column, rows.column(name), missing)
    roles = {config.split.column, source.outcome_time, source.target, *source.unique}
    known = {*config.columns, *left_out, *roles}
    for name in raw.column_names:
        proposed = None if name in known else guess(name, rows.column(name), missing).column
        if proposed is not None:
            after = plain(proposed)
            found.append(Change(("columns", name), "new", None, after, "new in the table"))
    return found


def _words(config: Config, raw: pa.Table) -> list[str]:
    """Words for a gap that the contract does not know yet, where only they break a type."""
    taken = {str(label) for label in config.source.classes}
    broken = []
    for name, column in config.columns.items():
        if isinstance(column, Category):
            taken |= set(column.values)
        elif name in raw.column_names:
            result = typed(name, raw.column(name), column, config.source.missing)
            if any(breach.fault == "type" for breach in result.breaches):
                broken.append(name)
    known = {*config.source.missing, *taken}
    return [word for word in markers(raw.select(broken)) if word not in known] if broken else []


def _classes(config: Config, raw: pa.Table, missing: list[str]) -> list[Change]:
    """The classes that the target holds, where they are others."""
    source = config.source
    read = typed(source.target, raw.column(source.target), label_column(source.classes), missing)
    held = set(pc.unique(read.values).to_pylist()) - {""}
    held = {value for value in held if value == value}  # NaN, a gap, is not
    text = isinstance(source.classes[0], str)
    known = {label: label if text else float(label) for label in source.classes}
    strange = held - set(known.values())
    if not (read.breaches or strange or set(known.values()) - held):
        return []
    present = [label for label, value in known.items() if value in held]
    if read.breaches or strange:
        present = list(classes(raw, source.target, missing).labels)
    after = _labels(source.classes, present)
    gone, new = _beyond(source.classes, after), _beyond(after, source.classes)
    why = [f"new: {_quoted(new)}"] * bool(new) + [f"without rows: {_quoted(gone)}"] * bool(gone)
    path = ("source", "classes")
    return [Change(path, "classes", list(source.classes), after, "; ".join(why))]


def _labels(before: Sequence[Any], present: list[Any]) -> list[Any]:
    """The classes in use: the old ones in their order, the new ones behind."""
    if type(before[0]) is not type(present[0]):
        return present
    return [*(label for label in before if label in present), *_beyond(present, before)]


def _beyond(labels: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    return [label for label in labels if label not in others]


def _column(
    name: str, column: Column, values: pa.ChunkedArray, missing: Sequence[str]
) -> list[Change]:
    """What one column must change: its type as a whole, or single keys."""
    result = typed(name, values, column, missing)
    stands = [breach for breach in result.breaches if not breach.tolerated]
    if any(breach.fault == "type" for breach in stands):
        return _retyped(name, column, values, missing, stands)
    out: list[Change] = []
    for breach in stands:
        if breach.fault == "gap":
            out.append(_gaps(name, column, breach))
        elif breach.fault == "range" and isinstance(column, Number | Integer):
            out.append(_bound(name, column, breach, result))
        elif breach.fault == "value" and isinstance(column, Category):
            out.append(_values(name, column, result))
    return out


def _retyped(
    name: str,
    column: Column,
    values: pa.ChunkedArray,
    missing: Sequence[str],
    stands: Sequence[Breach],
) -> list[Change]:
    """The type that the column has now, with the rules of the old one that it can keep."""
    before = plain(column)
    found = guess(name, values, missing)
    if found.column is None:
        why = f"it {found.remark}"
        return [Change(("columns", name), "gone", before, None, why)]
    fields = type(found.column).model_fields
    old = column.model_dump(exclude_none=True, exclude_defaults=True)
    kept = {key: value for key, value in old.items() if key in set(fields) - OF_THE_TYPE}
    needs = {"missing": True} if found.column.missing else {}
    if isinstance(column, Number | Integer):
        kept = {key: None for key in ("min", "max") if key in fields} | kept
    after: Column = found.column.model_copy(update=kept | needs)
    inner = _column(name, after, values, missing)
    wide = plain(after) | {change.path[-1]: change.after for change in inner}
    cells = [cell for breach in stands if breach.fault == "type" for cell in breach.cells]
    count = len(stands[0].rows)
    why = _counted(count, "value is", "values are") + f" {stands[0].what}"
    why = f"{why}, {cells[0]!r}" if cells else f"it {stands[0].what}"
    if wide["type"] != before["type"]:
        return [Change(("columns", name), "type", before, wide, why)]
    return [
        Change(("columns", name, key), key, before.get(key), value, why)
        for key, value in wide.items()
        if before.get(key) != value
    ]


def _gaps(name: str, column: Column, breach: Breach) -> Change:
    count = len(breach.rows)
    if not breach.rule:
        why = _counted(count, "value is missing", "values are missing")
        return Change(("columns", name, "missing"), "missing", False, True, why)
    share = math.ceil(100 * count / breach.out_of) / 100
    why = f"{count:,} of {breach.out_of:,} values are missing"
    return Change(("columns", name, "max_missing"), "missing", column.max_missing, share, why)


def _bound(name: str, column: Number | Integer, breach: Breach, result: Typed) -> Change:
    x = result.values.to_numpy()
    key = "min" if breach.what.startswith("below") else "max"
    extreme = float(np.nanmin(x) if key == "min" else np.nanmax(x))
    after = int(extreme) if extreme.is_integer() else extreme
    side = "below" if key == "min" else "above"
    why = _counted(len(breach.rows), f"value is {side} it", f"values are {side} it")
    return Change(("columns", name, key), key, plain(column)[key], after, why)


def _values(name: str, column: Category, result: Typed) -> Change:
    present = set(pc.unique(result.values).to_pylist()) - {""}
    new = sorted(present - set(column.values))
    if len(new) > MOST_VALUES:
        why = f"it is text with {len(new):,} new values, too many for a category"
        return Change(("columns", name), "gone", plain(column), None, why)
    after = [*column.values, *new]
    return Change(("columns", name, "values"), "values", column.values, after, _quoted(new))


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _quoted(words: Sequence[Any]) -> str:
    shown = ", ".join(repr(word) for word in words[:5])
    return f"{shown} and {len(words) - 5:,} more" if len(words) > 5 else shown
