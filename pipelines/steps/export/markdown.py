"""Tables and cells in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["cell", "code", "table"]


def cell(text: str) -> str:
    """The text as it may stand in a table's cell, on one line."""
    return " ".join(text.replace("|", "\\|").split("\n"))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a blank line behind it."""
    lines = [heads, ["---"] * len(heads), *([cell(each) for each in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(text: object) -> str:
    """The text as it stands, on one line: no mark of Markdown in it counts."""
    told = " ".join(str(text).split())
    fence = "``" if "`" in told else "`"
    pad = " " if fence == "``" else ""
    return f"{fence}{pad}{told}{pad}{fence}"
