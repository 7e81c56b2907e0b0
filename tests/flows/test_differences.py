"""Each version beside the champion, from a real MLflow database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows import differences
from flows.comparing import Comparison
from flows.rival import ROWS_BY
from flows.showing import show_comparison
from pipelines.adapters.answers import FILE, write_answers
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry, runs
from pipelines.adapters.tracking.registry import Version
from pipelines.promotion.beside import beside
from tests.promotion.test_beside import answers


def version(
    client: Any, folder: Path, number: int, content: bytes | None, by: str = "x"
) -> Version:
    experiment = tracking.experiment(client, folder, "flowers")
    run_id = client.create_run(experiment).info.run_id
    if content is not None:
        runs.add_artifacts(client, run_id, {FILE: content})
    return Version("flowers", f"{number}", run_id, {ROWS_BY: by})


def test_versions_are_held_against_the_champion_or_say_why_not(tmp_path: Path) -> None:
    client = tracking.connect(tmp_path)
    champion = version(client, tmp_path, 2, write_answers(answers(2)))
    versions = [
        version(client, tmp_path, 6, write_answers(answers(1, sharp=3))),
        version(client, tmp_path, 5, write_answers(answers(1)), by="other columns"),
        version(client, tmp_path, 4, b"cut off"),
        version(client, tmp_path, 3, None),
        champion,
        replace(version(client, tmp_path, 1, None), run_id="0" * 32),
    ]
    found = differences.differences(client, versions, champion, "log_loss")
    expected = beside(answers(1, sharp=3), answers(2), "log_loss").difference
    assert found["6"].as_json == {
        "value": expected.value,
        "low": expected.low,
        "high": expected.high,
        "rows": 200,
    }
    assert expected.high < 0
    assert all(found[number].as_json is None for number in "12345")
    assert found["5"].note == "its rows are told apart by other columns"
    assert found["4"].note.startswith("test_predictions.parquet cannot be read")
    gone = "its run keeps no test_predictions.parquet: it is of an earlier logitline, or gone"
    assert found["3"].note == found["1"].note == gone
    assert found["2"].note == "it is the champion"


def test_without_a_champion_or_its_answers_nothing_is_held_against_it(tmp_path: Path) -> None:
    client = tracking.connect(tmp_path)
    mine = version(client, tmp_path, 2, write_answers(answers(1)))
    found = differences.differences(client, [mine], None, "log_loss")
    assert found["2"].note == "there is no champion"
    old = version(client, tmp_path, 1, None)
    found = differences.differences(client, [mine, old], old, "log_loss")
    assert found["2"].note.startswith("of the champion, its run keeps no test_predictions.parquet")


def test_only_the_newest_versions_are_read_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = write_answers(answers(1))
    read: list[str] = []

    def reading(_: Any, run_id: str, __: str) -> bytes:
        read.append(run_id)
        return content

    monkeypatch.setattr(runs, "read_artifact", reading)
    versions = [Version("flowers", f"{n}", f"run {n}", {}) for n in range(60, 0, -1)]
    found = differences.differences(None, versions, versions[-1], "log_loss")
    newest = [f"run {n}" for n in range(60, 10, -1)]
    assert read == ["run 1", *newest]
    assert found["11"].as_json == {"value": 0.0, "low": 0.0, "high": 0.0, "rows": 200}
    assert found["10"].note == "only the newest 50 of 60 versions are compared"
    monkeypatch.setattr(differences, "COMPARED_ROWS", 600)
    found = differences.differences(None, versions, versions[-1], "log_loss")
    assert [number for number, each in found.items() if not each.note] == ["60", "59", "58"]


def test_a_terminal_shows_the_difference_its_interval_and_its_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = {
        "version": "2",
        "aliases": [registry.CHALLENGER],
        "candidate": "mlp",
        "metric": {"value": 0.5, "low": 0.4, "high": 0.6},
        "made": "2026-01-01 00:00",
        "champion": [],
        "decision": "Not promoted.",
        "difference": {"value": -0.01, "low": -0.03, "high": 0.01, "rows": 1_200},
        "difference_note": "",
    }
    gone = {**shown, "version": "1", "difference": None, "difference_note": "gone"}
    show_comparison(Comparison("flowers", "log_loss", "", [], [shown, gone]), as_json=False)
    text = capsys.readouterr().out
    assert "-0.0100 [-0.0300, +0.0100]" in text
    assert "1,200 rows" in text
    assert "on the rows that are test rows of both" in text
    show_comparison(Comparison("flowers", "log_loss", "", [], [gone]), as_json=False)
    assert "on the rows that are test rows of both" not in capsys.readouterr().out
