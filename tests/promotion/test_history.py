"""Who reigned when, and who came before, on literal histories."""

from __future__ import annotations

from pipelines.promotion.history import Action, Entry, Reign, before, reigns


def entry(number: int, action: Action, version: str, then: str | None, now: str | None) -> Entry:
    time = f"2026-01-{number:02d}T00:00:00+00:00"
    return Entry(number, f"key {number}", time, action, version, then, now, "somebody", "why")


STORY = [
    entry(1, "promoted", "1", None, "1"),
    entry(2, "promoted", "2", "1", "2"),
    entry(3, "not promoted", "3", "2", "2"),
    entry(4, "promoted by hand", "3", "2", "3"),
    entry(5, "rolled back", "2", "3", "2"),
]


def day(number: int) -> str:
    return f"2026-01-{number:02d}T00:00:00+00:00"


def test_a_reign_lasts_from_one_move_of_the_champion_to_the_next() -> None:
    assert reigns(STORY) == [
        Reign("1", day(1), day(2)),
        Reign("2", day(2), day(4)),
        Reign("3", day(4), day(5)),
        Reign("2", day(5), None),
    ]
    assert reigns([]) == []


def test_rollbacks_lead_further_and_further_back() -> None:
    assert before(STORY[:4], "3") == "2"
    assert before(STORY, "2") == "1"
    assert before([*STORY, entry(6, "rolled back", "1", "2", "1")], "1") is None


def test_a_version_that_never_became_champion_has_none_before_it() -> None:
    assert before(STORY[:3], "3") is None
