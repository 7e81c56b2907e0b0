"""Tables and texts in Markdown, in which no name is taken for a mark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["cell", "code", "plain", "table"]

# Not every such character: `a_b`, `x < y` and `[0, 1]` read as they stand.
MARKS = re.compile(r"[\\`*~|]|<(?=[A-Za-z/!?])|&(?=#|\w)|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])")


def plain(text: object) -> str:
    """The text that reads as this one once it is rendered, on one line.

    Without it `<!--x-->` would be gone, `__init__` bold and `[a](b)` a link.
    """
    return MARKS.sub(r"\\\g<0>", " ".join(str(text).split()))


def cell(text: str) -> str:
    """Markdown as it may stand in a table's cell, on one line."""
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split("\n")))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a blank line behind it."""
    lines = [heads, ["---"] * len(heads), *([cell(each) for each in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(text: object) -> str:
    """The text as it stands, on one line: no mark of Markdown in it counts."""
    told = " ".join(str(text).split())
    longest = max(map(len, re.findall("`+", told)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{told}{pad}{fence}"
