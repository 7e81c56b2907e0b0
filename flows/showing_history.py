"""The promotion history as a table or as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.promotion import History
from flows.showing import print_json, terminal
from pipelines.promotion.history import Entry

__all__ = ["show_history"]

HEADINGS = ("when", "version", "what", "champion", "by", "reason")


def show_history(history: History, as_json: bool) -> None:
    """Print the decisions, the newest first."""
    if as_json:
        rows = [_facts(entry) for entry in reversed(history.entries)]
        facts = {"model": history.model, "champion": history.champion, "note": history.note}
        print_json({**facts, "history": rows})
        return
    out = terminal()
    if not history.entries:
        out.print(Text(f"Nothing has been decided on {history.model} yet."))
        return
    table = Table(title=f"Decisions on {history.model}", title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading)
    for entry in reversed(history.entries):
        moved = entry.champion_after != entry.champion_before
        before, after = entry.champion_before or "none", entry.champion_after or "none"
        table.add_row(
            f"{entry.time[:16].replace('T', ' ')} UTC",
            entry.version,
            Text(entry.action, style="bold green" if moved else ""),
            f"{before} → {after}" if moved else after,
            Text(entry.by),
            Text(entry.reason),
        )
    out.print(table)
    if history.note:
        out.print(Text(history.note, style="yellow"))


def _facts(entry: Entry) -> dict[str, Any]:
    facts = asdict(entry)
    for name in ("key", "sketch", "done"):
        del facts[name]
    return facts
