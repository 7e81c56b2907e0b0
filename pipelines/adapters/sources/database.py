"""Rows of a database: a table, or the answer to a query, over SQLAlchemy.

The connection can only read (`engines`). A query's `:name` are bound, never put into its text;
a table's name is quoted. A table with a primary key comes in that key's order, anything else in
the order in which the database gives it: a query needs an ORDER BY to have a digest that stays.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy
from sqlalchemy import Connection, CursorResult, Select, TextClause, exc
from sqlalchemy.sql import quoted_name

from pipelines.adapters.sources.causes import remedy_for
from pipelines.adapters.sources.engines import READ_ONLY, open_engine
from pipelines.adapters.sources.environment import one_line
from pipelines.adapters.sources.origin import Answer
from pipelines.adapters.sources.streaming import Steady, kinds_of_answer, kinds_of_table
from pipelines.adapters.sources.values import Columns
from pipelines.adapters.tables import Batch, parquet
from pipelines.adapters.tables.header import check_names
from pipelines.config import Address
from pipelines.records import DataError

__all__ = ["Database", "open_source"]

# Rows of one round trip, and where the memory is to be bounded, whatever their length.
ROWS, STEP = 20_000, 1_024
# A batch is given out when it takes so much.
MOST_BYTES = 1 << 22
# :name, but neither ::name, which is a cast, nor \:name.
BIND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
SHOWN = 10
CONNECTING = "Check the url, that the database runs, and the credentials in the environment."
ASKING = "It must be one statement that only reads, such as SELECT, of what this user may read."
FETCHING = "Nothing was kept. See to it, and run this again."


class Database(Answer):
    """A table or a query at a database's URL."""

    kind = "database"

    def __init__(self, address: Address, base: Path) -> None:
        super().__init__(address.place, address.table or "query")
        self._url = address.url or ""
        self._address = address
        self._base = base

    def names(self) -> list[str]:
        """Those of the answer, of which no row is computed where the database allows it."""
        with self._connection() as connection:
            with self._refusals("this cannot be read", self._asking):
                statement = self._statement(connection, rows=False)
            with suppress(exc.SQLAlchemyError):
                return list(connection.execute(statement).keys())
            connection.rollback()
            return list(self._answer(connection).keys())

    def ask(self) -> pa.Table:
        """All rows of the answer."""
        with self._connection() as connection:
            answer = self._answer(connection)
            columns = Columns(list(answer.keys()), self.place)
            with self._refusals("it stopped after {:,} rows", FETCHING, columns):
                for rows in answer.partitions(ROWS):
                    columns.add(rows)
        return columns.table()

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows of one answer, fewer where they are long, in the types that the first has."""
        with self._connection() as connection:
            kinds = self._declared(connection)
            answer = self._answer(connection, min(rows, STEP))
            steady = Steady(self.place, kinds | kinds_of_answer(connection, answer))
            with self._refusals("it stopped after {:,} rows", FETCHING, steady):
                for columns in self._gathered(answer, rows):
                    table, first = columns.table(), steady.rows + 1
                    table = table.select(parquet.own_names(self.place, table.schema))
                    yield Batch(steady.fitted(table), "rows", first)
        if not steady.rows:
            raise DataError("gives no rows.", path=self.place)

    def _gathered(self, answer: CursorResult[Any], rows: int) -> Iterator[Columns]:
        """At most so many rows at a time, and of MOST_BYTES no more than a step too many."""
        step = min(rows, STEP)
        columns = Columns(list(answer.keys()), self.place)
        for part in answer.partitions(step):
            columns.add(part)
            if columns.rows + step > rows or columns.nbytes >= MOST_BYTES:
                yield columns
                columns = Columns(list(answer.keys()), self.place)
        if columns.rows:
            yield columns

    def files(self) -> list[str]:
        """The name of the file that the rows would be in."""
        return [re.sub(r"[^\w.-]+", "-", self.name) + ".parquet"]

    def fingerprint(self) -> None:
        """Nothing: only asking tells what a database holds."""

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection that only reads, and is closed afterwards."""
        engine = open_engine(self._url, self._base, self.place)
        with self._refusals("there is no connection", CONNECTING):
            connection = engine.connect()
        try:
            yield connection
        finally:
            connection.close()

    def _declared(self, connection: Connection) -> dict[str, pa.DataType]:
        """The types of a table's columns, as far as the database declares them."""
        if not self._address.table:
            return {}
        with self._refusals("this cannot be read", self._asking):
            schema, name = self._found(connection)
            return kinds_of_table(connection, name, schema)

    def _answer(self, connection: Connection, rows: int = ROWS) -> CursorResult[Any]:
        with self._refusals("this cannot be read", self._asking):
            statement = self._statement(connection, rows=True)
            answer = connection.execute(statement, execution_options={"yield_per": rows})
            if not answer.returns_rows:
                raise DataError(f"the query answers nothing. {ASKING}", path=self.place)
            check_names(self.place, list(answer.keys()))
            return answer

    def _statement(self, connection: Connection, rows: bool) -> Select[Any] | TextClause:
        begin = READ_ONLY.get(connection.dialect.name)
        if begin:
            connection.exec_driver_sql(begin)
        if not self._address.table:
            return self._query(rows)
        table = self._table(connection)
        return table if rows else table.where(sqlalchemy.false())

    @property
    def _asking(self) -> str:
        unbound = set(BIND.findall(self._address.query or "")) - self._address.parameters.keys()
        named = sorted(name for name in unbound if name.isidentifier())
        hint = f" The parameters give no value for :{', :'.join(named)}." if named else ""
        return ASKING + hint

    def _query(self, rows: bool) -> TextClause:
        query, given = self._address.query or "", self._address.parameters
        idle = given.keys() - set(BIND.findall(query))
        if idle:
            raise DataError(
                f"the query has no :{min(idle)}, for which a parameter has a value. Use it or drop "
                "the parameter.",
                path=self.place,
            )
        # Anything else with a colon is no parameter: 'at 12 :30' stays as it is.
        escaped = BIND.sub(lambda each: each[0] if each[1] in given else rf"\{each[0]}", query)
        if not rows:
            escaped = f"SELECT * FROM (\n{escaped}\n) AS answer WHERE 1 = 0"
        return sqlalchemy.text(escaped).bindparams(**given)

    def _table(self, connection: Connection) -> Select[Any]:
        """All of the table, in the order of its primary key."""
        schema, name = self._found(connection)
        inspector = sqlalchemy.inspect(connection)
        key = inspector.get_pk_constraint(name, schema)["constrained_columns"]
        schema_name = None if schema is None else quoted_name(schema, quote=True)
        table = sqlalchemy.table(quoted_name(name, quote=True), schema=schema_name)
        order: list[sqlalchemy.ColumnClause[Any]] = [
            sqlalchemy.column(quoted_name(column, quote=True)) for column in key
        ]
        return sqlalchemy.select(sqlalchemy.text("*")).select_from(table).order_by(*order)

    def _found(self, connection: Connection) -> tuple[str | None, str]:
        """The table's schema, if it is named, and its own name."""
        inspector, name = sqlalchemy.inspect(connection), self._address.table or ""
        schema, _, short = name.partition(".")
        places = [(None, name), *([(schema, short)] if short else [])]
        found = next((each for each in places if inspector.has_table(each[1], each[0])), None)
        if found is None:
            known = sorted([*inspector.get_table_names(), *inspector.get_view_names()])
            near = difflib.get_close_matches(name, known, n=1)
            shown = ", ".join(map(repr, known[:SHOWN])) + (", …" if len(known) > SHOWN else "")
            hint = f"Did you mean {near[0]!r}?" if near else f"It has {shown or 'none'}."
            raise DataError(f"the database has no table {name!r}. {hint}", path=self.place)
        return found

    @contextmanager
    def _refusals(
        self, what: str, remedy: str, columns: Columns | Steady | None = None
    ) -> Iterator[None]:
        """What SQLAlchemy and the driver raise, as a sentence without secrets."""
        try:
            yield
        except (exc.SQLAlchemyError, UnicodeError) as error:
            cause = getattr(error, "orig", None) or error
            said = one_line(cause, self._url)
            what = what.format(columns.rows if columns else 0)
            remedy = remedy if remedy == CONNECTING else remedy_for(error, remedy)
            raise DataError(f"{what} ({said}). {remedy}", path=self.place) from None


def open_source(address: Address, base: Path) -> Database:
    """The table or query at the address."""
    return Database(address, base)
