"""A connection to a database that can read, and do nothing else.

| database | how writing is kept out |
|---|---|
| PostgreSQL | a read-only transaction, and a cursor on the server: one statement that reads |
| SQLite | `mode=ro` and `query_only`; any statement but one that reads is refused |
| MySQL, MariaDB, Oracle | a read-only transaction |
| any other | nothing is ever committed; give the training a user that may only read |
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import URL, Engine, exc
from sqlalchemy.pool import NullPool

from pipelines.adapters.sources.environment import expanded, one_line
from pipelines.records import DataError

__all__ = ["READ_ONLY", "Openers", "engine_of", "open_engine", "psycopg_engine"]

SECONDS = 15
# Which of Python's packages holds a driver that is not there.
PACKAGES = {"psycopg": '"logitline[postgres]"', "MySQLdb": "mysqlclient"}
POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")
# What begins a transaction that cannot write, where no option of the connection says so.
READ_ONLY = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}
READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
# By these SQLAlchemy learns of tables; none of them changes the file.
PRAGMAS = {"database_list", "table_info", "table_xinfo", "table_list", "read_uncommitted"}


Openers = Mapping[str, Callable[[URL, Path, str], Engine]]


def open_engine(url: str, base: Path, place: str) -> Engine:
    """An engine that reads from the URL; see `engine_of`."""
    return engine_of(OPENERS, url, base, place)


def engine_of(openers: Openers, url: str, base: Path, place: str) -> Engine:
    """An engine for the URL, `${NAME}` put in, from the opener of its database.

    No connection is made yet.

    Raises
    ------
    DataError
        When the URL cannot be understood, or its driver is not installed.
    """
    address = expanded(url, place)
    try:
        parsed = sqlalchemy.make_url(address)
        parsed = parsed.set(drivername=parsed.drivername.lower())
    except (exc.ArgumentError, ValueError) as error:
        raise DataError(
            f"the url cannot be read ({one_line(error, url)}). Write it as "
            "postgresql://user@host/database or sqlite:///file.db.",
            path=place,
        ) from None
    try:
        return openers.get(parsed.get_backend_name(), _any)(parsed, base, place)
    except exc.NoSuchModuleError:
        scheme = url.partition("://")[0]
        raise DataError(
            f"SQLAlchemy knows no database {scheme!r}. Correct the url, or install what brings it.",
            path=place,
        ) from None
    except ImportError as error:
        name = error.name or "its driver"
        raise DataError(
            f"the driver {name!r} is not installed ({one_line(error, url)}). Install it: pip "
            f"install {PACKAGES.get(name, name)}",
            path=place,
        ) from None


def _postgres(url: URL, base: Path, place: str) -> Engine:  # noqa: ARG001
    # Another driver may send several statements at once, the first of which ends the read-only
    # transaction.
    return psycopg_engine(url, place, "read", execution_options={"postgresql_readonly": True})


def psycopg_engine(url: URL, place: str, done: str, **options: Any) -> Engine:
    """An engine over psycopg; `done` is what is done through it, for who names another driver."""
    if url.drivername not in POSTGRES:
        raise DataError(
            f"PostgreSQL is {done} through psycopg only, not {url.get_driver_name()}. Write "
            "postgresql+psycopg://….",
            path=place,
        )
    return sqlalchemy.create_engine(
        url.set(drivername=POSTGRES[-1]),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=_patience(url),
        **options,
    )


def _patience(url: URL) -> dict[str, Any]:
    """How long psycopg waits for a connection, unless the URL or the environment says so."""
    patient = "connect_timeout" in url.query or "PGCONNECT_TIMEOUT" in os.environ
    return {} if patient else {"connect_timeout": SECONDS}


def _sqlite(url: URL, base: Path, place: str) -> Engine:
    name = url.database or ":memory:"
    file = base / name
    if name == ":memory:" or name.startswith("file:") or not file.is_file():
        raise DataError(
            f"there is no database file {str(file)!r}. A sqlite url holds its path, as seen from "
            "the folder of the config that names it, or else from the working folder: "
            "sqlite:///loans.db, or sqlite:////data/loans.db.",
            path=place,
        )

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro", uri=True)
        connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_only_reading)
        return connection

    return sqlalchemy.create_engine(
        "sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True
    )


def _only_reading(action: int, first: str | None, *_: str | None) -> int:
    reads = action in READING or (action == sqlite3.SQLITE_PRAGMA and first in PRAGMAS)
    return sqlite3.SQLITE_OK if reads else sqlite3.SQLITE_DENY


def _any(url: URL, base: Path, place: str) -> Engine:  # noqa: ARG001
    return sqlalchemy.create_engine(url, poolclass=NullPool, hide_parameters=True)


OPENERS: Openers = {
    "postgres": _postgres,
    "postgresql": _postgres,
    "sqlite": _sqlite,
}
