"""A table of a database that takes all answers in one transaction.

A table that is not there is made. One that has the columns of the answers, as an earlier scoring
left it or the user made it, has its rows replaced, and keeps its types, rights and indexes; any
other is refused, and so the table that is scored never is the one that is written to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy
from sqlalchemy import Connection, Inspector, Table, exc

from pipelines.adapters.sinks.engines import open_engine
from pipelines.adapters.sinks.loading import load, table_of
from pipelines.adapters.sources.causes import remedy_for
from pipelines.adapters.sources.environment import one_line
from pipelines.config import Address
from pipelines.records import DataError

__all__ = ["DatabaseTable", "open_delivery"]

# Rows of one insertion.
ROWS = 20_000
CONNECTING = "Check the url, that the database runs, and the credentials in the environment."
WRITING = "Nothing was changed there. See to it, and run this again."
# What keeps other writers out until the transaction ends, where an insertion alone does not.
LOCKS = {"postgresql": "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE"}
BEGIN = {"sqlite": "BEGIN IMMEDIATE"}
# Where a table that is made in a transaction is gone when this is rolled back.
MAKES_IN_TRANSACTIONS = ("postgresql", "sqlite")


class DatabaseTable:
    """The table at a database's address, relative paths seen from the working folder."""

    suffix = ".parquet"

    def __init__(self, address: Address) -> None:
        self.place = address.place
        self._url = address.url or ""
        self._name = address.table or ""

    def require(self) -> None:
        """Refuse a database that does not answer, and a name that is no table's."""
        with self._transaction(trial=True) as connection:
            self._find(connection)

    def require_columns(self, schema: pa.Schema) -> None:
        """Refuse a table of other columns, and what the database refuses of a new one."""
        with self._transaction(trial=True) as connection:
            if connection.dialect.name in MAKES_IN_TRANSACTIONS:
                self._empty(connection, schema)
            else:
                self._require_same(connection, *self._find(connection), schema.names)

    def deliver(self, path: Path) -> None:
        """Put the rows of a Parquet file into the table instead of what it held."""
        file = pq.ParquetFile(path)
        with self._transaction() as connection:
            table = self._empty(connection, file.schema_arrow)
            for batch in file.iter_batches(batch_size=ROWS, use_threads=False):
                load(connection, table, pa.Table.from_batches([batch]))
            connection.commit()

    def _empty(self, connection: Connection, schema: pa.Schema) -> Table:
        """The table without rows and with these columns."""
        schema_name, name, is_there = self._find(connection)
        table = table_of(name, schema_name, schema, self.place)
        self._require_same(connection, schema_name, name, is_there, schema.names)
        if not is_there:
            table.create(connection)
            return table
        lock = LOCKS.get(connection.dialect.name)
        if lock:
            quoted = connection.dialect.identifier_preparer.format_table(table)
            connection.exec_driver_sql(lock.format(quoted))
        connection.execute(table.delete())
        return table

    def _find(self, connection: Connection) -> tuple[str | None, str, bool]:
        """The table's schema, if it is named, its own name, and whether it is there."""
        inspector: Inspector = sqlalchemy.inspect(connection)
        schema, _, short = self._name.partition(".")
        places: list[tuple[str | None, str]] = [(None, self._name)]
        if short and schema in inspector.get_schema_names():
            places.append((schema, short))
        found = next((each for each in places if inspector.has_table(each[1], each[0])), None)
        if found is None:
            return *places[-1], False
        if found[1] not in inspector.get_table_names(found[0]):
            raise DataError(
                f"{self._name!r} is a view or the like, and not a table. Name another.",
                path=self.place,
            )
        return *found, True

    def _require_same(
        self,
        connection: Connection,
        schema: str | None,
        name: str,
        is_there: bool,
        names: Sequence[str],
    ) -> None:
        longest = connection.dialect.max_identifier_length
        for each in (name, *names):
            if len(each.encode()) > longest:
                raise DataError(
                    f"the name {each!r} is longer than the {longest} bytes that the database "
                    "takes. Shorten it.",
                    path=self.place,
                )
        if not is_there:
            return
        held = {each["name"] for each in sqlalchemy.inspect(connection).get_columns(name, schema)}
        if held != set(names):
            absent = [each for each in names if each not in held]
            which = f"it has no {absent[0]!r}" if absent else f"it has {min(held - set(names))!r}"
            raise DataError(
                f"there is a table of this name already, and its columns are not those of the "
                f"answers ({which}). Only the rows of a table that has them are replaced. Name "
                "another table, or drop this one.",
                path=self.place,
            )

    @contextmanager
    def _transaction(self, trial: bool = False) -> Iterator[Connection]:
        """A connection in a transaction, which is rolled back unless the block commits it."""
        engine = open_engine(self._url, self.place, trial)
        with self._refusals("there is no connection", CONNECTING):
            connection = engine.connect()
        with connection, self._refusals("this cannot be written", WRITING):
            begin = BEGIN.get(connection.dialect.name)
            if begin:
                connection.exec_driver_sql(begin)
            yield connection

    @contextmanager
    def _refusals(self, what: str, remedy: str) -> Iterator[None]:
        """What SQLAlchemy and the driver raise, as a sentence without secrets."""
        try:
            yield
        except (exc.SQLAlchemyError, UnicodeError) as error:
            said = one_line(getattr(error, "orig", None) or error, self._url)
            remedy = remedy if remedy == CONNECTING else remedy_for(error, remedy)
            raise DataError(f"{what} ({said}). {remedy}", path=self.place) from None


def open_delivery(address: Address) -> DatabaseTable:
    """The table that the address names."""
    return DatabaseTable(address)
