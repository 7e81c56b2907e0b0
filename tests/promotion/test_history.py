"""Who reigned when, and who came before, on literal histories."""

from __future__ import annotations

from dataclasses import replace

from pipelines.promotion.history import (
    BY_HAND,
    Action,
    Entry,
    Reign,
    before,
    may_return,
    reigns,
    taken_down,
)


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


def test_only_usable_versions_come_before() -> None:
    assert before(STORY[:4], "3", lambda number: number != "2") == "1"
    assert before(STORY[:4], "3", lambda _: False) is None


def test_what_a_person_took_down_stays_down_until_a_person_brings_it_back() -> None:
    first, second = ("sha 1", "fits 1"), ("sha 2", "fits 2")
    machine = replace(entry(1, "promoted", "2", "1", "2"), model=second)
    down = replace(entry(2, "rolled back", "1", "2", "1"), model=first, took_down=second)
    back = replace(entry(3, "promoted by hand", "2", "1", "2"), model=second, took_down=first)
    assert taken_down([machine], first) is None
    assert taken_down([machine, down], second) == down
    assert taken_down([machine, down], ("sha of another converter", "fits 2")) == down
    assert taken_down([machine, down, replace(machine, number=3)], second) == down
    assert taken_down([machine, down, back], second) is None
    assert taken_down([machine, down, back], first) == back
    unknown_fits = replace(down, took_down=("sha 2", ""))
    assert taken_down([unknown_fits], ("sha 9", "")) is None


def by_content(entries: list[Entry]) -> list[Entry]:
    """The entries with contents told apart by the version alone."""
    return [
        replace(
            each,
            model=(f"sha {each.version}", ""),
            took_down=(f"sha {each.champion_before}" if each.action in BY_HAND else "", ""),
        )
        for each in entries
    ]


def returning(*entries: Entry) -> list[str]:
    """Which of versions 1 to 3 a rollback may bring back."""
    known = by_content(list(entries))
    return [number for number in "123" if may_return(known, (f"sha {number}", ""))]


def test_what_was_rolled_back_does_not_return() -> None:
    assert returning(*STORY) == ["1", "2"]
    assert returning(*STORY[:2]) == ["1", "2", "3"]
    assert returning() == ["1", "2", "3"]


def test_what_made_way_for_a_new_version_may_return_however_much_came_since() -> None:
    first = entry(1, "promoted", "1", None, "1")
    second = entry(2, "promoted by hand", "2", "1", "2")
    third = entry(3, "promoted by hand", "3", "2", "3")
    assert returning(first, second, third) == ["1", "2", "3"]
    assert returning(first, second, third, entry(4, "rolled back", "2", "3", "2")) == ["1", "2"]


def test_what_made_way_for_an_earlier_champion_may_return_only_as_that_move_is_taken_back() -> None:
    back = entry(3, "promoted by hand", "1", "2", "1")
    assert returning(*STORY[:2], back) == ["1", "2", "3"]
    assert returning(*STORY[:2], back, entry(4, "not promoted", "3", "1", "1")) == ["1", "2", "3"]
    assert returning(*STORY[:2], back, entry(4, "promoted", "3", "1", "3")) == ["1", "3"]
