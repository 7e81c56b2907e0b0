"""An answer of a database in batches, all of whose tables have the same types.

A column's type is what the database declares, where it does and the first batch fits; else that
of the first batch, and text where this has gaps alone. Later values that it does not hold are
refused: what was read before them is gone already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy
from sqlalchemy import Connection, CursorResult, types

from pipelines.adapters.sources.values import as_kind
from pipelines.records import DataError

__all__ = ["Steady", "kinds_of_answer", "kinds_of_table"]

Kinds = dict[str, pa.DataType]
# PostgreSQL's numbers of types (pg_type.oid); the values of any other become text.
OIDS = {
    16: pa.bool_(),
    17: pa.binary(),
    20: pa.int64(),
    21: pa.int64(),
    23: pa.int64(),
    26: pa.int64(),
    700: pa.float64(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", "UTC"),
}
# SQLAlchemy's classes of types, for databases that say nothing with an answer; first that fits.
KINDS: tuple[tuple[type[types.TypeEngine[Any]], pa.DataType], ...] = (
    (types.Numeric, pa.float64()),
    (types.Integer, pa.int64()),
    (types.String, pa.string()),
)


class Steady:
    """Gives every batch the columns' types that the first one has.

    Parameters
    ----------
    place : str
        Names the answer in messages.
    kinds : mapping
        Column → the type that the database declares, as far as it does.

    Attributes
    ----------
    rows : int
        How many have come.
    """

    def __init__(self, place: str, kinds: Mapping[str, pa.DataType]) -> None:
        self._place = place
        self._declared = kinds
        self._kinds: dict[str, pa.DataType] = {}
        self.rows = 0

    def fitted(self, table: pa.Table) -> pa.Table:
        """The batch's rows in those types.

        Raises
        ------
        DataError
            When a column has a value that its type does not hold.
        """
        if not self._kinds:
            self._kinds = {
                name: self._first(name, table.column(name)) for name in table.schema.names
            }
        columns = [self._held(name, table.column(name)) for name in table.schema.names]
        self.rows += table.num_rows
        return pa.table(columns, names=table.schema.names)

    def _first(self, name: str, column: pa.ChunkedArray) -> pa.DataType:
        kind = self._declared.get(name)
        if kind is not None and as_kind(column, kind) is not None:
            return kind
        return pa.string() if column.type == pa.null() else column.type

    def _held(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        kind = self._kinds[name]
        held = as_kind(column, kind)
        if held is None:
            raise DataError(
                f"the column {name!r} holds {column.type} behind row {self.rows:,} and {kind} "
                "before, which are no one type of a table's column. Cast it to text in a query: "
                f"SELECT CAST({name} AS TEXT) AS {name}, ….",
                path=self._place,
            )
        return held


def kinds_of_table(connection: Connection, name: str, schema: str | None) -> Kinds:
    """Column → the type of its values, as far as the database declares one."""
    columns = sqlalchemy.inspect(connection).get_columns(name, schema)
    found = ((each["name"], _kind(each["type"])) for each in columns)
    return {name: kind for name, kind in found if kind is not None}


def kinds_of_answer(connection: Connection, answer: CursorResult[Any]) -> Kinds:
    """Column → the type of its values, as far as the driver tells it before the first row."""
    if connection.dialect.name != "postgresql" or answer.cursor is None:
        return {}
    told: Sequence[Any] = answer.cursor.description or ()
    return {each[0]: OIDS.get(each[1], pa.string()) for each in told}


def _kind(type_: types.TypeEngine[Any]) -> pa.DataType | None:
    return next((kind for known, kind in KINDS if isinstance(type_, known)), None)
