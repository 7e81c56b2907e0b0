"""Reads a table of named columns into features, the form in which a graph takes them.

A *feature* is float64 with NaN for a gap (numbers, integers, booleans as 0 and 1, dates as
days or seconds since 1970-01-01 UTC), or text with "" for a gap. Names and types are taken
strictly, values leniently: a gap is let through also where the contract knows none, and so
is a category that was never seen.

Needs numpy and pandas, nothing of this project: serving.py, which is copied into each MLflow
model, takes this file along.
"""

from __future__ import annotations

import datetime
import decimal
import functools
import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})
DAY = 86_400.0  # seconds
EPOCH = datetime.datetime(1970, 1, 1)
EXACT = 2**53  # float64 holds every integer up to here
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


def table_columns(table: Any) -> dict[str, Any]:
    """The values of each column by name; a dict of single values is one row."""
    if isinstance(table, pd.DataFrame):
        if not table.columns.is_unique:
            twice = sorted({repr(name) for name in table.columns[table.columns.duplicated()]})
            raise InputError(f"The rows have several columns named {', '.join(twice)}.")
        return {name: table[name] for name in table.columns}
    if isinstance(table, Mapping):
        return _mapping_columns(table)
    if isinstance(table, list | tuple) and all(isinstance(row, Mapping) for row in table):
        names = dict.fromkeys(name for row in table for name in row)
        return {name: [row.get(name) for row in table] for name in names}
    if hasattr(table, "column_names") and hasattr(table, "to_pandas"):  # an Arrow table
        return table_columns(table.to_pandas())
    raise InputError(
        f"Rows of type {type(table).__name__} have no column names. Give a DataFrame, an Arrow "
        "table, a dict, or a list of dicts."
    )


def _mapping_columns(table: Mapping[str, Any]) -> dict[str, Any]:
    single = [name for name, value in table.items() if _is_single(value)]
    if len(single) == len(table):
        return {name: [value] for name, value in table.items()}
    if single:
        raise InputError(
            f"The dict mixes single values (column {single[0]!r}) with lists. Give single "
            "values for one row, or a list for each column."
        )
    return dict(table)


def _is_single(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, str | bytes) or not isinstance(value, Iterable)


def read_column(
    name: str, values: Any, spec: Mapping[str, Any], words: frozenset[str]
) -> np.ndarray:
    """The column's feature, read by its type in the contract.

    Parameters
    ----------
    name : str
        For the message of an InputError.
    values : Series, array or list
        One value a row.
    spec : mapping
        The column's entry in the contract.
    words : frozenset of str
        Texts that stand for a gap, "" among them.

    Raises InputError for a value that is not of the column's type.
    """
    column = values if isinstance(values, list | tuple) else _series(name, values)
    kind = spec["type"]
    if kind == "category":
        return _read_texts(name, column, words)
    if kind == "date":
        seconds = _read_seconds(name, column, words)
        return seconds / DAY if spec["unit"] == "day" else seconds
    return _read_numbers(name, column, spec, words)


# A list is read cell by cell as it is: wrapping one row's values in Series costs more than
# the model's whole answer.
Cells = list[Any] | tuple[Any, ...] | pd.Series


def _series(name: str, values: Any) -> pd.Series[Any]:
    if getattr(values, "ndim", 1) != 1:
        raise InputError(f"Column {name!r} is not one value a row.")
    try:
        series = values if isinstance(values, pd.Series) else pd.Series(values)
    except (TypeError, ValueError) as error:
        raise InputError(f"Column {name!r} cannot be read: {error}.") from None
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.astype(series.cat.categories.dtype if series.notna().all() else object)
    return series


def _kind(cells: Cells) -> str:
    return str(getattr(getattr(cells, "dtype", None), "kind", "O"))


def _at(cells: Cells, row: int) -> Any:
    return cells.iloc[row] if isinstance(cells, pd.Series) else cells[row]


def _is_gap(value: Any, words: frozenset[str]) -> bool:
    if isinstance(value, str):
        return value in words or value.strip() in words
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _mistyped(name: str, row: int, value: Any, kind: str) -> InputError:
    return InputError(
        f"Column {name!r} holds {value!r} ({type(value).__name__}) in row {row}, counted from 0; "
        f"the contract says {EXPECTED[kind]}."
    )


def _each(
    name: str, cells: Cells, words: frozenset[str], read: Callable[[Any], float], kind: str
) -> np.ndarray:
    """What `read` makes of each cell, NaN for a gap."""
    x = np.full(len(cells), np.nan)
    for row, value in enumerate(cells.array if isinstance(cells, pd.Series) else cells):
        if not _is_gap(value, words):
            try:
                x[row] = read(value)
            except (TypeError, ValueError, OverflowError):
                raise _mistyped(name, row, value, kind) from None
    return x


def _read_numbers(
    name: str, cells: Cells, spec: Mapping[str, Any], words: frozenset[str]
) -> np.ndarray:
    kind = spec["type"]
    boolean = kind == "boolean"
    if isinstance(cells, pd.Series) and _kind(cells) in ("iufb" if boolean else "iuf"):
        x = cells.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    else:
        x = _each(name, cells, words, _truth if boolean else _number, kind)
    if not boolean and _numerals(words):
        x[np.isin(x, _numerals(words))] = np.nan
    if spec.get("infinite") == "missing":
        x[np.isinf(x)] = np.nan
    outside = _out_of_type(x, kind)
    rounded = np.flatnonzero(np.abs(x) == EXACT).tolist() if kind == "integer" else []
    for row in rounded:
        outside[row] = abs(int(_at(cells, row))) != EXACT  # 2**53 + 1 was rounded to it
    if outside.any():
        row = int(outside.argmax())
        raise _mistyped(name, row, _at(cells, row), kind)
    return x


def _out_of_type(x: np.ndarray, kind: str) -> np.ndarray:
    wrong: np.ndarray = np.isinf(x)
    if kind == "boolean":
        wrong |= ~np.isnan(x) & (x != 0) & (x != 1)
    elif kind == "integer":
        wrong |= ~np.isnan(x) & ((x != np.rint(x)) | (np.abs(x) > EXACT))
    return wrong


@functools.cache
def _numerals(words: frozenset[str]) -> list[float]:
    """The words that may also arrive as a number, as -999 can."""
    return [float(word) for word in sorted(words) if _is_numeral(word)]


def _is_numeral(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _number(value: Any) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | decimal.Decimal):
        raise TypeError
    return float(value)


def _truth(value: Any) -> float:
    if isinstance(value, bool | np.bool_):
        return float(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise ValueError
        return float(word in TRUE_WORDS)
    return _number(value)


def _read_texts(name: str, cells: Cells, words: frozenset[str]) -> np.ndarray:
    out = np.empty(len(cells), dtype=object)
    texts = cells.to_numpy(dtype=object) if isinstance(cells, pd.Series) else cells
    for row, value in enumerate(texts):
        if isinstance(value, str):  # spaces around a category are part of it
            out[row] = "" if value in words else value
        elif _is_gap(value, words):
            out[row] = ""
        else:
            text = _text(value)
            if text is None:
                raise _mistyped(name, row, value, "category")
            out[row] = "" if text in words else text
    return out


def _text(value: Any) -> str | None:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        # Whole numbers beside a gap arrive as floats: 3.0 is the category "3".
        return repr(float(value) + 0.0).removesuffix(".0")  # + 0.0 makes -0.0 into 0.0
    if isinstance(value, datetime.date | np.datetime64 | decimal.Decimal):
        return str(value)
    return None


def _read_seconds(name: str, cells: Cells, words: frozenset[str]) -> np.ndarray:
    """Seconds since 1970-01-01 UTC; whole seconds and the rest apart, as ticks may pass 2**53."""
    dtype = getattr(cells, "dtype", None)
    if not isinstance(cells, pd.Series) or not isinstance(dtype, np.dtype | pd.DatetimeTZDtype):
        return _each(name, cells, words, _seconds, "date")
    if isinstance(dtype, pd.DatetimeTZDtype):
        cells = cells.dt.tz_convert("UTC").dt.tz_localize(None)
    elif dtype.kind != "M":
        return _each(name, cells, words, _seconds, "date")
    moments = cells.to_numpy()
    gaps = np.isnat(moments)
    whole = moments.astype("datetime64[s]")
    out: np.ndarray = whole.astype(np.int64) + (moments - whole) / np.timedelta64(1, "s")
    out[gaps] = np.nan
    return out


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.strip())
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if not isinstance(value, datetime.date):
        raise TypeError
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    # Taken off at the end: near the years 1 and 9999 another zone has no date of its own.
    offset = value.utcoffset() or datetime.timedelta()
    since = value.replace(tzinfo=None) - EPOCH - offset
    rest = since.microseconds * 1_000 + getattr(since, "nanoseconds", 0)  # of pandas' moments
    return float(since.days * 86_400 + since.seconds + rest / 1e9)
