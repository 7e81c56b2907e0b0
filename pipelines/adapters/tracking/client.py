"""Where MLflow keeps a workspace's runs, versions and artifacts."""

from __future__ import annotations

import fcntl
import os
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import DatabaseError

MlflowError = MlflowException
"""What MLflow raises, for those who may not import it."""

__all__ = [
    "MlflowError",
    "WorkspaceError",
    "artifact_root",
    "connect",
    "database",
    "experiment",
    "local_uri",
    "locked",
    "open_database",
    "recorded_root",
    "roots",
    "tracking_uri",
]


class WorkspaceError(ValueError):
    """The workspace's MLflow database or artifacts cannot be used; says what to do."""


def tracking_uri(workspace: Path) -> str:
    """MLFLOW_TRACKING_URI where it is set, else the workspace's own SQLite database."""
    return os.environ.get("MLFLOW_TRACKING_URI") or local_uri(workspace)


def local_uri(workspace: Path) -> str:
    """The address of the workspace's SQLite database."""
    return f"sqlite:///{database(workspace).resolve()}"


def database(workspace: Path) -> Path:
    """The workspace's SQLite file."""
    return workspace / "mlruns" / "mlflow.db"


def artifact_root(workspace: Path) -> Path:
    """The folder of the workspace's artifacts."""
    return (workspace / "mlruns" / "artifacts").resolve()


def connect(workspace: Path) -> MlflowClient:
    """A client of the workspace's tracking store, its database made where there is none.

    Raises
    ------
    WorkspaceError
        If the database cannot be used, or the workspace was moved: artifacts would then go
        to where it was.
    """
    client = open_database(workspace)
    if tracking_uri(workspace) == local_uri(workspace):
        found = {recorded_root(each.artifact_location) for each in client.search_experiments()}
        elsewhere = sorted(found - {"", *roots(workspace)})
        if elsewhere:
            raise WorkspaceError(
                f"{workspace.resolve()} was moved: MLflow still looks for its artifacts under "
                f"{', '.join(elsewhere)}. Run: logitline doctor --fix"
            )
    return client


def open_database(workspace: Path) -> MlflowClient:
    """As `connect`, of a workspace that was moved too."""
    uri = tracking_uri(workspace)
    if uri != local_uri(workspace):
        return MlflowClient(tracking_uri=uri)
    path = database(workspace)
    if "?" in uri:
        raise WorkspaceError(
            f"{path}: a database's address has no place for a question mark. Rename the folder."
        )
    artifact_root(workspace).mkdir(parents=True, exist_ok=True)
    try:
        with locked(workspace, "schema"):
            if not path.exists():
                _make_database(path)
            client = MlflowClient(tracking_uri=uri)
            client.search_experiments(max_results=1)
    except (DatabaseError, MlflowException) as error:  # MLflow wraps the one, once it is open
        if "database is locked" in str(error):
            raise WorkspaceError(
                f"{path} is in use (its database is locked). Wait for what writes to it, and run "
                "this again."
            ) from None
        if not isinstance(error, DatabaseError):
            raise
        raise WorkspaceError(
            f"{path} cannot be used as MLflow's database ({error.orig}). Bring back a copy, or "
            "move it away: the next training then makes a new one."
        ) from None
    return client


def _make_database(path: Path) -> None:
    """Write an empty database with MLflow's schema.

    The first client on an address makes the schema in some seconds and many transactions;
    killed among them it leaves a file that MLflow refuses for ever. So it is made beside.
    """
    draft = path.with_name(f".{path.name}")
    for leftover in (draft, draft.with_name(f"{draft.name}-journal")):
        leftover.unlink(missing_ok=True)
    MlflowClient(tracking_uri=f"sqlite:///{draft.resolve()}").search_experiments(max_results=1)
    draft.replace(path)


def roots(workspace: Path) -> tuple[str, str]:
    """The workspace's folder as recorded addresses write it: as a path, and as a file URL."""
    resolved = workspace.resolve()
    return str(resolved), resolved.as_uri()


def recorded_root(address: str) -> str:
    """What stands before `/mlruns/artifacts` in a local address, or nothing."""
    match = re.match(r"(.*)/mlruns/artifacts(?:/|$)", address, re.DOTALL)
    scheme = urllib.parse.urlsplit(address).scheme
    return match[1] if match and scheme in ("", "file") else ""


def experiment(client: MlflowClient, workspace: Path, name: str) -> str:
    """The id of the experiment of that name, made where there is none."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)
    local = tracking_uri(workspace) == local_uri(workspace)
    location = (artifact_root(workspace) / name).as_uri() if local else None
    try:
        return str(client.create_experiment(name, artifact_location=location))
    except MlflowException:
        found = client.get_experiment_by_name(name)  # another run made it just now
        if found is None:
            raise
        return str(found.experiment_id)


@contextmanager
def locked(workspace: Path, name: str) -> Iterator[None]:
    """Hold the workspace's lock of that name; the system frees it when its holder dies."""
    folder = workspace / "mlruns"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
