"""What a driver complained of, and so what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sqlalchemy import exc

__all__ = ["remedy_for"]

VALUE = "Mend the value, leave its column out of the query, or cast it to text there."
FILE = "Check that the url names a database file, and that it is whole; copy it again."
SERVER = "Nothing was kept. See to the database, and run this again."
# The class of PostgreSQL's SQLSTATE, where the statement itself is at fault: a syntax or a name
# that it does not know, a right that the user has not, a transaction that may not write.
OF_STATEMENTS = ("42", "25", "0A", "3F", "34")
# Of what sqlite3 raises, only these are said of the file; of statements it says SQLITE_ERROR.
OF_FILES = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_FULL")


def remedy_for(error: Exception, usual: str) -> str:
    """What to do about the error; `usual` where its cause is none that is known here."""
    return next((remedy for is_it, remedy in REMEDIES if is_it(error)), usual)


def _of_a_value(error: Exception) -> bool:
    undecoded = isinstance(_cause(error), sqlite3.OperationalError) and "decode to UTF-8" in str(
        _cause(error)
    )
    return isinstance(error, exc.DataError | UnicodeError) or undecoded


def _of_a_file(error: Exception) -> bool:
    return _sqlite_name(error).startswith(OF_FILES)


def _of_a_server(error: Exception) -> bool:
    state = getattr(_cause(error), "sqlstate", None)
    refused = isinstance(state, str) and not state.startswith(OF_STATEMENTS)
    return refused or _sqlite_name(error).startswith(BUSY)


def _cause(error: Exception) -> object:
    return getattr(error, "orig", None) or error


def _sqlite_name(error: Exception) -> str:
    return str(getattr(_cause(error), "sqlite_errorname", ""))


# Whether an error is of the kind, and what to do; the first that fits.
REMEDIES: tuple[tuple[Callable[[Exception], bool], str], ...] = (
    (_of_a_value, VALUE),
    (_of_a_file, FILE),
    (_of_a_server, SERVER),
)
