"""A column as the contract wants it, and where it breaks the contract.

Numbers, integers, booleans and dates become float64 with NaN for a gap; categories become text
with "" for a gap. Text, as CSV gives it, is parsed; Parquet's own types are taken as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Boolean, Category, Column, Date, Integer, Number
from pipelines.contracts.breaches import Breach, ColumnBreaches
from pipelines.contracts.categories import UNREADABLE, looked_up, unreadable
from pipelines.contracts.native import as_text, is_text, native
from pipelines.contracts.parsing import (
    Parsed,
    booleans,
    fractional,
    moments,
    numbers,
    to_numpy,
)

__all__ = ["Typed", "typed"]

LARGEST = 2.0**53
DAY = 86_400.0


@dataclass(frozen=True)
class Typed:
    """A column's values, its breaches, its gaps, and how many infinities became such."""

    values: pa.Array
    breaches: tuple[Breach, ...] = ()
    gaps: int = 0
    infinities: int = 0


def typed(name: str, values: pa.ChunkedArray, column: Column, missing: Sequence[str]) -> Typed:
    """The column in the model's types; `missing` are the words that stand for a gap.

    Cells that break the contract come out as gaps, except categories that are not listed and
    numbers out of range, which stay as they are. A rule that allows a share of the cells gives
    a breach with those cells, be they few or none: only the whole table tells whether it
    stands (see `Findings`).
    """
    try:
        if isinstance(column, Category):
            return _category(name, values, column, missing)
        text = as_text(values) if is_text(values.type) else None
        parsed = (
            native(values, column.type, missing) if text is None else _read(text, column, missing)
        )
        return _checked(name, values, text, column, parsed)
    except UNREADABLE:
        gap = pa.scalar("") if isinstance(column, Category) else pa.scalar(np.nan)
        breach = unreadable(name, values, column)
        return Typed(pa.repeat(gap, len(values)), (breach,))


def _read(text: pa.Array, column: Column, missing: Sequence[str]) -> Parsed:
    if isinstance(column, Boolean):
        return booleans(text, missing)
    if isinstance(column, Date):
        return moments(text, missing)
    return numbers(text, missing)


def _checked(
    name: str, raw: pa.ChunkedArray, text: pa.Array | None, column: Column, parsed: Parsed
) -> Typed:
    """The parsed numbers, held against the contract."""
    x, gaps = parsed.values, parsed.gaps
    found = ColumnBreaches(name, raw)
    found.add("type", parsed.wrong, *_SYNTAX[column.type])
    low, high = _extremes(x)
    infinities = 0
    if np.isinf(low) or np.isinf(high):
        infinite = np.isinf(x)
        x = np.where(infinite, np.nan, x)
        low, high = _extremes(x)
        if isinstance(column, Number) and column.infinite == "missing":
            infinities = int(infinite.sum())
        else:
            found.add("type", infinite, *_INFINITE)
    # An infinity taken as a gap is one that the contract foresees, so missing may be false.
    missing = gaps | infinite if infinities else gaps
    found.gaps(column, missing if column.missing else gaps)
    if isinstance(column, Integer):
        _whole(found, x, raw if text is None else text, max(-low, high))
    if isinstance(column, Number | Integer):
        _range(found, x, column, (low, high))
    if isinstance(column, Date) and column.unit == "day":
        x = x / DAY
    return Typed(pa.array(x), found.breaches, int(np.count_nonzero(missing)), infinities)


def _extremes(x: NDArray[np.float64]) -> tuple[float, float]:
    """The smallest and the largest number; NaN where there is none."""
    if not len(x):
        return np.nan, np.nan
    return float(np.fmin.reduce(x)), float(np.fmax.reduce(x))


def _whole(
    found: ColumnBreaches,
    x: NDArray[np.float64],
    raw: pa.Array | pa.ChunkedArray,
    largest: float,
) -> None:
    """Add what is not whole, and what a float64 does not hold exactly."""
    with np.errstate(invalid="ignore"):
        broken = ~np.isnan(x) & (x != np.rint(x))
        if is_text(raw.type):
            # 4503599627370497.4 is no whole number, though the nearest float64 is.
            broken |= fractional(raw) & ~np.isnan(x)
        found.add("type", broken, "not whole", 'Correct them, or set type = "number".')
        if largest < LARGEST:
            return
        large = np.abs(x) >= LARGEST
    large &= (np.abs(x) > LARGEST) | ~_exactly_largest(raw)
    found.add("type", large & ~broken, *_TOO_LARGE)


def _range(
    found: ColumnBreaches,
    x: NDArray[np.float64],
    column: Number | Integer,
    extremes: tuple[float, float],
) -> None:
    for bound, outside, extreme, word in (
        (column.min, np.less, extremes[0], "below min"),
        (column.max, np.greater, extremes[1], "above max"),
    ):
        if bound is not None and outside(extreme, bound):
            what = f"{word} = {bound}"
            found.add("range", outside(x, bound), what, "Correct them, or move the bound.")


def _category(
    name: str, values: pa.ChunkedArray, column: Category, missing: Sequence[str]
) -> Typed:
    cells = looked_up(name, values, column, missing)
    filled = pc.if_else(pa.array(cells.gap[:-1]), "", cells.words)
    text = pa.concat_arrays([filled, pa.array([""], filled.type)]).take(pa.array(cells.codes))
    gaps = int(np.count_nonzero(cells.gap[cells.codes]))
    return Typed(text.cast(pa.string()), cells.breaches, gaps)


def _exactly_largest(raw: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which cells are ±2**53 itself and no neighbour that float64 rounds to it."""
    digits = str(int(LARGEST))
    text = pc.utf8_trim_whitespace(raw if is_text(raw.type) else as_text(raw))
    return to_numpy(pc.is_in(text, value_set=pa.array([digits, f"-{digits}", f"+{digits}"])))


_INFINITE = (
    "infinite or too large for a float64",
    'Correct them, or set infinite = "missing" in a number column to take them as gaps.',
)
_TOO_LARGE = (
    "beyond ±2**53, where a float64 no longer tells neighbours apart",
    "If it is an identifier, leave the column out of [columns].",
)
_SYNTAX = {
    "number": (
        "not readable as a number",
        "Write 1234.5: a decimal point, no thousands separators, no unit.",
    ),
    "integer": ("not readable as a number", "Write 1234: no thousands separators, no unit."),
    "boolean": ("neither true nor false", "Write true/false, yes/no, t/f, y/n or 1/0."),
    "date": (
        "not readable as a date",
        "Write 2024-12-31 or 2024-12-31T23:59:59Z, in the years 1 to 9999.",
    ),
}
