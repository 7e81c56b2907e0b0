"""The values that a database's driver gives, as Arrow columns.

A decimal becomes text, digit for digit: who reads the column as numbers rounds each of them
once, as from CSV. So do numbers and texts in one column, which SQLite allows, and whole numbers
that neither int64 nor, beside fractions, float64 holds.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any

import pyarrow as pa

from pipelines.records import DataError

__all__ = ["Columns", "as_kind"]

# The largest whole numbers that float64 and int64 hold with all below them.
LARGEST_FLOAT, LARGEST_INT = 2**53, 2**63 - 1
# From the narrowest to the widest: a column that holds several of them is of the last.
LADDER = (pa.int64(), pa.float64(), pa.string())


def _decimal(value: Decimal) -> str:
    return format(value, "f") if value.is_finite() else str(float(value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


# The types of which a column holds nothing else, and the column's type.
AS_IS: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bytes: pa.binary(),
    date: pa.date32(),
}
# How a value is written where its column is text.
AS_TEXT: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    float: repr,
    Decimal: _decimal,
    uuid.UUID: str,
    time: str,
    timedelta: str,
    dict: _json,
    list: _json,
    IPv4Address: str,
    IPv6Address: str,
    IPv4Interface: str,
    IPv6Interface: str,
    IPv4Network: str,
    IPv6Network: str,
}


class Columns:
    """Collects rows, and gives them as a table."""

    def __init__(self, names: Sequence[str], place: str) -> None:
        self._names = names
        self._place = place
        self._chunks: list[list[pa.Array]] = [[] for _ in names]

    @property
    def rows(self) -> int:
        """How many have been added."""
        return sum(len(chunk) for chunk in self._chunks[0])

    @property
    def nbytes(self) -> int:
        """What they take."""
        return sum(chunk.nbytes for chunks in self._chunks for chunk in chunks)

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add some.

        Raises
        ------
        DataError
            When a column holds what no column of a table can.
        """
        for name, chunks, values in zip(self._names, self._chunks, zip(*rows, strict=True)):  # noqa: B905
            chunks.append(self._array(name, values))

    def table(self) -> pa.Table:
        """All that were added."""
        columns = [self._joined(*each) for each in zip(self._names, self._chunks, strict=True)]
        return pa.table(columns, names=list(self._names))

    def _array(self, name: str, values: Sequence[Any]) -> pa.Array:
        kinds = set(map(type, values)) - {type(None)}
        try:
            if not kinds:
                return pa.nulls(len(values))
            if kinds == {datetime}:
                return self._moments(name, values)
            if len(kinds) == 1 and kinds <= AS_IS.keys() and _fit(values, kinds, LARGEST_INT):
                return pa.array(values, AS_IS[next(iter(kinds))])
            if kinds == {int, float} and _fit(values, kinds, LARGEST_FLOAT):
                return pa.array([None if v is None else float(v) for v in values], pa.float64())
        except (pa.ArrowException, UnicodeError, OverflowError) as error:
            raise DataError(
                f"the column {name!r} holds a value that a table cannot ({error}). Leave the "
                "column out of the query, or cast it to text.",
                path=self._place,
            ) from None
        if kinds <= AS_TEXT.keys():
            return _texts(values)
        raise self._refusal(name, {kind.__name__ for kind in kinds})

    def _moments(self, name: str, values: Sequence[datetime | None]) -> pa.Array:
        zoned = {value.tzinfo is not None for value in values if value is not None}
        if len(zoned) > 1:
            raise self._refusal(name, {"moments with a zone", "moments without one"})
        if False in zoned:
            return pa.array(values, pa.timestamp("us"))
        # Arrow itself leaves the zone out of account where PYARROW_IGNORE_TIMEZONE is set.
        moments = [None if value is None else value.astimezone(UTC) for value in values]
        return pa.array(moments, pa.timestamp("us", "UTC"))

    def _joined(self, name: str, chunks: Sequence[pa.Array]) -> pa.ChunkedArray:
        kinds = {chunk.type for chunk in chunks} - {pa.null()}
        if len(kinds) > 1 and not kinds <= set(LADDER):
            raise self._refusal(name, set(map(str, kinds)))
        kind = max(kinds, key=LADDER.index) if len(kinds) > 1 else next(iter(kinds), pa.null())
        if kind == pa.float64() and not all(_fits_floats(chunk) for chunk in chunks):
            kind = pa.string()
        return pa.chunked_array([_as(chunk, kind) for chunk in chunks], kind)

    def _refusal(self, name: str, kinds: Iterable[str]) -> DataError:
        return DataError(
            f"the column {name!r} holds {' and '.join(sorted(kinds))}, which are no one type of "
            "a table's column. Leave it out of the query, or cast it to text.",
            path=self._place,
        )


def _fit(values: Sequence[Any], kinds: set[type], largest: int) -> bool:
    """Whether the whole numbers among the values keep within ±largest."""
    return int not in kinds or all(abs(v) <= largest for v in values if type(v) is int)


def _fits_floats(chunk: pa.Array) -> bool:
    if chunk.type != pa.int64():
        return True
    return all(value is None or abs(value) <= LARGEST_FLOAT for value in chunk.to_pylist())


def _as(chunk: pa.Array, kind: pa.DataType) -> pa.Array:
    same = chunk.type == kind or chunk.type == pa.null() or kind != pa.string()
    return chunk.cast(kind) if same else _texts(chunk.to_pylist())


def as_kind(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """The column in a type that holds each of its values as exactly, or None."""
    if column.type in (kind, pa.null()):
        return column.cast(kind)
    if not {column.type, kind} <= set(LADDER) or LADDER.index(column.type) > LADDER.index(kind):
        return None
    if kind == pa.float64() and not _fits_floats(column):
        return None
    return pa.chunked_array([_as(chunk, kind) for chunk in column.chunks], kind)


def _texts(values: Sequence[Any]) -> pa.Array:
    texts = (None if value is None else AS_TEXT[type(value)](value) for value in values)
    return pa.array(list(texts), pa.string())
