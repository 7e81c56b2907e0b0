"""Fault 35, the whole way: what leaks is named, and kept from promotion unless it is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from tests.flows.workspaces import logitline, train_json

CONFIG = """\
[source]
path = "beds.csv"
target = "kind"
classes = ["daisy", "rose"]
outcome_time = "picked"

[columns]
height = { type = "number" }
width = { type = "number" }
grade = { type = "category", values = ["A", "B"] }
number = { type = "integer" }
sold = { type = "date" }

[split]
kind = "group"
column = "bed"

[[candidates]]
name = "logistic"
estimator = "logistic"

[selection]
folds = 2

[registry]
model = "beds"

[leaks]
"""
REASONS = {
    "target": 'allow.grade = "graded by the gardener before"',
    "identifier": 'allow.number = "numbered in the order of sowing"',
    "time": 'allow.sold = "ordered in advance"',
    "duplicates": 'duplicates = "cuttings of one plant"',
}
COLUMNS = {"target": ["grade"], "identifier": ["number"], "time": ["sold"], "duplicates": []}
BLOCKED = {
    "target": "Not promoted: the column 'grade' is the label in other words",
    "identifier": "Not promoted: the column 'number' names the row",
    "time": "Not promoted: the column 'sold' has 3 of 330 values (0.9%) dated after",
    "duplicates": "test rows",
}


def beds() -> pd.DataFrame:
    """A table that leaks in every way: some rows stand twice, under other beds and numbers."""
    rng = np.random.default_rng(5)
    kind = rng.integers(0, 2, 300)
    rows = pd.DataFrame(
        {
            "height": (rng.normal(size=300) + 1.5 * kind).round(6),
            "width": rng.normal(size=300).round(6),
            "grade": np.array(["B", "A"])[np.where(rng.random(300) < 0.01, 1 - kind, kind)],
            "sold": pd.Timestamp("2024-05-01") - pd.to_timedelta(rng.integers(9, 99, 300), "D"),
            "picked": pd.Timestamp("2024-05-01"),
            "kind": np.array(["daisy", "rose"])[kind],
        }
    )
    rows.loc[[3, 17, 140], "sold"] = pd.Timestamp("2024-05-02")
    rows = pd.concat([rows, rows.iloc[rng.permutation(np.arange(150, 300))[:30]]])
    rows["number"] = rng.permutation(len(rows)) + 1
    rows["bed"] = [f"bed {each}" for each in rng.integers(0, 80, len(rows))]
    return rows


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("leaks")
    config = folder / "beds.toml"
    beds().to_csv(folder / "beds.csv", index=False)
    config.write_text(CONFIG)
    return folder, config


def trained(workspace: tuple[Path, Path], *reasons: str) -> dict[str, Any]:
    folder, config = workspace
    config.write_text(CONFIG + "\n".join(reasons))
    return train_json(config, folder)


def test_fault_35_every_leak_is_found_named_and_blocks_the_promotion(
    workspace: tuple[Path, Path],
) -> None:
    result = trained(workspace)
    assert {leak["kind"]: leak["columns"] for leak in result["leaks"]} == COLUMNS
    assert all(set(leak) == {"kind", "columns", "detail", "allowed"} for leak in result["leaks"])
    assert {leak["allowed"] for leak in result["leaks"]} == {None}
    assert not result["promoted"]
    assert "(and 3 more in the report)" in result["decision"]
    assert registry.champion(tracking.connect(workspace[0]), "beds") is None
    page = Path(result["report"]).read_text()
    assert "Decision: not promoted" in page
    for name in ("grade", "number", "sold"):
        assert f"The column &#x27;{name}&#x27;" in page


@pytest.mark.parametrize("kind", list(REASONS))
def test_fault_35_one_leak_that_is_not_allowed_blocks_the_promotion(
    workspace: tuple[Path, Path], kind: str
) -> None:
    result = trained(workspace, *(each for name, each in REASONS.items() if name != kind))
    assert not result["promoted"]
    assert BLOCKED[kind] in result["decision"]
    assert "[leaks" in result["decision"]
    assert [leak["kind"] for leak in result["leaks"] if leak["allowed"] is None] == [kind]
    ran = {step["name"] for step in result["steps"] if step["status"] == "ran"}
    assert ran <= {step["name"] for step in result["steps"]}


def test_fault_35_what_is_allowed_is_promoted_and_its_reason_stands_in_the_report(
    workspace: tuple[Path, Path],
) -> None:
    folder, config = workspace
    trained(workspace)
    result = trained(workspace, *REASONS.values())
    assert result["promoted"], result["decision"]
    ran = [step["name"] for step in result["steps"] if step["status"] == "ran"]
    assert ran == ["promote"]
    page = Path(result["report"]).read_text()
    for leak in result["leaks"]:
        assert leak["allowed"] in REASONS[leak["kind"]]
        assert leak["allowed"] in page
    shown = logitline("train", config, cwd=folder).stdout
    assert "Leak (identifier): The column 'number' names the row" in shown
    assert "Allowed: ordered in advance" in shown


def test_fault_35_a_reason_for_a_column_that_is_not_there_is_refused(
    workspace: tuple[Path, Path],
) -> None:
    folder, config = workspace
    config.write_text(CONFIG + 'allow.grades = "why not"')
    done = logitline("train", config, cwd=folder)
    assert done.returncode == 2
    assert "leaks.allow.grades: the table has no column 'grades'" in done.stderr
    config.write_text(CONFIG + 'allow.grade = " "')
    done = logitline("train", config, cwd=folder)
    assert done.returncode == 2
    assert "needs a reason" in done.stderr
