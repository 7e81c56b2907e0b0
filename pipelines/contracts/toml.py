"""TOML text for names, values and lists, right for any text; tomllib reads it back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["array", "inline", "key", "scalar", "string"]

WIDTH = 100
BARE = re.compile(r"[A-Za-z0-9_-]+")
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Control characters, and the line separators that editors break lines at.
FORBIDDEN = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029]')


def string(text: str) -> str:
    """A basic string: in double quotes, with what may not stand in them escaped."""
    return '"' + FORBIDDEN.sub(_escaped, text) + '"'


def _escaped(match: re.Match[str]) -> str:
    mark = match.group()
    return ESCAPES.get(mark, f"\\u{ord(mark):04X}")


def key(name: str) -> str:
    """A key, bare where TOML allows it: ``age``, ``"bill length (mm)"``."""
    return name if BARE.fullmatch(name) else string(name)


def scalar(value: bool | int | float | str) -> str:
    """One value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return string(value) if isinstance(value, str) else repr(value)


def array(values: Sequence[bool | int | float | str], used: int = 0) -> str:
    """A list on one line, or wrapped where it would pass column 100 after `used` characters."""
    cells = [scalar(value) for value in values]
    line = "[" + ", ".join(cells) + "]"
    if used + len(line) <= WIDTH:
        return line
    lines = ["   "]
    for cell in cells:
        if len(lines[-1]) + len(cell) + 2 > WIDTH and lines[-1].strip():
            lines.append("   ")
        lines[-1] += f" {cell},"
    return "\n".join(["[", *lines, "]"])


def inline(values: Mapping[str, Any], used: int = 0) -> str:
    """An inline table, its lists wrapped where they would pass column 100."""
    line = "{ "
    for name, value in values.items():
        width = used + len(line) + len(name) + 24
        text = array(value, width) if isinstance(value, list) else scalar(value)
        line += f"{'' if line == '{ ' else ', '}{key(name)} = {text}"
    return line + " }"
