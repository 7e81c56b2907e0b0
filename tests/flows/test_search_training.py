"""A training with a search, end to end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from mlflow.entities import Run

from pipelines.adapters.tracking import client as tracking
from tests.flows.workspaces import logitline, train_json, workspace

SEARCH = """
[[candidates]]
name = "found"
estimator = "decision_tree"
search = { max_depth = { low = 1, high = 40 }, ccp_alpha = { low = 1e-4, high = 0.1, log = true } }

[search]
trials = 7
"""


def children(folder: Path, run_id: str) -> dict[str, Run]:
    client = tracking.connect(folder)
    experiment_id = client.get_run(run_id).info.experiment_id
    mine = f"tags.`mlflow.parentRunId` = '{run_id}'"
    return {run.info.run_name: run for run in client.search_runs([experiment_id], mine)}


def test_a_search_is_told_logged_below_its_candidate_and_skipped_the_next_time(
    tmp_path: Path, prefect_api: str
) -> None:
    config = workspace(tmp_path, more=SEARCH)
    first = train_json(config, tmp_path)
    found = next(each for each in first["candidates"] if each["name"] == "found")
    assert set(found["parameters"]) == {"max_depth", "ccp_alpha"}
    assert sum(found["trials"].values()) == 7

    candidates = children(tmp_path, first["run_id"])
    assert set(candidates) == {"logistic", "tree", "prior", "found"}
    kept = candidates["found"].data.params
    trials = children(tmp_path, candidates["found"].info.run_id)
    assert set(trials) == {f"found trial {n}" for n in range(7)}
    assert Counter(run.data.tags["logitline.state"] for run in trials.values()) == found["trials"]
    losses = {
        run.data.metrics["selection_log_loss"]: run.data.params
        for run in trials.values()
        if run.data.tags["logitline.state"] == "complete"
    }
    assert min(losses) == pytest.approx(found["selection_log_loss"], rel=1e-12)
    for name, value in found["parameters"].items():
        assert kept[f"estimator__{name}"] == losses[min(losses)][f"estimator__{name}"] == str(value)
    assert "Searched parameters" in Path(first["report"]).read_text()

    again = train_json(config, tmp_path)
    assert {step["status"] for step in again["steps"]} == {"skipped"}
    assert again["candidates"] == first["candidates"]

    wrong = config.read_text().replace("low = 1,", "low = 50,")
    config.write_text(wrong)
    done = logitline("train", config, cwd=tmp_path)
    assert done.returncode == 2
    assert "candidates[3].search.max_depth: low (50) is not below high (40)." in done.stderr
    assert "Traceback" not in done.stderr
