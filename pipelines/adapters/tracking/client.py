"""Where MLflow keeps a workspace's runs, versions and artifacts."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

MlflowError = MlflowException
"""What MLflow raises, for those who may not import it."""

__all__ = ["MlflowError", "artifact_root", "connect", "experiment", "locked", "tracking_uri"]


def tracking_uri(workspace: Path) -> str:
    """MLFLOW_TRACKING_URI where it is set, else the workspace's own SQLite database."""
    return os.environ.get("MLFLOW_TRACKING_URI") or local_uri(workspace)


def local_uri(workspace: Path) -> str:
    """The address of the workspace's SQLite database."""
    return f"sqlite:///{(workspace / 'mlruns' / 'mlflow.db').resolve()}"


def artifact_root(workspace: Path) -> Path:
    """The folder of the workspace's artifacts."""
    return (workspace / "mlruns" / "artifacts").resolve()


def connect(workspace: Path) -> MlflowClient:
    """A client of the workspace's tracking store, its database made where there is none."""
    uri = tracking_uri(workspace)
    if uri != local_uri(workspace):
        return MlflowClient(tracking_uri=uri)
    artifact_root(workspace).mkdir(parents=True, exist_ok=True)
    # The first client creates the schema; two at a time would each fail on the other's tables.
    with locked(workspace, "schema"):
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)
    return client


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
