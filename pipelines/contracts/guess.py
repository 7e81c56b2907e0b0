"""What a column most likely is: a type of the contract, or a reason to leave it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Boolean, Category, Column, Date, Integer, Number
from pipelines.contracts import toml
from pipelines.contracts.columns import LARGEST
from pipelines.contracts.naming import names_the_row
from pipelines.contracts.native import as_text, is_text, native
from pipelines.contracts.parsing import Parsed, moments, numbers, words_in
from pipelines.records import DataError

__all__ = ["MARKERS", "Guess", "guess", "markers"]

MARKERS = (
    "NA", "N/A", "n/a", "na", "#N/A", "<NA>", "NaN", "nan", "NAN", "NaT", "null", "NULL", "Null",
    "None", "none", "NONE", "nil", "?", "-", "--", ".", "*", "missing", "Missing", "MISSING",
)  # fmt: skip
CONSTANT = "has the same value in every row"
MOST_VALUES = 100
FEW = 10
RAMP = 20

TRUTH = ({"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"})
LEADING_ZERO = r"\A[+-]?0[0-9]+\z"
DECIMAL_COMMA = r"\A\s*[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?\s*\z"
THOUSANDS = r"\A\s*[+-]?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?\s*\z"
OTHER_DATE = r"\A\s*[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}( .*)?\z"


@dataclass(frozen=True)
class Guess:
    """A column's type with a remark, or the reason why it is left out."""

    column: Column | None
    remark: str = ""


def markers(table: pa.Table) -> list[str]:
    """The missing words in use: each stands in a column that otherwise is numbers or dates."""
    found: set[str] = set()
    for column in table.columns:
        text = _text(column)
        if text is None:
            continue
        text = pc.utf8_trim_whitespace(text)
        used = set(pc.unique(text.filter(pc.is_in(text, pa.array(MARKERS, text.type)))).to_pylist())
        if used - found and (_numeric(text, MARKERS) or _dated(text, MARKERS)):
            found |= used
    return [word for word in MARKERS if word in found]


def _numeric(text: pa.Array, missing: Sequence[str]) -> bool:
    parsed = numbers(text, missing)
    return not parsed.wrong.any() and not parsed.gaps.all()


def _dated(text: pa.Array, missing: Sequence[str]) -> bool:
    parsed = moments(text, missing)
    return not parsed.wrong.any() and not parsed.gaps.all()


def _text(column: pa.ChunkedArray) -> pa.Array | None:
    """The column as text, where it is text in valid UTF-8."""
    try:
        return as_text(column) if is_text(column.type) else None
    except pa.ArrowException:
        return None


def guess(name: str, column: pa.ChunkedArray, missing: Sequence[str]) -> Guess:
    """What a feature column is.

    Raises
    ------
    DataError
        For numbers written with a decimal comma or thousands separators.
    """
    kind = column.type
    if pa.types.is_null(kind):
        return Guess(None, "is empty")
    if is_text(kind):
        text = _text(column)
        bytes_only = Guess(None, "holds bytes that are not UTF-8 text")
        return bytes_only if text is None else _of_text(name, text, missing)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _of_moments(native(column, "date", missing))
    if pa.types.is_boolean(kind):
        return _of_truth(native(column, "boolean", missing))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        whole = pa.types.is_integer(kind)
        return _of_numbers(name, native(column, "number", missing), whole)
    return Guess(None, f"holds {kind}, which is neither a number, a text nor a date")


def _of_truth(parsed: Parsed) -> Guess:
    missing = bool(parsed.gaps.any())
    if parsed.gaps.all():
        return Guess(None, "is empty")
    if len(np.unique(parsed.values)) == 1:
        return Guess(None, CONSTANT)
    return Guess(Boolean(type="boolean", missing=missing))


def _of_text(name: str, text: pa.Array, missing: Sequence[str]) -> Guess:
    gaps = words_in(text, missing)
    present = text.filter(pa.array(~gaps))
    if not len(present):
        return Guess(None, "is empty")
    parsed = numbers(text, missing)
    if not parsed.wrong.any() and not parsed.gaps.all():
        # 00501 is a postcode or a code, and a number no longer tells it from 501.
        coded = pc.match_substring_regex(pc.utf8_trim_whitespace(present), LEADING_ZERO)
        if not pc.any(coded).as_py():
            fraction = pc.any(pc.match_substring_regex(present, r"[^0-9+\- ]")).as_py()
            return _of_numbers(name, parsed, not fraction)
    values = pc.unique(present)
    some = bool(gaps.any())
    if len(values) == 1 and not some:
        return Guess(None, CONSTANT)
    if len(values) <= 4 and {value.lower().strip() for value in values.to_pylist()} in TRUTH:
        return Guess(Boolean(type="boolean", missing=some))
    if _dated(present, missing):
        return _of_moments(moments(text, missing))
    _refuse_commas(name, values)
    return _of_words(values, len(present), some)


def _refuse_commas(name: str, values: pa.Array) -> None:
    trimmed = pc.utf8_trim_whitespace(values)
    values = values.filter(pc.invert(pc.is_in(trimmed, pa.array(MARKERS, values.type))))
    if not pc.any(pc.match_substring(values, ",")).as_py():
        return
    for pattern, what in (
        (THOUSANDS, "thousands separators, or with a decimal comma"),
        (DECIMAL_COMMA, "a decimal comma"),
    ):
        if pc.all(pc.match_substring_regex(values, pattern)).as_py():
            example = values.filter(pc.match_substring(values, ","))[0].as_py()
            raise DataError(
                f"the column {name!r} holds numbers written with {what}, as in {example!r}. Write "
                "them with a decimal point and nothing between the thousands (1234.5), for example "
                'with pandas.read_csv(…, decimal=",").to_csv(…, index=False), or drop the column.'
            )


def _of_numbers(name: str, parsed: Parsed, whole: bool) -> Guess:
    x = parsed.values[~parsed.gaps]
    infinite = bool(np.isinf(x).any())
    x = x[np.isfinite(x)]
    missing = bool(parsed.gaps.any())
    if not x.size:
        return Guess(None, "holds no finite number")
    low, high = float(x.min()), float(x.max())
    if whole and not infinite and max(-low, high) >= LARGEST:
        return Guess(None, "holds whole numbers beyond 2**53, most likely identifiers")
    if low == high and not missing and not infinite:
        return Guess(None, CONSTANT)
    smallest = 0 if low >= 0 else None
    if infinite:
        column = Number(type="number", min=smallest, missing=True, infinite="missing")
        return Guess(column, "infinite values are taken as gaps")
    if not whole and missing:
        # Software without missing integers writes 3.0 for 3 in a column with gaps.
        whole = bool((x == np.rint(x)).all()) and max(-low, high) < LARGEST
    if not whole:
        return Guess(Number(type="number", min=smallest, missing=missing))
    if not missing and (reason := _identifies(name, np.unique(x), x.size)):
        return Guess(None, reason)
    return Guess(Integer(type="integer", min=smallest, missing=missing))


def _identifies(name: str, distinct: NDArray[np.float64], rows: int) -> str:
    """Why whole numbers name the row and do not describe it; empty when they may describe it."""
    if 2 * distinct.size > rows and names_the_row(name, different=distinct.size == rows):
        return "is an identifier by its name and its values"
    ramp = distinct[0] in (0, 1) and distinct[-1] - distinct[0] == rows - 1
    return "counts the rows" if ramp and distinct.size == rows >= RAMP else ""


def _of_moments(parsed: Parsed) -> Guess:
    x = parsed.values[~parsed.gaps]
    if not x.size:
        return Guess(None, "is empty")
    if parsed.wrong.any():
        return Guess(None, "holds dates beyond the years 1 to 9999")
    missing = bool(parsed.gaps.any())
    if not missing and (x == x[0]).all():
        return Guess(None, CONSTANT)
    days = bool((x % 86_400 == 0).all())
    return Guess(Date(type="date", unit="day" if days else "second", missing=missing))


def _of_words(values: pa.Array, present: int, missing: bool) -> Guess:
    """A category, or why the text is none; `values` are distinct, out of `present` cells."""
    count = len(values)
    if pc.any(pc.match_substring(values, "\0")).as_py():
        return Guess(None, "holds text with NUL characters")
    if count > FEW and pc.all(pc.match_substring_regex(values, OTHER_DATE)).as_py():
        return Guess(None, "looks like dates; write them as 2024-12-31 to have them used")
    if count > FEW and count == present:
        return Guess(None, "is an identifier: its text is different in every row")
    if count > FEW and (count > MOST_VALUES or 2 * count > present):
        return Guess(None, f"is text with {count:,} different values, too many for a category")
    listed = sorted(values.to_pylist())
    return Guess(Category(type="category", values=listed, missing=missing), _plain(listed))


def _plain(values: Iterable[str]) -> str:
    """A remark on words that could mean a gap and are taken as text."""
    words = [toml.string(value) for value in values if value.strip() in MARKERS]
    if not words:
        return ""
    stand = "is plain text" if len(words) == 1 else "are plain text"
    return f"{', '.join(words)} {stand} here; if it means a gap, list it in source.missing"
