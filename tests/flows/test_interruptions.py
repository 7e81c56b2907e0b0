"""Runs that are killed and started again, and runs that race: real processes, real kills."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import history, registry
from tests.flows.workspaces import logitline, promoted, train_json, workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> dict[str, Any]:
    """What a training gives that nobody kills."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return train_json(workspace(folder), folder)


@pytest.mark.parametrize(
    ("point", "ran"),
    [
        ("after_split", ["train", "evaluate", "register", "export", "promote"]),
        ("after_evaluate", ["register", "export", "promote"]),
        # The version is there, its entry is not: the version is found and not made twice.
        ("after_version", ["register", "export", "promote"]),
        ("after_export", ["promote"]),
        # The history has a move that never was.
        ("after_entry", ["promote"]),
        # The alias has moved, the entry is not there: the same decision is made again.
        ("after_alias", ["promote"]),
    ],
)
def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    point: str, ran: list[str], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    config = workspace(tmp_path)
    killed = logitline("train", config, cwd=tmp_path, LOGITLINE_FAULT=f"{point}:kill")
    assert killed.returncode == -signal.SIGKILL
    result = train_json(config, tmp_path)
    assert [s["name"] for s in result["steps"] if s["status"] == "ran"] == ran
    for name in ("onnx_sha256", "winner", "promoted", "decision"):
        assert result[name] == undisturbed[name]
    client = tracking.connect(tmp_path)
    assert len(registry.versions(client, "flowers")) == 1
    champion = registry.champion(client, "flowers")
    assert champion is not None
    assert champion.sha256 == undisturbed["onnx_sha256"]
    (entry,) = history.entries(client, "flowers")
    assert (entry.action, entry.champion_before, entry.champion_after) == ("promoted", None, "1")


def test_kills_at_any_moment_leave_nothing_half_done(
    undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    config = workspace(tmp_path)
    command = [sys.executable, "-c", "from flows.cli import main; main()", "train", str(config)]
    # Waits that spread over the run; the run itself takes some seconds more than the last.
    for wait in (2.5, 4.0, 5.5, 6.5):
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(wait)
        process.kill()
        process.wait()
    result = train_json(config, tmp_path)
    assert result["onnx_sha256"] == undisturbed["onnx_sha256"]
    assert hashlib.sha256(Path(result["onnx"]).read_bytes()).hexdigest() == result["onnx_sha256"]
    assert len(registry.versions(tracking.connect(tmp_path), "flowers")) == 1
    drafts = [p for p in (tmp_path / "data" / "derived" / "store").rglob(".*")]
    assert not drafts


def test_a_champion_that_changes_while_a_training_runs_is_not_taken_down_by_it(
    tmp_path: Path, prefect_api: str
) -> None:
    config = workspace(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", "train", str(config)],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOGITLINE_FAULT": "after_export:stop"},
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    other = promoted(config, tmp_path, 2, None)
    process.send_signal(signal.SIGCONT)
    assert process.wait(120) == 0
    client = tracking.connect(tmp_path)
    champion = registry.champion(client, "flowers")
    assert champion is not None
    assert champion.number == other
    first = next(each for each in registry.versions(client, "flowers") if each.number == "1")
    assert first.tags["logitline.decision"] == (
        "Not promoted: the champion was moved meanwhile. Train once more."
    )
    assert [entry.version for entry in history.entries(client, "flowers")] == [other]


def test_runs_that_race_leave_one_version_and_one_champion(
    undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    config = workspace(tmp_path)
    results: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: results.append(train_json(config, tmp_path)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each["onnx_sha256"] for each in results} == {undisturbed["onnx_sha256"]}
    client = tracking.connect(tmp_path)
    assert len(registry.versions(client, "flowers")) == 1
    champion = registry.champion(client, "flowers")
    assert champion is not None
    assert champion.sha256 == undisturbed["onnx_sha256"]
