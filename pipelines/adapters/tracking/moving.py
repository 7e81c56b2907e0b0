"""A workspace that was moved: MLflow keeps absolute addresses, which then point nowhere."""

from __future__ import annotations

import sqlite3
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from mlflow.exceptions import MlflowException

from pipelines.adapters.tracking.client import connect

__all__ = ["database", "foreign_roots", "rewrite_roots", "schema_problem"]

# Where MLflow's schema keeps the address of an artifact folder.
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
TAIL = "/mlruns/artifacts"


def database(workspace: Path) -> Path:
    """The workspace's SQLite file."""
    return workspace / "mlruns" / "mlflow.db"


def schema_problem(workspace: Path) -> str:
    """Why MLflow cannot use the database, or nothing."""
    try:
        connect(workspace)
    except MlflowException as error:
        return str(error.message)
    return ""


def foreign_roots(workspace: Path) -> list[str]:
    """Other workspaces' roots, as the recorded addresses write them."""
    here = _roots(workspace)
    with closing(sqlite3.connect(database(workspace))) as connection:
        found = {root for _, _, address in _addresses(connection) if (root := _root(address))}
    return sorted(found - set(here))


def rewrite_roots(workspace: Path, roots: Sequence[str]) -> int:
    """How many addresses were made to point into this workspace; all of them or none."""
    plain, uri = _roots(workspace)
    changed = 0
    with closing(sqlite3.connect(database(workspace))) as connection, connection:
        for table, column, address in list(_addresses(connection)):
            root = _root(address)
            if root in roots:
                new = (uri if root.startswith("file:") else plain) + address[len(root) :]
                connection.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, address)
                )
                changed += 1
    return changed


def _roots(workspace: Path) -> tuple[str, str]:
    resolved = workspace.resolve()
    return str(resolved), resolved.as_uri()


def _root(address: str) -> str:
    """What stands before `/mlruns/artifacts` in a local address, or nothing."""
    scheme = urllib.parse.urlsplit(address).scheme
    before, found, _ = address.rpartition(TAIL)
    return before if found and scheme in ("", "file") else ""


def _addresses(connection: sqlite3.Connection) -> Iterator[tuple[str, str, str]]:
    for table, column in ADDRESSES:
        query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
        for (address,) in connection.execute(query):
            yield table, column, address
