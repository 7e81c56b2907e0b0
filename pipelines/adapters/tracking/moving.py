"""A workspace that was moved: MLflow keeps absolute addresses, which then point nowhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from mlflow.exceptions import MlflowException

from pipelines.adapters.tracking.client import (
    WorkspaceError,
    database,
    open_database,
    recorded_root,
    roots,
)

__all__ = ["database", "foreign_roots", "rewrite_roots", "schema_problem"]

# Where MLflow's schema keeps the address of an artifact folder.
ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def schema_problem(workspace: Path) -> str:
    """Why MLflow cannot use the database, or nothing."""
    try:
        open_database(workspace)
    except (MlflowException, WorkspaceError) as error:
        return str(error)
    return ""


def foreign_roots(workspace: Path) -> list[str]:
    """Other workspaces' roots, as the recorded addresses write them."""
    with closing(sqlite3.connect(database(workspace))) as connection:
        found = {recorded_root(address) for _, _, address in _addresses(connection)}
    return sorted(found - {"", *roots(workspace)})


def rewrite_roots(workspace: Path, foreign: Sequence[str]) -> int:
    """How many addresses were made to point into this workspace; all of them or none."""
    plain, uri = roots(workspace)
    changed = 0
    with closing(sqlite3.connect(database(workspace))) as connection, connection:
        for table, column, address in list(_addresses(connection)):
            root = recorded_root(address)
            if root in foreign:
                new = (uri if root.startswith("file:") else plain) + address[len(root) :]
                connection.execute(
                    f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, address)
                )
                changed += 1
    return changed


def _addresses(connection: sqlite3.Connection) -> Iterator[tuple[str, str, str]]:
    for table, column in ADDRESSES:
        query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
        for (address,) in connection.execute(query):
            yield table, column, address
