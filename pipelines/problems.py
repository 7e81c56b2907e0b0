"""One mistake in a configuration file: where it stands, what is wrong there, what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pipelines import config as models

__all__ = ["Problem", "explain", "nearest", "place"]

Location = Sequence[int | str]

SECTIONS: dict[str, type[BaseModel]] = {
    "source": models.Source,
    "leaks": models.Leaks,
    "drift": models.Drift,
    "selection": models.Selection,
    "evaluation": models.Evaluation,
    "calibration": models.Calibration,
    "threshold": models.Threshold,
    "search": models.Search,
    "promotion": models.Promotion,
    "registry": models.Registry,
    "schedule": models.Schedule,
    "compute": models.Compute,
}
COLUMN_TYPES: dict[str, type[BaseModel]] = {
    "number": models.Number,
    "integer": models.Integer,
    "category": models.Category,
    "boolean": models.Boolean,
    "date": models.Date,
}
SPLIT_KINDS: dict[str, type[BaseModel]] = {
    "hash": models.HashSplit,
    "time": models.TimeSplit,
    "group": models.GroupSplit,
    "column": models.ColumnSplit,
}
# Where pydantic puts the kind's name into the place, by section: after how many keys, the
# key that says the kind, and the kinds.
KINDS = {
    "columns": (2, "type", COLUMN_TYPES),
    "split": (1, "kind", SPLIT_KINDS),
}
# What would be right, by the kind that pydantic gives a mistake.
REMEDIES = {
    "string_type": "Write it in quotes.",
    "list_type": "Write it as a list: [ … ].",
    "float_type": "Write it without quotes, as in 0.2.",
    "int_type": "Write it without quotes, as in 5.",
    "bool_type": "Write true or false, without quotes.",
    "finite_number": "Leave the key out where there is no bound.",
    "too_short": "Add what is missing.",
    "model_type": "Write it as a table: [section] or { key = value }.",
    "model_attributes_type": 'Write it as a table, as in { type = "number" }.',
    "dict_type": "Write it as a table: [section].",
}
LONGEST = 60
# What stands there may hold a password, and is not shown.
ADDRESSES = (("source", "path"), ("source", "url"))


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands, what is wrong, what to do."""

    place: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" {self.remedy}" if self.remedy else "")


def place(location: Location) -> str:
    """The path of a key as TOML writes it: `candidates[1].name`, `columns."bill, mm".min`."""
    parts: list[str] = []
    for part in location:
        if isinstance(part, int) and parts:
            parts[-1] += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", str(part)):
            parts.append(str(part))
        else:
            parts.append(f'"{part}"')
    return ".".join(parts)


def nearest(word: str, known: Sequence[str]) -> str:
    """«Did you mean …?» for a misspelt word, or the list of what is known."""
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    shown = ", ".join(f"'{each}'" for each in known[:20]) + (", …" if len(known) > 20 else "")
    return f"Known: {shown}."


def explain(details: Mapping[str, Any]) -> Problem:
    """The problem behind one of the errors that pydantic found."""
    location: tuple[int | str, ...] = details["loc"]
    where, kind = place(_written(location)), details["type"]
    if kind == "extra_forbidden":
        return Problem(where, "unknown key.", nearest(str(location[-1]), _known_keys(location)))
    if kind == "missing":
        return Problem(where, "is missing.", "Add it.")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        _, key, kinds = KINDS[str(location[0])]
        tag = str(details.get("ctx", {}).get("tag", ""))
        return Problem(f"{where}.{key}", f"unknown {key}.", nearest(tag, list(kinds)))
    if _is_label(location):
        message = f"is no label{_shown(details)}."
        return Problem(where, message, "Write whole numbers, text in quotes, or true and false.")
    message = str(details["msg"]).removeprefix("Value error, ")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        message = "is no table"  # pydantic speaks of dictionaries and instances
    sentence = f"{message[0].lower()}{message[1:]}{_shown(details)}."
    return Problem(where, sentence, REMEDIES.get(kind, ""))


def _is_label(location: Location) -> bool:
    return location[:2] == ("source", "classes") and len(location) == 4


def _written(location: Location) -> Location:
    """The location without the names of types that pydantic puts into it."""
    depth, _, kinds = KINDS.get(str(location[0]), (0, "", {}))
    if kinds and len(location) > depth and location[depth] in kinds:
        return [*location[:depth], *location[depth + 1 :]]
    return location[:3] if _is_label(location) else location


def _known_keys(location: Location) -> list[str]:
    if len(location) == 1:
        return list(models.Config.model_fields)
    depth, _, kinds = KINDS.get(str(location[0]), (0, "", {}))
    if kinds:
        return list(kinds[str(location[depth])].model_fields)
    if location[:2] == ("evaluation", "slices") and len(location) > 2:
        return list(models.Slice.model_fields)
    return list(SECTIONS[str(location[0])].model_fields)


def _shown(details: Mapping[str, Any]) -> str:
    given = details.get("input")
    if isinstance(given, dict | list) or details["loc"] in ADDRESSES:
        return ""
    text = repr(given)
    return f" (here: {text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'})"
