"""`logitline report`: the last training's page, found, fetched or missed; its Prefect artifact."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from flows import artifact, reporting
from flows.line import Receipt, open_line
from flows.outcome import Outcome
from flows.reporting import find_report, report_path
from flows.steps import STEPS
from pipelines.adapters.store import Key
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import runs
from pipelines.adapters.tracking.registry import NoVersionError
from pipelines.records import Decision
from tests.flows.workspaces import logitline, workspace

PAGE = b"<!doctype html><title>report</title>"


def evaluated(folder: Path, key: str, page: bytes | None = PAGE) -> tuple[Path, str]:
    """A config whose last evaluation is noted, and the id of its run."""
    config = workspace(folder)
    line = open_line(config, folder)
    client = tracking.connect(folder)
    experiment = tracking.experiment(client, folder, line.model)
    run_id = client.create_run(experiment, tags={runs.KEY: key}).info.run_id
    if page is not None:
        runs.add_artifacts(client, run_id, {"report.html": page})
    client.set_terminated(run_id, "FINISHED")
    noted = Key("evaluate", key, "config", "code")
    with line.store.make(noted) as (_, facts):
        facts["run_id"] = run_id
    line.note_key(noted)
    return config, run_id


def test_the_report_is_the_one_of_this_configs_last_training(tmp_path: Path) -> None:
    config, run_id = evaluated(tmp_path, "a")
    line = open_line(config, tmp_path)
    path = report_path(line, run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"as it lies there")
    # A later training by another config of the same model is not asked for here.
    client = tracking.connect(tmp_path)
    experiment = tracking.experiment(client, tmp_path, line.model)
    other = client.create_run(experiment, tags={runs.KEY: "b"}).info.run_id
    client.set_terminated(other, "FINISHED")
    found = find_report(config, tmp_path)
    assert (found.model, found.run_id, found.report) == ("flowers", run_id, path)
    assert path.read_bytes() == b"as it lies there"


def test_a_report_that_is_gone_from_the_workspace_is_fetched_from_mlflow(tmp_path: Path) -> None:
    config, run_id = evaluated(tmp_path, "a")
    found = find_report(config, tmp_path)
    assert found.report.name == f"{run_id}.html"
    assert found.report.read_bytes() == PAGE


def test_a_training_that_ended_before_its_report_is_told(tmp_path: Path) -> None:
    config, run_id = evaluated(tmp_path, "a", page=None)
    with pytest.raises(NoVersionError, match=rf"run {run_id}.*has no report.*Train again"):
        find_report(config, tmp_path)
    assert not (tmp_path / "data/derived/reports").exists()


def test_the_command_says_in_one_sentence_that_nothing_was_trained(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    done = logitline("report", config, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "flowers has not been trained" in done.stderr
    assert "logitline train" in done.stderr


def test_the_command_prints_the_path_and_opens_nothing_without_a_terminal(tmp_path: Path) -> None:
    config, run_id = evaluated(tmp_path, "a")
    done = logitline("report", config, "--json", cwd=tmp_path, BROWSER="false", DISPLAY=":0")
    facts = json.loads(done.stdout)
    assert facts == {"model": "flowers", "run_id": run_id, "report": facts["report"]}
    assert Path(facts["report"]).read_bytes() == PAGE
    mark = tmp_path / "opened"
    done = logitline("report", config, cwd=tmp_path, BROWSER=f"touch {mark} %s", DISPLAY=":0")
    assert done.stdout == f"{facts['report']}\n"
    assert not mark.exists()


@pytest.mark.parametrize(
    ("terminal", "display", "opens"), [(True, ":0", True), (True, "", False), (False, ":0", False)]
)
def test_a_browser_is_opened_only_where_a_person_sees_it(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, display: str, opens: bool
) -> None:
    monkeypatch.setattr(reporting.sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(reporting.sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    assert reporting.can_open() is opens


@pytest.mark.parametrize(
    ("promoted", "standing", "outcome"),
    [(True, False, "Promoted"), (False, False, "Not promoted"), (False, True, "Champion already")],
)
def test_the_artifact_links_the_report_and_holds_the_decision(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, promoted: bool, standing: bool, outcome: str
) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr(artifact, "create_markdown_artifact", lambda **named: made.update(named))
    decision = Decision(promoted, "For a_b <i>.", standing=standing)
    facts = {"version": "3", "run_id": "52a8", **asdict(decision)}
    receipts = tuple(Receipt(step, "", True, 0.0, "", facts) for step in STEPS)
    page = tmp_path / "a report.html"
    trained = Outcome(receipts, (), "Übung 1", page, tmp_path, tmp_path, "sqlite://")
    assert artifact.link_report(trained) is trained
    assert made["key"] == "report-bung-1"
    assert f"(<{page.as_uri()}>)" in made["markdown"]
    assert made["markdown"].startswith(f"**{outcome}** — ")
    assert r"For a\_b \<i\>." in made["markdown"]
    assert "52a8" in made["markdown"]
