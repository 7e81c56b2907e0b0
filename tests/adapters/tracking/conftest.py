"""One SQLite store for the session: making its schema takes seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking.client import connect, experiment


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that the tests share, each with an experiment or a model of its own."""
    folder = tmp_path_factory.mktemp("a workspace (é)")
    connect(folder)
    return folder


@pytest.fixture(scope="session")
def client(workspace: Path) -> MlflowClient:
    return connect(workspace)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that holds the schema and nothing else, to copy."""
    folder = tmp_path_factory.mktemp("empty")
    connect(folder)
    return folder / "mlruns" / "mlflow.db"


@pytest.fixture
def fresh(tmp_path: Path, empty_database: Path) -> Path:
    """A workspace of the test's own."""
    folder = tmp_path / "fresh"
    (folder / "mlruns").mkdir(parents=True)
    shutil.copyfile(empty_database, folder / "mlruns" / "mlflow.db")
    return folder


@pytest.fixture
def experiment_id(client: MlflowClient, workspace: Path, request: pytest.FixtureRequest) -> str:
    """An experiment of the test's own."""
    return experiment(client, workspace, request.node.name)
