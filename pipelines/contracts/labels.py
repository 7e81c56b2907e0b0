"""The classes of a target column, as a proposed config lists them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.config import Boolean, Category, Integer
from pipelines.contracts.columns import LARGEST
from pipelines.contracts.native import as_text
from pipelines.contracts.parsing import numbers, words_in
from pipelines.records import DataError

__all__ = ["Classes", "classes", "label_column"]

MOST_CLASSES = 100
LEADING_ZERO = r"\A[+-]?0[0-9]+\z"


@dataclass(frozen=True)
class Classes:
    """The labels, sorted, all of one type, which rows have one, and how many have none."""

    labels: tuple[bool, ...] | tuple[int, ...] | tuple[str, ...]
    labelled: pa.Array
    gaps: int


def label_column(labels: Sequence[bool | int | str]) -> Boolean | Integer | Category:
    """The column type that reads a target of these classes."""
    if isinstance(labels[0], bool):
        return Boolean(type="boolean", missing=True)
    if isinstance(labels[0], int):
        return Integer(type="integer", missing=True)
    return Category(type="category", values=[str(label) for label in labels], missing=True)


def classes(table: pa.Table, target: str, missing: list[str]) -> Classes:
    """The classes of the target: bools or whole numbers where all labels are, else text.

    Raises
    ------
    DataError
        When the column is not there, holds no classes, one class, or too many to be classes.
    """
    if target not in table.column_names:
        near = difflib.get_close_matches(target, table.column_names, n=3, cutoff=0.4)
        shown = near or table.column_names[:10]
        hint = "The nearest are" if near else "It has"
        names = ", ".join(repr(name) for name in shown)
        raise DataError(f"there is no column {target!r}. {hint} {names}. Name one with --target.")
    column = table.column(target)
    if pa.types.is_nested(column.type):
        raise DataError(f"the target {target!r} holds {column.type}, not labels. Choose another.")
    try:
        text = as_text(column)
    except pa.ArrowException as error:
        raise DataError(f"the target {target!r} is not readable as text ({error}).") from None
    gaps = words_in(text, missing)
    labelled = pa.array(~gaps)
    values = pc.unique(text.filter(labelled))
    if len(values) < 2:
        only = f"only the label {values[0].as_py()!r}" if len(values) else "no label"
        words = f" The words {', '.join(missing)} count as missing." if missing else ""
        raise DataError(
            f"the target {target!r} holds {only}.{words} A classifier needs at least two classes."
        )
    labels = _numbers(target, values) or _booleans(column.type, values) or _texts(values)
    if len(labels) > MOST_CLASSES:
        raise DataError(
            f"the target {target!r} holds {len(labels):,} different labels; at most {MOST_CLASSES} "
            "are taken as classes. If it is a quantity, this is regression: cut it into classes "
            "first, or choose another target."
        )
    if len(labels) < 2:
        raise DataError(f"the target {target!r} holds one class, {labels[0]!r}. Two are needed.")
    return Classes(labels, labelled, int(gaps.sum()))


def _numbers(target: str, values: pa.Array) -> tuple[int, ...]:
    """The labels as whole numbers; nothing when they are not numbers."""
    parsed = numbers(values, [])
    coded = pc.any(pc.match_substring_regex(values, LEADING_ZERO)).as_py()
    if parsed.wrong.any() or parsed.gaps.any() or coded:
        return ()
    x = np.unique(parsed.values)
    if not np.isfinite(x).all() or (x != np.rint(x)).any():
        raise DataError(
            f"the target {target!r} holds numbers with decimals, as in "
            f"{values[int(np.argmax(parsed.values != np.rint(parsed.values)))].as_py()!r}; that is "
            "a quantity and no class. Cut it into classes first, or choose another target."
        )
    if np.abs(x).max() >= LARGEST:
        raise DataError(
            f"the target {target!r} holds whole numbers beyond 2**53, which no model tells apart. "
            "Write the classes as text or as smaller numbers."
        )
    return tuple(int(label) for label in x)


def _booleans(kind: pa.DataType, values: pa.Array) -> tuple[bool, ...]:
    """False and true, where the labels are these words; nothing otherwise."""
    if pa.types.is_boolean(kind):
        return (False, True)
    folded = {value.lower() for value in values.slice(0, 3).to_pylist()}
    return (False, True) if len(values) == 2 and folded == {"true", "false"} else ()


def _texts(values: pa.Array) -> tuple[str, ...]:
    return tuple(sorted(values.to_pylist()))
