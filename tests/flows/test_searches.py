"""Searches in real worker processes, without Prefect and MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.fits import WORKER_MODULES, fit_all, limits
from flows.line import Line, Receipt, open_line
from flows.progress import Silence, watched
from flows.reading import read_table
from flows.searches import Searched, search_all
from pipelines.adapters import formats, workers
from pipelines.records import Trial
from pipelines.steps.split import split
from tests.flows.workspaces import workspace

TREE = """
[[candidates]]
name = "found"
estimator = "decision_tree"
min_samples_leaf = 2
search = { max_depth = { low = 1, high = 40 }, criterion = ["gini", "entropy"] }
"""
PRIOR = """
[[candidates]]
name = "other"
estimator = "sklearn_logistic"
search = { C = { low = 1e-4, high = 1e2, log = true } }
"""
BROKEN = """
[[candidates]]
name = "broken"
estimator = "mlp"
search = { learning_rate_init = [1e30, 1e31], alpha = [0.1, 0.2] }
"""


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    workers.warm_up(WORKER_MODULES)  # as the command does; else each process imports them


class Told(Silence):
    """Remembers what it is told of trials."""

    def __init__(self) -> None:
        self.trials_told: list[tuple[str, int, int | None, float | None]] = []

    def trials(self, candidate: str, done: int, planned: int | None, best: float | None) -> None:
        self.trials_told.append((candidate, done, planned, best))


@contextmanager
def opened(folder: Path, more: str) -> Iterator[tuple[Line, Receipt, Receipt]]:
    """A line with its table and its split, as the tasks leave them."""
    line = open_line(workspace(folder, rows=120, more=more), folder)
    _, table = read_table(line.origin, line.config)
    parts = split(table, line.config.split)
    for name in ("table", "parts"):
        (folder / name).mkdir()
    formats.write_table(folder / "table", table)
    formats.write_parts(folder / "parts", parts, table)
    yield (
        line,
        Receipt("ingest", "table", True, 0.0, str(folder / "table"), {}),
        Receipt("split", "parts", True, 0.0, str(folder / "parts"), {}),
    )
    line.origin.close()


def searched(folder: Path, more: str, processes: int = 2) -> dict[str, Searched]:
    with opened(folder, more) as (line, table, parts):
        caps = replace(limits(line.config.compute), processes=processes)
        found = search_all(line, table, parts, line.searching, caps)
        return {each.candidate.name: each for each in found}


def untimed(trials: tuple[Trial, ...]) -> list[Trial]:
    return [replace(trial, seconds=0.0) for trial in trials]


def test_the_number_of_processes_has_no_part_in_what_is_tried_and_found(tmp_path: Path) -> None:
    more = TREE + PRIOR + "\n[search]\ntrials = 14\n"
    one, three = searched(tmp_path / "a", more, 1), searched(tmp_path / "b", more, 3)
    assert {len(each.trials) for each in one.values()} == {7}
    for name, each in one.items():
        assert untimed(each.trials) == untimed(three[name].trials)
        assert each.found == three[name].found
    tree = one["found"].found
    assert tree is not None
    assert set(tree.parameters) == {"min_samples_leaf", "max_depth", "criterion"}


def test_the_best_parameters_are_fitted_and_judged_as_in_their_trial(tmp_path: Path) -> None:
    told = Told()
    with opened(tmp_path, TREE + "\n[search]\ntrials = 6\n") as (line, table, parts), watched(told):
        facts, final = fit_all(line, table, parts)
        again, _ = fit_all(line, table, parts)
    assert final
    found: dict[str, Any] = next(each for each in facts if each["name"] == "found")
    complete = [each for each in found["trials"] if each["state"] == "complete"]
    best = min(complete, key=lambda trial: trial["loss"])
    assert found["parameters"] == {"min_samples_leaf": 2, **best["parameters"]}
    assert found["selection_loss"] == pytest.approx(best["loss"], rel=1e-12)
    assert [each["trials"] for each in facts if each["name"] != "found"] == [[], [], []]
    assert told.trials_told[0] == ("found", 0, 6, None)
    assert told.trials_told[-1] == ("found", 6, 6, best["loss"])
    # What the store holds is not searched for again.
    assert json.loads(json.dumps(again)) == json.loads(json.dumps(facts))
    assert len([each for each in told.trials_told if each[1] == 0]) == 1
    entry = line.fit_entry(parts.key, line.searching[0])[1]
    assert entry is not None
    record = formats.read_fit(entry.folder, found)
    assert [trial.number for trial in record.trials] == list(range(6))


def test_a_candidate_all_of_whose_trials_fail_is_failed_and_the_other_goes_on(
    tmp_path: Path,
) -> None:
    with opened(tmp_path, TREE + BROKEN + "\n[search]\ntrials = 8\n") as (line, table, parts):
        facts, final = fit_all(line, table, parts)
    by_name = {each["name"]: each for each in facts}
    assert final
    assert "none of its 4 trials could be fitted; the first: " in by_name["broken"]["reason"]
    assert "epoch" in by_name["broken"]["reason"]
    assert {trial["state"] for trial in by_name["broken"]["trials"]} == {"failed"}
    assert by_name["found"]["reason"] == ""


def test_when_the_time_is_up_each_candidate_still_has_one_complete_trial(tmp_path: Path) -> None:
    found = searched(tmp_path, TREE + PRIOR + "\n[search]\nminutes = 1e-6\n")
    for each in found.values():
        states = [trial.state for trial in each.trials]
        assert states.count("complete") == 1
        assert set(states) <= {"complete", "pruned"}
        assert each.found is not None


def test_another_budget_or_seed_is_another_key_and_other_candidates_keep_theirs(
    tmp_path: Path,
) -> None:
    config = workspace(tmp_path, more=TREE + "\n[search]\ntrials = 10\n")

    def keys() -> dict[str, str]:
        line = open_line(config, tmp_path)
        each = {c.name: line.key("fit", "s", candidate=c).digest for c in line.config.candidates}
        return each | {"train": line.key("train", "s").digest}

    before = keys()
    for old, new in (("trials = 10", "trials = 11"), ("[search]", "[search]\nseed = 1")):
        text = config.read_text()
        config.write_text(text.replace(old, new))
        changed = {name for name, key in keys().items() if key != before[name]}
        assert changed == {"found", "train"}
        config.write_text(text)
