"""Text to numbers, truth values and moments, strictly and a column at a time.

Each function takes an Arrow string array without gaps resolved and gives float64 values with
two masks: `gaps`, the missing words, and `wrong`, the cells that do not follow the syntax.
Where either mask is true the value is NaN.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = [
    "FALSE",
    "TRUE",
    "Parsed",
    "booleans",
    "fractional",
    "is_number",
    "moments",
    "numbers",
    "seconds",
    "to_numpy",
    "words_in",
]

TRUE = ("true", "yes", "t", "y", "1")
FALSE = ("false", "no", "f", "n", "0")

NUMBER = r"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z"
DECIMAL = re.compile(r"[+-]?([0-9]*)\.?([0-9]*)(?:[eE]([+-]?)([0-9]+))?")
INFINITE = r"(?i)\A[+-]?inf(inity)?\z"
NAN = r"(?i)\A[+-]?nan\z"

# ISO 8601: a calendar day, and a time of day with an optional zone. 29 February is looked at
# again, by year.
DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-9])|[0-9]{4}-(0[13-9]|1[0-2])-30"
DAY = rf"({DAY}|[0-9]{{4}}-(0[13578]|1[02])-31)"
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"
ZONE = r"(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
MOMENT = rf"\A{DAY}([T ]{CLOCK}{ZONE}?)?\z"
ZONED = rf"[T ]{CLOCK}{ZONE}\z"


@dataclass(frozen=True)
class Parsed:
    """Values in float64, NaN where a cell is a gap or wrong, and which cells those are."""

    values: NDArray[np.float64]
    gaps: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


def to_numpy(array: pa.Array) -> NDArray[np.bool_]:
    """An Arrow boolean array as NumPy's, null as false."""
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), dtype=bool)


def words_in(text: pa.Array, words: Sequence[str]) -> NDArray[np.bool_]:
    """Which cells are one of the words, with or without spaces around it, empty, or null."""
    known = pa.array(["", *words, *(word.strip() for word in words)], text.type)
    return to_numpy(pc.is_in(text, value_set=known)) | to_numpy(pc.is_null(text))


def numbers(text: pa.Array, missing: Sequence[str]) -> Parsed:
    """Decimal numbers: ``-1.5``, ``+2``, ``.5``, ``1e-3``; ``nan`` is a gap, ``inf`` infinite.

    No thousands separators, hexadecimal digits or underscores. Spaces around are left out.
    A number too large for float64 comes out infinite.
    """
    try:
        values = _floats(text)
    except pa.ArrowInvalid:
        return _numbers_with_gaps(pc.utf8_trim_whitespace(text), missing)
    gaps = np.isnan(values)
    wrong = np.zeros(len(text), dtype=bool)
    if gaps.any():  # Arrow also takes nan(1)
        wrong = gaps & ~to_numpy(pc.match_substring_regex(text, NAN)) & ~to_numpy(pc.is_null(text))
    if any(is_number(word) for word in missing):
        gaps |= words_in(text, missing)
        values = np.where(gaps, np.nan, values)
    return Parsed(values, gaps & ~wrong, wrong)


def _numbers_with_gaps(text: pa.Array, missing: Sequence[str]) -> Parsed:
    gaps = words_in(text, missing) | to_numpy(pc.match_substring_regex(text, NAN))
    right = to_numpy(pc.match_substring_regex(text, NUMBER))
    right |= to_numpy(pc.match_substring_regex(text, INFINITE))
    right &= ~gaps
    values = _floats(pc.if_else(pa.array(right), text, None))
    return Parsed(values, gaps, ~(right | gaps))


def _floats(text: pa.Array) -> NDArray[np.float64]:
    values = pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(values + 0.0, dtype=np.float64)  # + 0.0 makes -0.0 and 0.0 one value


def is_number(word: str) -> bool:
    """Whether a missing word could also be read as a number, as -999 can."""
    try:
        float(word)
    except ValueError:
        return False
    return True


def fractional(text: pa.Array) -> NDArray[np.bool_]:
    """Which decimal numbers are not whole as they are written, whatever float64 makes of them."""
    try:
        pc.cast(text, pa.int64())
    except pa.ArrowInvalid:
        pass
    else:
        return np.zeros(len(text), dtype=bool)
    mask = np.zeros(len(text), dtype=bool)
    for sign in (".", "e", "E"):
        mask |= to_numpy(pc.match_substring(text, sign))
    if mask.any():
        rows = np.flatnonzero(mask)
        written = text.take(pa.array(rows)).dictionary_encode()
        words = [_has_fraction(word) for word in written.dictionary.to_pylist()]
        mask[rows] = np.array(words, dtype=bool)[written.indices.to_numpy()]
    return mask


def _has_fraction(word: str) -> bool:
    """Whether a decimal number has digits other than zero behind the point; 1.5e1 has none."""
    found = DECIMAL.fullmatch(word.strip())
    if found is None:
        return False  # no number at all
    whole, behind, sign, exponent = (part or "" for part in found.groups())
    digits = (whole + behind).rstrip("0")
    zeros = len(whole + behind) - len(digits)
    # No cell has as many digits as would outweigh an exponent of nine digits.
    power = int(sign + (exponent.lstrip("0")[:9] or "0"))
    return bool(digits.strip("0")) and zeros - len(behind) + power < 0


def booleans(text: pa.Array, missing: Sequence[str]) -> Parsed:
    """1 for true, yes, t, y, 1 and 0 for false, no, f, n, 0, in any case."""
    text = pc.utf8_trim_whitespace(text)
    gaps = words_in(text, missing)
    folded = pc.utf8_lower(text)
    true = to_numpy(pc.is_in(folded, value_set=pa.array(TRUE, text.type))) & ~gaps
    false = to_numpy(pc.is_in(folded, value_set=pa.array(FALSE, text.type))) & ~gaps
    values = np.where(true, 1.0, np.where(false, 0.0, np.nan))
    return Parsed(values, gaps, ~(true | false | gaps))


def moments(text: pa.Array, missing: Sequence[str]) -> Parsed:
    """Seconds since 1970-01-01 UTC of ISO 8601 days and moments; without a zone, UTC is meant."""
    text = pc.utf8_trim_whitespace(text)
    gaps = words_in(text, missing)
    right = to_numpy(pc.match_substring_regex(text, MOMENT)) & ~gaps
    right &= ~to_numpy(pc.starts_with(text, "0000"))  # no such year
    leap = right & to_numpy(pc.equal(pc.utf8_slice_codeunits(text, 4, 10), "-02-29"))
    if leap.any():
        years = pc.utf8_slice_codeunits(text.filter(pa.array(leap)), 0, 4)
        year = pc.cast(years, pa.int64()).to_numpy()
        right[leap] = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    zoned = right & to_numpy(pc.match_substring_regex(text, ZONED))
    # Arrow reads six decimals of a second and refuses more.
    text = pc.replace_substring_regex(text, r"(\.[0-9]{6})[0-9]+", r"\1")
    values = np.full(len(text), np.nan)
    for rows, kind in (
        (right & ~zoned, pa.timestamp("us")),
        (zoned, pa.timestamp("us", "UTC")),
    ):
        if rows.any():
            moment = pc.cast(text.filter(pa.array(rows)), kind)
            values[rows] = seconds(pc.cast(moment, pa.int64()).to_numpy(), 1_000_000)
    return Parsed(values, gaps, ~(right | gaps))


def seconds(ticks: NDArray[np.int64], per_second: int) -> NDArray[np.float64]:
    """Ticks as seconds; whole seconds and the rest apart, since ticks may pass 2**53."""
    whole, rest = np.divmod(ticks, per_second)
    return np.asarray(whole + rest / per_second, dtype=np.float64)
