"""A column as the contract wants it, and where it breaks the contract.

Numbers, integers, booleans and dates become float64 with NaN for a gap; categories become text
with "" for a gap. Text, as CSV gives it, is parsed; Parquet's own types are taken as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Boolean, Category, Column, Date, Integer, Number
from pipelines.contracts.breaches import SHOWN, Breach, Fault
from pipelines.contracts.native import as_text, is_text, native, shown
from pipelines.contracts.parsing import (
    Parsed,
    booleans,
    fractional,
    moments,
    numbers,
    to_numpy,
    words_in,
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
        return _checked(name, values, column, _parsed(values, column, missing))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return _unreadable(name, values, column)


def _unreadable(name: str, values: pa.ChunkedArray, column: Column) -> Typed:
    nothing = np.zeros(0, dtype=np.int64)
    remedy = f"Give it as {column.type}, or leave it out of [columns]."
    what = f"holds {values.type}, where the contract says {column.type}"
    if is_text(values.type):
        what = "holds text that is not valid UTF-8"
    gap = pa.scalar("") if isinstance(column, Category) else pa.scalar(np.nan)
    breach = Breach((name,), "type", what, remedy, nothing)
    return Typed(pa.repeat(gap, len(values)), (breach,))


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
    x, gaps = parsed.values, parsed.gaps
    found = _Breaches(name, raw)
    found.add("type", parsed.wrong, *_SYNTAX[column.type])
    infinite = np.isinf(x)
    infinities = 0
    if infinite.any():
        x = np.where(infinite, np.nan, x)
        if isinstance(column, Number) and column.infinite == "missing":
            infinities = int(infinite.sum())
        else:
            found.add("type", infinite, *_INFINITE)
    # An infinity taken as a gap is one that the contract foresees, so missing may be false.
    missing = gaps | infinite if infinities else gaps
    found.gaps(column, missing if column.missing else gaps)
    if isinstance(column, Integer):
        _whole(found, x, raw)
    if isinstance(column, Number | Integer):
        _range(found, x, column)
    if isinstance(column, Date) and column.unit == "day":
        x = x / DAY
    return Typed(pa.array(x), found.breaches, int(missing.sum()), infinities)


def _whole(found: _Breaches, x: NDArray[np.float64], raw: pa.ChunkedArray) -> None:
    """Add what is not whole, and what a float64 does not hold exactly."""
    with np.errstate(invalid="ignore"):
        broken = ~np.isnan(x) & (x != np.rint(x))
        size = np.abs(x)
        large = size > LARGEST
        brim = size == LARGEST
    if is_text(raw.type):
        # 4503599627370497.4 is no whole number, though the nearest float64 is.
        broken |= fractional(as_text(raw)) & ~np.isnan(x)
    if brim.any():
        large |= brim & ~_exactly_largest(raw)
    found.add("type", broken, "not whole", 'Correct them, or set type = "number".')
    found.add("type", large & ~broken, *_TOO_LARGE)


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
    # Looked at once a distinct text, not once a row; the code past the last stands for a null.
    words, codes = _coded(values)
    gap = np.append(words_in(words, missing), True)
    foul = np.append(to_numpy(pc.match_substring(words, "\0")), False)
    listed = np.append(to_numpy(pc.is_in(words, pa.array(column.values, words.type))), False)
    found = _Breaches(name, values)
    gaps = gap[codes]
    found.gaps(column, gaps)
    if foul.any():
        found.add("type", foul[codes], *_NUL)
    unseen = ~(listed | gap | foul)
    if column.max_unseen is not None:
        found.share("value", unseen[codes], *_UNLISTED, "max_unseen", column.max_unseen, ~gaps)
    elif unseen.any():
        found.add("value", unseen[codes], *_UNLISTED)
    filled = pc.if_else(pa.array(gap[:-1]), "", words)
    text = pa.concat_arrays([filled, pa.array([""], filled.type)]).take(pa.array(codes))
    return Typed(text.cast(pa.string()), found.breaches, int(gaps.sum()))


def _coded(values: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int64]]:
    """The distinct texts, and each row's position among them; of a null, the one past the last."""
    if pa.types.is_dictionary(values.type):
        encoded = values.unify_dictionaries().combine_chunks()
        words = as_text(pa.chunked_array([encoded.dictionary]))
    else:
        encoded = as_text(values).dictionary_encode()
        words = encoded.dictionary
    return words, pc.fill_null(encoded.indices, len(words)).to_numpy()


class _Breaches:
    """Collects the breaches of one column."""

    def __init__(self, name: str, raw: pa.ChunkedArray) -> None:
        self._name = name
        self._raw = raw
        self.breaches: tuple[Breach, ...] = ()

    def add(self, fault: Fault, mask: NDArray[np.bool_], what: str, remedy: str) -> None:
        """Add a breach where the mask has rows."""
        if mask.any():
            self._add(fault, mask, what, remedy)

    def gaps(self, column: Column, gaps: NDArray[np.bool_]) -> None:
        """Add the gaps, where there may be none or only a share of them."""
        if not column.missing:
            self.add("gap", gaps, "missing", "Fill them in, or set missing = true.")
        elif column.max_missing is not None:
            remedy = "Fill them in, or raise max_missing."
            every = np.ones(len(gaps), dtype=bool)
            self.share("gap", gaps, "missing", remedy, "max_missing", column.max_missing, every)

    def share(
        self,
        fault: Fault,
        mask: NDArray[np.bool_],
        what: str,
        remedy: str,
        rule: str,
        allowed: float,
        among: NDArray[np.bool_],
    ) -> None:
        """Add the mask's rows as a share of those among which they may be."""
        out_of = int(among.sum())
        self._add(fault, mask, what, remedy, rule=rule, allowed=allowed, out_of=out_of)

    def _add(
        self, fault: Fault, mask: NDArray[np.bool_], what: str, remedy: str, **rule: Any
    ) -> None:
        rows = np.flatnonzero(mask)
        cells: tuple[str, ...] = ()
        if fault != "gap":
            cells = tuple(shown(self._raw, int(row)) for row in rows[:SHOWN])
        breach = Breach((self._name,), fault, what, remedy, rows, cells, **rule)
        self.breaches = (*self.breaches, breach)


def _exactly_largest(raw: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which cells are ±2**53 itself and no neighbour that float64 rounds to it."""
    digits = str(int(LARGEST))
    text = pc.utf8_trim_whitespace(as_text(raw))
    return to_numpy(pc.is_in(text, value_set=pa.array([digits, f"-{digits}", f"+{digits}"])))


_INFINITE = (
    "infinite or too large for a float64",
    'Correct them, or set infinite = "missing" in a number column to take them as gaps.',
)
_TOO_LARGE = (
    "beyond ±2**53, where a float64 no longer tells neighbours apart",
    "If it is an identifier, leave the column out of [columns].",
)
_NUL = ("text with a NUL character", "Remove the character.")
_UNLISTED = ("not among the listed values", "Correct them, or add them to values.")
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
