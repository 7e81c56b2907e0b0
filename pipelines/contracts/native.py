"""Arrow's own types, as Parquet holds them, to float64 or text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.contracts.parsing import Parsed, is_number, seconds, to_numpy

__all__ = ["as_text", "is_text", "native", "shown"]

# One Arrow string array holds at most 2 GiB; past half of that, offsets of 64 bits are used.
LONG = 1 << 30
TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# The seconds since 1970 at which year 1 begins and year 10000 does.
FIRST, END = -62_135_596_800, 253_402_300_800
DAY = 86_400


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of this type are text that may have to be parsed."""
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def as_text(values: pa.ChunkedArray) -> pa.Array:
    """Any column that is not nested as text: 7, true, 2024-12-31, 0.5; nulls and NaN as null.

    Raises
    ------
    pyarrow.ArrowException
        When the type has no text form, or the text is not valid UTF-8.
    """
    kind = values.type
    if pa.types.is_floating(kind):
        return _text_of_floats(values)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        values = values.cast(pa.timestamp(kind.unit))
    elif is_text(kind):
        values.validate(full=True)
    text = values.cast(pa.large_string() if values.nbytes > LONG else pa.string())
    return text.combine_chunks() if text.num_chunks != 1 else text.chunk(0)


def _text_of_floats(values: pa.ChunkedArray) -> pa.Array:
    """The shortest digits that give the number back, 3 for 3.0, as the Predictor writes them."""
    doubles = pc.cast(values, pa.float64())
    doubles = pc.if_else(pc.is_nan(doubles), None, pc.add(doubles, 0.0))
    encoded = doubles.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = [repr(x).removesuffix(".0") for x in encoded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(encoded.indices)


def native(values: pa.ChunkedArray, kind: str, missing: Sequence[str]) -> Parsed:
    """Numbers, truth values or moments of a column that is not text.

    Raises
    ------
    pyarrow.ArrowTypeError
        When the column's type is not one that the contract's `kind` takes.
    """
    found = values.type
    wrong = np.zeros(len(values), dtype=bool)
    if pa.types.is_null(found):
        x = np.full(len(values), np.nan)
    elif kind == "date" and (pa.types.is_date(found) or pa.types.is_timestamp(found)):
        x, wrong = _since_1970(values)
    elif kind == "boolean" and pa.types.is_boolean(found):
        x = _floats(values.cast(pa.uint8()))
    elif kind != "date" and _is_numeric(found):
        x = _floats(values)
        words = [float(word) for word in missing if is_number(word)]
        if words:
            x[np.isin(x, words)] = np.nan
        if kind == "boolean":
            wrong = ~(np.isnan(x) | (x == 0) | (x == 1))
    else:
        raise pa.ArrowTypeError(f"{found} is not {kind}")
    gaps = np.isnan(x)
    if wrong.any():
        x = np.where(wrong, np.nan, x)
    return Parsed(x, gaps, wrong)


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _floats(values: pa.ChunkedArray) -> NDArray[np.float64]:
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.string())  # whose digits are rounded once
    doubles = pc.cast(values, pa.float64(), safe=False)
    return np.asarray(doubles.to_numpy() + 0.0, dtype=np.float64)  # + 0.0 makes -0.0 into 0.0


def _since_1970(values: pa.ChunkedArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Seconds, NaN for a gap, and which moments are not in the years 1 to 9999."""
    if pa.types.is_date(values.type):
        # Of date64 the milliseconds as they are: a cast to seconds refuses odd ones.
        values = values.cast(pa.timestamp("s" if pa.types.is_date32(values.type) else "ms"))
    per_second = TICKS[values.type.unit]
    gaps = to_numpy(pc.is_null(values))
    ticks = pc.fill_null(values.cast(pa.int64()), 0).to_numpy()
    # In ticks, since the last microseconds of 9999 as float64 seconds are the year 10000.
    widest = np.iinfo(np.int64)
    # A moment told in a zone may lie up to a day beyond in UTC.
    slack = DAY if pa.types.is_timestamp(values.type) and values.type.tz is not None else 0
    first = max((FIRST - slack) * per_second, widest.min)
    last = min((END + slack) * per_second - 1, widest.max)
    beyond = (ticks < first) | (ticks > last)
    return np.where(gaps, np.nan, seconds(ticks, per_second)), beyond


def shown(values: pa.ChunkedArray, row: int) -> str:
    """A cell as text for a message, cut at 40 characters."""
    try:
        text = str(values[row].as_py())
    except (OverflowError, ValueError):  # Python's dates end at the year 9999
        text = str(as_text(values.slice(row, 1))[0].as_py())
    return text if len(text) <= 40 else text[:39] + "…"
