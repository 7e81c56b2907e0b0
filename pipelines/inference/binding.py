"""Reads a table of named columns into features, the form in which a graph takes them.

A *feature* is float64 with NaN for a gap (numbers, integers, booleans as 0 and 1, dates as
days or seconds since 1970-01-01 UTC), or text with "" for a gap. Names and types are taken
strictly, values leniently: a gap is let through also where the contract knows none, and so
is a category that was never seen.

Needs numpy and pandas, nothing of this project: it is copied into each MLflow model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

# Relative: in an MLflow model the files lie in a package of another name.
from .cells import DAY, EXACT, numerals, reader
from .columns import (
    Cells,
    at,
    is_arrow,
    moments,
    numbers,
    out_of_type,
    plain,
    since_1970,
)

EXPECTED = {
    "number": "a finite number",
    "integer": "an integer no larger than 2**53",
    "boolean": "a boolean",
    "category": "a category",
    "date": "a date (YYYY-MM-DD, with or without the time)",
}


class InputError(ValueError):
    """The rows cannot be scored: the column, what is wrong with it, what was expected.

    Attributes
    ----------
    what : str
        What is wrong; of a single row, to follow its name.
    row : int or None
        That row, counted from 0.
    """

    def __init__(self, what: str, row: int | None = None) -> None:
        self.what = what
        self.row = row
        super().__init__(what if row is None else f"Row {row}, counted from 0, {what}")


def table_columns(table: Any, wanted: Collection[str] | None = None) -> dict[str, Any]:
    """The values of each column by name; a dict of single values is one row.

    Parameters
    ----------
    table : DataFrame, Arrow table, dict or list of dicts
    wanted : collection of str, optional
        The columns to look at; those that the table lacks make an InputError.
    """
    names = _names(table)
    if wanted is not None:
        require(wanted, names)
        names = list(wanted)
    if isinstance(table, pd.DataFrame):
        return {name: table[name] for name in names}
    if isinstance(table, Mapping):
        return _mapping_columns({name: table[name] for name in names})
    if isinstance(table, list | tuple):
        return {name: [row.get(name) for row in table] for name in names}
    places = {name: place for place, name in enumerate(table.column_names)}
    return {name: table.column(places[name]) for name in names}


def single_row(table: Any) -> Mapping[str, Any] | None:
    """The table's only row as a mapping, where it is seen at once that it has one only.

    A dict may turn out to hold columns; its cells then are no values of any type.
    """
    if isinstance(table, dict):
        return table
    if isinstance(table, pd.DataFrame):
        if len(table) != 1:
            return None
        names = table.columns.tolist()
        cells = table.iat
        row = {name: cells[0, place] for place, name in enumerate(names)}
        return row if len(row) == len(names) else None
    if isinstance(table, list | tuple) and len(table) == 1 and isinstance(table[0], dict):
        return table[0]
    return None


def require(wanted: Collection[str], given: Collection[Any]) -> None:
    """Raise InputError where a wanted column is not among those given."""
    known = set(given)
    absent = [name for name in wanted if name not in known]
    if absent:
        raise InputError(
            f"The rows have no column {', '.join(map(repr, absent))}, which the model needs. "
            f"Given: {', '.join(map(repr, given)) or 'no column'}."
        )


def _names(table: Any) -> list[Any]:
    if isinstance(table, pd.DataFrame):
        return _distinct(list(table.columns))
    if isinstance(table, Mapping):
        return list(table)
    if isinstance(table, list | tuple) and all(isinstance(row, Mapping) for row in table):
        return list(dict.fromkeys(name for row in table for name in row))
    if hasattr(table, "column_names") and hasattr(table, "column"):  # an Arrow table
        return _distinct(list(table.column_names))
    raise InputError(
        f"Rows of type {type(table).__name__} have no column names. Give a DataFrame, an Arrow "
        "table, a dict, or a list of dicts."
    )


def _distinct(names: list[Any]) -> list[Any]:
    if len(set(names)) < len(names):
        twice = sorted({repr(name) for name in names if names.count(name) > 1})
        raise InputError(f"The rows have several columns named {', '.join(twice)}.")
    return names


def _mapping_columns(table: dict[str, Any]) -> dict[str, Any]:
    single = [name for name, value in table.items() if _is_single(value)]
    if len(single) == len(table):
        return {name: [value] for name, value in table.items()}
    if single:
        raise InputError(
            f"The dict mixes single values (column {single[0]!r}) with lists. Give single "
            "values for one row, or a list for each column."
        )
    return table


def _is_single(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, str | bytes) or not isinstance(value, Iterable)


def as_column(name: str, values: Any) -> Cells:
    """The values as a list, a Series or an Arrow array, each of which can be sliced."""
    if isinstance(values, list | tuple | pd.Series) or is_arrow(values):
        return values
    if getattr(values, "ndim", 1) != 1:
        raise InputError(f"Column {name!r} is not one value a row.")
    try:
        return pd.Series(values)
    except (TypeError, ValueError) as error:
        raise InputError(f"Column {name!r} cannot be read: {error}.") from None


def same_length(columns: Mapping[str, Cells]) -> int:
    """The number of rows; raises InputError where the columns differ in it."""
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r}: {length}" for name, length in lengths.items())
        raise InputError(f"The columns are of different lengths ({told}).")
    return next(iter(lengths.values()), 0)


def part(cells: Cells, start: int, stop: int) -> Cells:
    """The rows from `start` up to `stop`."""
    return cells.iloc[start:stop] if isinstance(cells, pd.Series) else cells[start:stop]


def read_column(
    name: str, values: Any, spec: Mapping[str, Any], words: frozenset[str], first: int = 0
) -> np.ndarray:
    """The column's feature, read by its type in the contract.

    Parameters
    ----------
    name : str
        For the message of an InputError.
    values : Series, array, Arrow array or list
        One value a row.
    spec : mapping
        The column's entry in the contract.
    words : frozenset of str
        Texts that stand for a gap, "" among them.
    first : int
        The number of the first row in messages.

    Raises InputError for a value that is not of the column's type.
    """
    cells = plain(as_column(name, values))
    kind = spec["type"]
    if kind == "date" and (found := moments(cells)) is not None:
        seconds = since_1970(found)
        return seconds / DAY if spec["unit"] == "day" else seconds
    if kind in ("number", "integer", "boolean"):
        x = numbers(cells, kind)
        if x is not None:
            return _checked(name, cells, x, spec, words, first)
    return _each(name, cells, spec, words, first)


def _mistyped(name: str, row: int, value: Any, kind: str) -> InputError:
    return InputError(
        f"Column {name!r} holds {value!r} ({type(value).__name__}) in row {row}, counted from 0; "
        f"the contract says {EXPECTED[kind]}."
    )


def _each(
    name: str, cells: Cells, spec: Mapping[str, Any], words: frozenset[str], first: int
) -> np.ndarray:
    """What the column's reader makes of each cell."""
    text = spec["type"] == "category"
    if isinstance(cells, pd.Series):
        values = cells.to_numpy(dtype=object) if text else cells.array
    else:
        values = cells.to_pylist() if is_arrow(cells) else cells
    out = np.empty(len(cells), dtype=object if text else np.float64)
    read = reader(spec, words)
    for row, value in enumerate(values):
        try:
            out[row] = read(value)
        except (TypeError, ValueError, ArithmeticError):
            raise _mistyped(name, first + row, value, spec["type"]) from None
    return out


def _checked(
    name: str,
    cells: Cells,
    x: np.ndarray,
    spec: Mapping[str, Any],
    words: frozenset[str],
    first: int,
) -> np.ndarray:
    """The numbers with their gaps; raises InputError for one that is not of the type."""
    kind = spec["type"]
    if kind != "boolean" and numerals(words):
        x[np.isin(x, sorted(numerals(words)))] = np.nan
    if spec.get("infinite") == "missing":
        x[np.isinf(x)] = np.nan
    outside = out_of_type(x, kind)
    rounded = np.flatnonzero(np.abs(x) == EXACT).tolist() if kind == "integer" else []
    for row in rounded:
        outside[row] = abs(int(at(cells, row))) != EXACT  # 2**53 + 1 was rounded to it
    if outside.any():
        row = int(outside.argmax())
        raise _mistyped(name, first + row, at(cells, row), kind)
    return x
