"""What `logitline drift` prints: the columns, the surest drift first, and the verdict."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.monitoring import Monitored
from pipelines.drift.comparison import ColumnDrift
from pipelines.report.wording import name

__all__ = ["show_drift"]

HEADINGS = ("column", "drifted", "PSI", "p-value", "test", "missing", "never seen")
# Lines of the terminal that are not the table's rows, and rows where there is no terminal.
OTHER_LINES, ROWS_IN_A_PIPE = 9, 50
LONGEST_NAME = 40


def show_drift(found: Monitored, as_json: bool) -> None:
    """Print the result: a table as long as the terminal is high, or one JSON object."""
    if as_json:
        text = json.dumps(found.as_json, ensure_ascii=False, indent=1, allow_nan=False)
        sys.stdout.write(f"{text}\n")
        return
    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else 200, soft_wrap=False)
    room = max(1, console.height - OTHER_LINES) if terminal else ROWS_IN_A_PIPE
    shown = found.comparison.columns[:room]
    title = f"Against version {found.version} of {found.model}"
    table = Table(title=Text(title), title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in ("column", "test") else "right")
    for each in shown:
        table.add_row(*_cells(each), style="bold" if each.drifted else "")
    console.print(table)
    if rest := len(found.comparison.columns) - len(shown):
        drifted = sum(each.drifted for each in found.comparison.columns[room:])
        console.print(f"and {rest} more columns, {drifted} of them drifted")
    console.print(
        Text(found.comparison.sentence, style="bold red" if found.comparison.drifted else "bold")
    )
    if found.html is not None:
        console.print(Text(f"page  {found.html}"))


def _cells(column: ColumnDrift) -> tuple[Text, ...]:
    texts = (
        name(column.name, LONGEST_NAME),
        "yes" if column.drifted else "",
        f"{column.psi:.3f}",
        f"{column.p_value:.2g}",
        _test(column),
        f"{column.missing_then:.1%} → {column.missing_now:.1%}",
        f"{column.unseen_rows:,}" if column.unseen_rows else "",
    )
    return tuple(Text(text) for text in texts)


def _test(column: ColumnDrift) -> str:
    if column.bin is None:
        return f"{column.test} {column.statistic:.3g}"
    return f"{column.test} {column.statistic:+.1%} {name(column.bin)}"
