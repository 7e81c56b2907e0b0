"""A column as the contract wants it, and where it breaks the contract.

Numbers, integers, booleans and dates become float64 with NaN for a gap; categories become text
with "" for a gap. Text, as CSV gives it, is parsed; Parquet's own types are taken as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Boolean, Category, Column, Date, Integer, Number
from pipelines.contracts.native import as_text, is_text, native
from pipelines.contracts.parsing import Parsed, booleans, moments, numbers, to_numpy, words_in

__all__ = ["Breach", "Typed", "describe", "typed"]

LARGEST = 2.0**53
SHOWN = 3
DAY = 86_400.0

Fault = Literal["type", "gap", "range", "value"]


@dataclass(frozen=True)
class Breach:
    """One way in which a column breaks the contract.

    Attributes
    ----------
    column : str
    fault : "type", "gap", "range" or "value"
        Unreadable, missing where nothing may be, outside min and max, not a listed category.
    what : str
        What is wrong with the cells, to follow «3 values are».
    remedy : str
    rows : ndarray of int64
        The rows that break it; empty when the column as a whole does.
    cells : tuple of str
        The first of those cells as they were written; none for gaps.
    """

    column: str
    fault: Fault
    what: str
    remedy: str
    rows: NDArray[np.int64]
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Typed:
    """A column's values, its breaches, and how many infinities were taken as gaps."""

    values: pa.Array
    breaches: tuple[Breach, ...] = ()
    infinities: int = 0


def describe(breach: Breach, place: Callable[[int], str]) -> str:
    """The breach in a sentence: column, what, how many, the first places, the remedy."""
    count = len(breach.rows)
    if not count:
        return f"column {breach.column!r} {breach.what}. {breach.remedy}"
    first = [place(int(row)) for row in breach.rows[:SHOWN]]
    if breach.cells:
        first = [f"{where} {cell!r}" for where, cell in zip(first, breach.cells, strict=True)]
    more = ", …" if count > SHOWN else ""
    values = "1 value is" if count == 1 else f"{count} values are"
    what = f"{values} {breach.what}: {', '.join(first)}{more}"
    return f"column {breach.column!r}: {what}. {breach.remedy}"


def typed(name: str, values: pa.ChunkedArray, column: Column, missing: Sequence[str]) -> Typed:
    """The column in the model's types; `missing` are the words that stand for a gap.

    Cells that break the contract come out as gaps, except categories that are not listed and
    numbers out of range, which stay as they are.
    """
    try:
        if isinstance(column, Category):
            return _category(name, values, column, missing)
        parsed = _parsed(values, column, missing)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        nothing = np.zeros(0, dtype=np.int64)
        remedy = f"Give it as {column.type}, or leave it out of [columns]."
        what = f"holds {values.type}, where the contract says {column.type}"
        if is_text(values.type):
            what = "holds text that is not valid UTF-8"
        empty = pa.array([""] * len(values)) if isinstance(column, Category) else None
        gaps = pa.array(np.full(len(values), np.nan)) if empty is None else empty
        return Typed(gaps, (Breach(name, "type", what, remedy, nothing),))
    return _checked(name, values, column, parsed)


def _parsed(values: pa.ChunkedArray, column: Column, missing: Sequence[str]) -> Parsed:
    if not is_text(values.type):
        return native(values, column.type, missing)
    text = as_text(values)
    if isinstance(column, Boolean):
        return booleans(text, missing)
    if isinstance(column, Date):
        return moments(text, missing)
    return numbers(text, missing)


def _checked(name: str, raw: pa.ChunkedArray, column: Column, parsed: Parsed) -> Typed:
    """The parsed numbers, held against the contract."""
    x, gaps, wrong = parsed.values, parsed.gaps, parsed.wrong
    found = _Breaches(name, raw)
    found.add("type", wrong, *_SYNTAX[column.type])
    infinite = np.isinf(x)
    infinities = 0
    if isinstance(column, Number) and column.infinite == "missing":
        infinities = int(infinite.sum())
    else:
        found.add(
            "type",
            infinite,
            "infinite or too large for a float64",
            'Correct them, or set infinite = "missing" in a number column to take them as gaps.',
        )
    x = np.where(infinite, np.nan, x)
    if not column.missing:
        found.add("gap", gaps, "missing", "Fill them in, or set missing = true.")
    if isinstance(column, Integer):
        with np.errstate(invalid="ignore"):
            broken = ~np.isnan(x) & (x != np.rint(x))
        found.add("type", broken, "not whole", 'Correct them, or set type = "number".')
        large = np.abs(x) > LARGEST
        large |= (np.abs(x) == LARGEST) & ~_exactly_largest(raw)
        found.add(
            "type",
            large,
            "beyond ±2**53, where a float64 no longer tells neighbours apart",
            "If it is an identifier, leave the column out of [columns].",
        )
    if isinstance(column, Number | Integer):
        _range(found, x, column)
    if isinstance(column, Date) and column.unit == "day":
        x = x / DAY
    return Typed(pa.array(x), found.breaches, infinities)


def _range(found: _Breaches, x: NDArray[np.float64], column: Number | Integer) -> None:
    for bound, outside, word in (
        (column.min, np.less, "below min"),
        (column.max, np.greater, "above max"),
    ):
        if bound is not None:
            what = f"{word} = {bound}"
            found.add("range", outside(x, bound), what, "Correct them, or move the bound.")


def _category(
    name: str, values: pa.ChunkedArray, column: Category, missing: Sequence[str]
) -> Typed:
    text = as_text(values)
    gaps = words_in(text, missing)
    text = pc.if_else(pa.array(gaps), "", text)
    found = _Breaches(name, values)
    if not column.missing:
        found.add("gap", gaps, "missing", "Fill them in, or set missing = true.")
    foul = to_numpy(pc.match_substring(text, "\0"))
    found.add("type", foul, "with a NUL character in them", "Remove the character.")
    known = to_numpy(pc.is_in(text, value_set=pa.array(column.values, text.type)))
    what = "not among the listed values"
    remedy = "Correct them, or add them to values."
    found.add("value", ~(known | gaps | foul), what, remedy)
    return Typed(text.cast(pa.string()), found.breaches)


class _Breaches:
    """Collects the breaches of one column."""

    def __init__(self, name: str, raw: pa.ChunkedArray) -> None:
        self._name = name
        self._raw = raw
        self.breaches: tuple[Breach, ...] = ()

    def add(self, fault: Fault, mask: NDArray[np.bool_], what: str, remedy: str) -> None:
        """Add a breach where the mask has rows."""
        rows = np.flatnonzero(mask)
        if rows.size:
            cells: tuple[str, ...] = ()
            if fault != "gap":
                cells = tuple(_shortened(self._raw[int(row)].as_py()) for row in rows[:SHOWN])
            breach = Breach(self._name, fault, what, remedy, rows, cells)
            self.breaches = (*self.breaches, breach)


def _shortened(cell: object) -> str:
    text = str(cell)
    return text if len(text) <= 40 else text[:39] + "…"


def _exactly_largest(raw: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which cells are ±2**53 itself and no neighbour that float64 rounds to it."""
    digits = str(int(LARGEST))
    text = pc.utf8_trim_whitespace(as_text(raw))
    return to_numpy(pc.is_in(text, value_set=pa.array([digits, f"-{digits}", f"+{digits}"])))


_SYNTAX = {
    "number": (
        "not readable as a number",
        "Write 1234.5: a decimal point, no thousands separators, no unit.",
    ),
    "integer": ("not readable as a number", "Write 1234: no thousands separators, no unit."),
    "boolean": ("neither true nor false", "Write true/false, yes/no, t/f, y/n or 1/0."),
    "date": ("not readable as a date", "Write 2024-12-31 or 2024-12-31T23:59:59Z."),
}
