"""A TOML text with some values changed, and every other byte as it was."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.contracts import toml
from pipelines.contracts.spans import Entry, Path, Spans, spans

__all__ = ["Edit", "UneditableError", "edited"]


class UneditableError(ValueError):
    """The text is written in a way that cannot be changed safely; which key."""


@dataclass(frozen=True)
class Edit:
    """One key's new value; None takes the key out."""

    path: Path
    value: Any


@dataclass(frozen=True)
class _Piece:
    start: int
    end: int
    text: str


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made.

    Raises
    ------
    UneditableError
        Where that would change anything else, or cannot be done line by line.
    """
    try:
        found = spans(text)
        pieces = [piece for edit in edits for piece in _pieces(text, found, edit)]
        out = text
        # From the end, so that offsets hold; of several at one place the first comes first.
        for piece in sorted(pieces, key=lambda piece: piece.start)[::-1]:
            out = out[: piece.start] + piece.text + out[piece.end :]
        sound = tomllib.loads(out) == _expected(tomllib.loads(text), edits)
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise UneditableError(
            f"it is written in a way that cannot be changed safely "
            f"({', '.join('.'.join(map(toml.key, edit.path)) for edit in edits)})"
        )
    return out


def _expected(content: dict[str, Any], edits: Sequence[Edit]) -> dict[str, Any]:
    content = copy.deepcopy(content)
    for edit in edits:
        inner: Any = content
        for name in edit.path[:-1]:
            inner = inner.setdefault(name, {})
        if edit.value is None:
            del inner[edit.path[-1]]
        else:
            inner[edit.path[-1]] = edit.value
    return content


def _pieces(text: str, found: Spans, edit: Edit) -> list[_Piece]:
    entry = found.entries.get(edit.path)
    if entry is None:
        return [_inserted(text, found, edit)]
    if edit.value is None:
        return [_without_line(text, entry)]
    if isinstance(edit.value, list):
        before = tomllib.loads(f"x = {text[entry.value : entry.end]}")["x"]
        count = len(before)
        if count and edit.value[:count] == before:
            return _appended(text, entry, edit.value[count:])
    used = entry.value - _line_start(text, entry.value)
    return [_Piece(entry.value, entry.end, _written(edit.value, used))]


def _written(value: Any, used: int) -> str:
    if isinstance(value, Mapping):
        return toml.inline(value, used)
    return toml.array(value, used) if isinstance(value, list) else toml.scalar(value)


def _inserted(text: str, found: Spans, edit: Edit) -> _Piece:
    """The key as a further one of its inline table, or as a line of its own."""
    inline = found.entries.get(edit.path[:-1])
    if inline is not None:
        comma = " " if inline.comma else ", "
        key = f"{comma}{toml.key(edit.path[-1])} = {_written(edit.value, 0)}"
        return _Piece(inline.last, inline.last, key)
    at = found.tables[edit.path[:-1]]
    key = f"{toml.key(edit.path[-1])} = "
    end = "\r\n" if "\r\n" in text else "\n"
    line = (key + _written(edit.value, len(key))).replace("\n", end) + end
    return _Piece(at, at, line if text[:at].endswith("\n") else end + line)


def _without_line(text: str, entry: Entry) -> _Piece:
    start, end = _line_start(text, entry.start), text.find("\n", entry.end) + 1 or len(text)
    rest = text[entry.end : end].strip()
    if text[start : entry.start].strip() or (rest and not rest.startswith("#")):
        raise ValueError("something else stands on the line")
    return _Piece(start, end, "")


def _appended(text: str, entry: Entry, items: list[Any]) -> list[_Piece]:
    """The list's further items, on a line of their own where the list has several lines."""
    cells = ", ".join(toml.scalar(item) for item in items)
    end = text.find("\n", entry.last)
    rest = text[entry.last : end].strip()
    if end < 0 or end > entry.end or (rest and not rest.startswith("#")):
        return [_Piece(entry.last, entry.last, f" {cells}," if entry.comma else f", {cells}")]
    start = _line_start(text, entry.last)
    line = text[start : entry.last]
    indent = line[: len(line) - len(line.lstrip())] if start > entry.value else "    "
    newline = "\r\n" if text[end - 1] == "\r" else "\n"
    comma = [] if entry.comma else [_Piece(entry.last, entry.last, ",")]
    return [*comma, _Piece(end + 1, end + 1, f"{indent}{cells},{newline}")]


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1
