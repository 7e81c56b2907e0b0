"""A connection to a database that can write."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import sqlalchemy
from sqlalchemy import URL, Engine
from sqlalchemy.pool import NullPool

from pipelines.adapters.sources.engines import Openers, engine_of, psycopg_engine
from pipelines.records import DataError

__all__ = ["open_engine"]

# How long to wait for another writer.
SECONDS = 15.0


def open_engine(url: str, place: str, trial: bool = False) -> Engine:
    """An engine that writes to the URL; no connection is made yet.

    In a trial nothing will be committed, and a file that is not there is not made.
    """
    return engine_of(TRIALS if trial else OPENERS, url, Path(), place)


def _postgres(url: URL, base: Path, place: str) -> Engine:  # noqa: ARG001
    return psycopg_engine(url, place, "written to")


def _sqlite(url: URL, base: Path, place: str) -> Engine:
    return _sqlite_engine(_sqlite_file(url, base, place))


def _sqlite_trial(url: URL, base: Path, place: str) -> Engine:
    file = _sqlite_file(url, base, place)
    return _sqlite_engine(file if file.exists() else ":memory:")


def _sqlite_file(url: URL, base: Path, place: str) -> Path:
    name = url.database or ""
    file = base / name
    if not name or name == ":memory:" or name.startswith("file:") or not file.parent.is_dir():
        raise DataError(
            f"no database file can be at {name!r}. A sqlite url holds its path, as seen from the "
            "working folder, in a folder that is there: sqlite:///answers.db.",
            path=place,
        )
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise DataError(f"{str(file.parent)!r} cannot be written to. Name another.", path=place)
    return file


def _sqlite_engine(file: Path | str) -> Engine:
    def connect() -> sqlite3.Connection:
        # Left to itself, the driver would make a table outside of any transaction.
        return sqlite3.connect(file, timeout=SECONDS, isolation_level=None)

    return sqlalchemy.create_engine(
        "sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True
    )


OPENERS: Openers = {"postgres": _postgres, "postgresql": _postgres, "sqlite": _sqlite}
TRIALS: Openers = {**OPENERS, "sqlite": _sqlite_trial}
