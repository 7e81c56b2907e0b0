"""Where MLflow keeps a workspace's runs, and what stops it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking.client import (
    WorkspaceError,
    artifact_root,
    connect,
    database,
    experiment,
    locked,
    recorded_root,
    tracking_uri,
)
from pipelines.adapters.tracking.runs import add_artifacts

ROOT = Path(__file__).parents[3]


def test_runs_and_artifacts_lie_in_the_workspace(client: MlflowClient, workspace: Path) -> None:
    run = client.create_run(experiment(client, workspace, "where runs lie"))
    add_artifacts(client, run.info.run_id, {"plots/roc.png": b"png", "config.toml": b"x"})
    folder = artifact_root(workspace) / "where runs lie" / run.info.run_id / "artifacts"
    assert (folder / "plots" / "roc.png").read_bytes() == b"png"
    assert {path.name for path in workspace.iterdir()} == {"mlruns"}
    assert {path.name for path in (workspace / "mlruns").iterdir()} >= {"mlflow.db", "artifacts"}


def test_another_servers_address_in_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert tracking_uri(tmp_path) == "http://127.0.0.1:1"
    assert connect(tmp_path).tracking_uri == "http://127.0.0.1:1"
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert tracking_uri(tmp_path).startswith("sqlite:///")


@pytest.mark.parametrize("name", ["with a space", "größe (1) [2] 'x' &y=%20#z;~+,@"])
def test_a_workspace_may_have_any_name(tmp_path: Path, empty_database: Path, name: str) -> None:
    folder = tmp_path / name
    (folder / "mlruns").mkdir(parents=True)
    shutil.copyfile(empty_database, folder / "mlruns" / "mlflow.db")
    client = connect(folder)
    run = client.create_run(experiment(client, folder, "m"))
    add_artifacts(client, run.info.run_id, {"a.txt": b"a"})
    assert len(list(artifact_root(folder).rglob("a.txt"))) == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]
    connect(folder)  # its own addresses are not another workspace's


def test_a_question_mark_in_the_path_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "what?").mkdir()
    with pytest.raises(WorkspaceError, match="Rename the folder"):
        connect(tmp_path / "what?")
    assert [path.name for path in tmp_path.iterdir()] == ["what?"]
    assert list((tmp_path / "what?").iterdir()) == []


def test_a_file_that_is_no_database_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "mlruns" / "mlflow.db"
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(WorkspaceError, match=r"mlflow\.db cannot be used.*move it away"):
        connect(tmp_path)


def test_a_database_that_another_holds_is_to_be_waited_for_and_not_moved_away(
    client: MlflowClient, workspace: Path
) -> None:
    with contextlib.closing(sqlite3.connect(database(workspace), isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(WorkspaceError, match=r"mlflow\.db is in use .*Wait"):
            connect(workspace)
        holder.execute("ROLLBACK")


def test_an_experiment_is_made_once_and_restored_when_it_was_deleted(
    client: MlflowClient, workspace: Path
) -> None:
    first = experiment(client, workspace, "penguins")
    assert experiment(client, workspace, "penguins") == first
    client.delete_experiment(first)
    assert experiment(client, workspace, "penguins") == first
    assert client.get_experiment(first).lifecycle_stage == "active"


def test_an_experiment_that_another_run_makes_meanwhile_is_used(
    client: MlflowClient, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = client.get_experiment_by_name
    answers = iter([lambda name: None, found])
    monkeypatch.setattr(client, "get_experiment_by_name", lambda name: next(answers)(name))
    made = experiment(MlflowClient(client.tracking_uri), workspace, "made meanwhile")
    assert experiment(client, workspace, "made meanwhile") == made


CONNECT = """
import sys, time
from pathlib import Path
from pipelines.adapters.tracking.client import connect, experiment
workspace = Path(sys.argv[1])
(workspace / f"ready-{sys.argv[2]}").touch()
while len(list(workspace.glob("ready-*"))) < 2:
    time.sleep(0.005)
client = connect(workspace)
print(client.create_run(experiment(client, workspace, "m")).info.experiment_id)
"""


def test_two_processes_that_enter_a_new_workspace_at_once_both_work(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CONNECT, str(tmp_path), number],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in "12"
    ]
    answers = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0], answers
    assert answers[0][0] == answers[1][0]


ENTER = """
import sys
from pathlib import Path
from pipelines.adapters.tracking.client import connect
connect(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("tables", [1, 20, 35])
def test_a_process_killed_while_it_makes_the_schema_leaves_no_half_made_database(
    tmp_path: Path, tables: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ENTER, str(tmp_path)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    while _most_tables(tmp_path) < tables:
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert connect(tmp_path).search_experiments()


def _most_tables(workspace: Path) -> int:
    """The tables of the workspace's database, or of its draft."""
    count = 0
    for path in workspace.glob("mlruns/*mlflow.db"):
        with contextlib.suppress(sqlite3.OperationalError):
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            found = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'")
            count = max(count, *found.fetchone())
            connection.close()
    return count


HOLD = """
import sys, time
from pathlib import Path
from pipelines.adapters.tracking.client import locked
with locked(Path(sys.argv[1]), "promote-m"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_is_exclusive_and_free_when_its_holder_is_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    waiter = os.fork()
    if not waiter:
        try:
            with locked(tmp_path, "promote-m"):
                os._exit(7)
        finally:
            os._exit(1)
    with locked(tmp_path, "promote-another"):
        pass  # another name is another lock
    time.sleep(0.2)
    assert os.waitpid(waiter, os.WNOHANG) == (0, 0)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert os.waitstatus_to_exitcode(os.waitpid(waiter, 0)[1]) == 7


@pytest.mark.parametrize(
    ("address", "root"),
    [
        ("file:///old%20one/mlruns/artifacts/m", "file:///old%20one"),
        ("/old one/mlruns/artifacts/m/1/artifacts", "/old one"),
        ("/old/mlruns/artifacts", "/old"),
        ("/old/mlruns/artifacts/mlruns/artifacts/x", "/old/mlruns/artifacts"),
        ("/old/mlruns/artifacts_of_mine/m", ""),
        ("s3://bucket/mlruns/artifacts/m", ""),
        ("mlflow-artifacts:/mlruns/artifacts/m", ""),
        ("models:/m-1234", ""),
        ("", ""),
    ],
)
def test_a_recorded_address_tells_whose_workspace_it_points_into(address: str, root: str) -> None:
    assert recorded_root(address) == root
