"""The promotion history: each decision on a model, by machine or by hand, oldest first.

An entry says what was decided on a version, and which version was champion before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["BY_HAND", "Action", "Entry", "Reign", "before", "may_return", "reigns", "taken_down"]

Action = Literal["promoted", "not promoted", "promoted by hand", "rolled back", "moved elsewhere"]
# What a person does, be it in MLflow itself; a machine does not undo it.
BY_HAND = ("promoted by hand", "rolled back", "moved elsewhere")


@dataclass(frozen=True)
class Entry:
    """One decision.

    Attributes
    ----------
    number : int
        Its place in the history, from 1.
    key : str
        A digest of what was decided on; one that is there already is the same decision.
    time : str
        ISO 8601, UTC, to the second.
    action : str
        What was done.
    version : str
        The version that was decided on; for a rollback the one that came back.
    champion_before, champion_after : str or None
        The champion's version; None where there was none.
    by : str
        The training's MLflow run, or the user.
    reason : str
        The decision's sentence, or the user's own words.
    test_rows : int
        Test rows that judged; 0 for a decision by hand.
    sketch : tuple of int
        Of these rows' digests, as `reuse.sketch` gives it.
    model : tuple of str
        The version's content: the SHA-256 of its graph, and the digest of the fits it came from.
    took_down : tuple of str
        The same of the champion that a person took down; empty texts where there was none.
    done : bool
        False from the writing of the entry until the alias has moved.
    """

    number: int
    key: str
    time: str
    action: Action
    version: str
    champion_before: str | None
    champion_after: str | None
    by: str
    reason: str
    test_rows: int = 0
    sketch: tuple[int, ...] = ()
    model: tuple[str, str] = ("", "")
    took_down: tuple[str, str] = ("", "")
    done: bool = True


@dataclass(frozen=True)
class Reign:
    """A time in which a version was champion; `until` is None while it is."""

    version: str
    since: str
    until: str | None


def reigns(entries: Sequence[Entry]) -> list[Reign]:
    """Who was champion from when to when, oldest first."""
    found: list[Reign] = []
    for entry in entries:
        if entry.champion_after == entry.champion_before:
            continue
        if found and found[-1].until is None:
            found[-1] = Reign(found[-1].version, found[-1].since, entry.time)
        if entry.champion_after is not None:
            found.append(Reign(entry.champion_after, entry.time, None))
    return found


def before(
    entries: Sequence[Entry], champion: str, usable: Callable[[str], bool] = lambda _: True
) -> str | None:
    """The usable version that was champion before this one became so, rollbacks not counted.

    After versions 1, 2 and 3, two rollbacks lead from 3 to 2 and from 2 to 1.
    """
    current, seen = champion, set[str]()
    while current not in seen:
        seen.add(current)
        came = [
            entry.champion_before
            for entry in entries
            if entry.champion_after == current != entry.champion_before
            and entry.action != "rolled back"
        ]
        if not came or came[-1] is None:
            return None
        current = came[-1]
        if current != champion and usable(current):
            return current
    return None


def taken_down(entries: Sequence[Entry], model: tuple[str, str]) -> Entry | None:
    """The entry by which a person took this model down, unless a person brought it back.

    Parameters
    ----------
    model : tuple of str
        As in `Entry.model`; the same graph, or one from the same fits, is the same model.
    """
    found = None
    for entry in entries:
        if entry.action in BY_HAND:
            if _same(entry.model, model):
                found = None
            elif _same(entry.took_down, model):
                found = entry
    return found


def may_return(entries: Sequence[Entry], model: tuple[str, str]) -> bool:
    """Whether a rollback may make this model champion again.

    What was rolled back may not. What had to make way for a person's choice may, where that
    choice was new: it was not said to be bad. A choice that had been champion before is a way
    back, and what it replaced was taken down by it, unless that is the move now taken back.
    """
    down = taken_down(entries, model)
    if down is None:
        return True
    if down.action == "rolled back":
        return False
    moves = [each for each in entries if each.champion_after != each.champion_before]
    new = all(each.champion_after != down.champion_after for each in moves[: moves.index(down)])
    return new or down is moves[-1]


def _same(first: tuple[str, str], second: tuple[str, str]) -> bool:
    return any(a == b != "" for a, b in zip(first, second, strict=True))
