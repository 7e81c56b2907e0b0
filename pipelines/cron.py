"""Cron expressions: five fields that say when something runs."""

from __future__ import annotations

import re

__all__ = ["cron_mistake"]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Name, least and greatest number, and the words that stand for numbers.
FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(MONTHS, start=1)}),
    ("weekday", 0, 7, {name: number for number, name in enumerate(WEEKDAYS)}),
)


def cron_mistake(text: str) -> str:
    """What is wrong with a cron expression, and what would be right; empty if nothing is."""
    parts = text.split()
    if len(parts) != len(FIELDS):
        return (
            f"a cron expression has five fields, this one {len(parts)}: minute hour day month "
            'weekday, as in "0 3 * * *"'
        )
    for part, (name, least, greatest, words) in zip(parts, FIELDS, strict=True):
        if not all(_fits(item.lower(), least, greatest, words) for item in part.split(",")):
            return (
                f"the {name} field {part!r} is not *, a number from {least} to {greatest}, a "
                "range such as 1-5, a step such as */2, or a list of these"
            )
    return ""


def _fits(item: str, least: int, greatest: int, words: dict[str, int]) -> bool:
    match = re.fullmatch(r"(?:\*|(\w+)(?:-(\w+))?)(?:/[1-9][0-9]?)?", item, re.ASCII)
    if match is None:
        return False
    ends = [_number(word, words) for word in match.groups() if word is not None]
    return all(least <= end <= greatest for end in ends)


def _number(word: str, words: dict[str, int]) -> int:
    return int(word) if re.fullmatch(r"[0-9]{1,3}", word) else words.get(word, -1)
