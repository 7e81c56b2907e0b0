from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks import bench_training
from benchmarks.training.works import WORKS, Work


def run(
    monkeypatch: pytest.MonkeyPatch, body: object, *only: str
) -> Iterator[bench_training.Section]:
    monkeypatch.setattr(bench_training, "_body", body)
    return bench_training.sections(True, only)


def test_every_work_has_a_name_and_a_heading_of_its_own() -> None:
    assert len({work.name for work in WORKS}) == len({work.heading for work in WORKS}) == 6


def test_an_unknown_work_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'mlp'; there are fashion, binary"):
        next(bench_training.sections(True, ["mlp"]))


def test_only_the_named_works_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(run(monkeypatch, lambda work, pace: work.name, "text", "adult"))
    assert [section.body for section in found] == ["adult", "text"]


def test_a_work_that_fails_costs_no_other_and_is_told_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def body(work: Work, pace: object) -> str:
        if work.name == "adult":
            raise OSError("gone")
        return work.name

    found = run(monkeypatch, body)
    bodies = [next(found).body for _ in range(len(WORKS) - 1)]
    assert bodies == [work.name for work in WORKS if work.name != "adult"]
    with pytest.raises(ExceptionGroup) as caught:
        next(found)
    assert str(caught.value.exceptions[0]) == "gone"
