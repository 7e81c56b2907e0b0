"""The promotion history: each decision on a model, by machine or by hand, oldest first.

An entry says what was decided on a version, and which version was champion before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Action", "Entry", "Reign", "before", "reigns"]

Action = Literal["promoted", "not promoted", "promoted by hand", "rolled back"]


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


def before(entries: Sequence[Entry], champion: str) -> str | None:
    """The version that was champion before this one became so, rollbacks not counted.

    After versions 1, 2 and 3, two rollbacks lead from 3 to 2 and from 2 to 1.
    """
    for entry in reversed(entries):
        became = entry.champion_after == champion != entry.champion_before
        if became and entry.action != "rolled back":
            return entry.champion_before
    return None
