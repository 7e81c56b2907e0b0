from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.results import PARTS, parsed, pruned, replaced, written

PAGE = written({
    "Inference": {"": "| a | b |\n|---|---|\n| one row | 3 |"},
    "Training": {"Fashion": "**Met.**", "Adult": "**Missed.**"},
})  # fmt: skip


def test_a_page_that_is_written_reads_back_as_it_was() -> None:
    assert written(parsed(PAGE)) == PAGE


def test_a_new_section_leaves_every_other_as_it_is() -> None:
    new = parsed(replaced(PAGE, "Training", "Fashion", "**Faster.**\n"))
    assert new["Training"] == {"Fashion": "**Faster.**", "Adult": "**Missed.**"}
    assert new["Inference"] == parsed(PAGE)["Inference"]


def test_parts_stand_in_their_order_whichever_was_measured_first() -> None:
    page = ""
    for part in reversed(PARTS):
        page = replaced(page, part, "", "text")
    assert list(parsed(page)) == list(PARTS)


def test_a_whole_run_drops_the_sections_it_no_longer_has_and_orders_the_rest() -> None:
    page = pruned(replaced(PAGE, "Training", "New", "x"), "Training", ["New", "Adult"])
    assert list(parsed(page)["Training"]) == ["New", "Adult"]
    assert parsed(page)["Inference"] == parsed(PAGE)["Inference"]


def test_the_page_of_the_repository_is_one_that_is_written_so() -> None:
    text = command.RESULTS.read_text(encoding="utf-8")
    assert written(parsed(text)) == text
    assert set(parsed(text)) <= set(PARTS)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "RESULTS.md"
    path.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(command, "RESULTS", path)
    return path


def measure_two(short: bool, only: object) -> command.Sections:
    yield "Fashion", "first"
    yield "Text", "second"


def stop_after_one(short: bool, only: object) -> command.Sections:
    yield "Fashion", "first"
    raise KeyboardInterrupt


def run(monkeypatch: pytest.MonkeyPatch, measure: object, short: bool, *only: str) -> None:
    monkeypatch.setitem(command.PARTS, "training", ("Training", measure))
    command.run("training", short, only)


def test_a_whole_run_writes_its_part_and_nothing_else(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(monkeypatch, measure_two, False)
    new = parsed(page.read_text(encoding="utf-8"))
    assert new == parsed(PAGE) | {"Training": {"Fashion": "first", "Text": "second"}}


def test_a_run_of_single_works_keeps_the_others(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(monkeypatch, measure_two, False, "fashion", "text")
    assert list(parsed(page.read_text(encoding="utf-8"))["Training"]) == [
        "Fashion", "Adult", "Text",
    ]  # fmt: skip


def test_a_run_that_is_stopped_keeps_what_it_measured_and_what_was_there(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(monkeypatch, stop_after_one, False)
    assert parsed(page.read_text(encoding="utf-8"))["Training"] == {
        "Fashion": "first", "Adult": "**Missed.**",
    }  # fmt: skip


def test_the_short_form_writes_nothing(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, measure_two, True)
    assert page.read_text(encoding="utf-8") == PAGE


def test_an_unknown_part_is_refused_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "trainig"])
    names = "inference, line, metrics, parity, promotion, scoring, training, scaling"
    with pytest.raises(SystemExit, match=rf"'trainig'.*{names}"):
        command.main()
