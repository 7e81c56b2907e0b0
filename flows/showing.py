"""What the command shows in a terminal: live progress, tables, decisions."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.comparing import Comparison
from flows.doctoring import Finding
from flows.explaining import StepPlan
from flows.outcome import Outcome
from pipelines.report.headings import HEADINGS, inline

__all__ = [
    "print_json",
    "show_comparison",
    "show_findings",
    "show_outcome",
    "show_plan",
    "terminal",
]

SHOWN = ("log_loss", "roc_auc", "accuracy", "expected_calibration_error")
WINNER = " ◂ winner"
# Widths in characters: a metric with its interval, and all that stands beside the metrics.
METRIC_COLUMN, OTHER_COLUMNS = 23, 34
VERSION_HEADINGS = (
    "version",
    "alias",
    "candidate",
    "metric",
    "to the champion",
    "made",
    "champion (UTC)",
    "decision",
)
TO_THE_CHAMPION = (
    "To the champion: minus the champion's, on the rows that are test rows of both, with a paired "
    "95 % interval."
)
TITLES = {
    "log_loss": "log loss",
    "roc_auc": "ROC AUC",
    "accuracy": "accuracy",
    "expected_calibration_error": "calibration error",
}


def show_outcome(outcome: Outcome, as_json: bool) -> None:
    """Print the candidates, the decision, and where everything is."""
    facts = outcome.as_json
    if as_json:
        print_json(facts)
        return
    console = terminal()
    unchanged = all(step["status"] == "skipped" for step in facts["steps"])
    if unchanged:
        console.print("Nothing has changed since the last run: every step was skipped.")
    console.print(_candidate_table(console, facts["candidates"], facts["winner"]))
    for leak in facts["leaks"]:
        allowed = f" Allowed: {leak['allowed']}" if leak["allowed"] else ""
        style = "yellow" if leak["allowed"] else "red"
        console.print(Text(f"Leak ({leak['kind']}): {leak['detail']}{allowed}", style=style))
    console.print(Text(facts["decision"], style="bold"))
    for note in facts["notes"]:
        console.print(Text(f"Note: {note}", style="yellow"))
    here = outcome.workspace == Path.cwd()
    look = (
        "logitline ui"
        if here
        else f"logitline ui --workspace {shlex.quote(str(outcome.workspace))}"
    )
    places = Table.grid(padding=(0, 2))
    for name, place in {
        "model": facts["model"]["uri"],
        "bundle": facts["export"],
        "report": facts["report"],
        "proof": facts["parity"],
        "look": look,
    }.items():
        places.add_row(Text(name, style="dim"), Text(place))
    console.print(places)


def _candidate_table(
    console: Console, candidates: Sequence[Mapping[str, Any]], winner: str
) -> Table:
    names = max([len(each["name"]) for each in candidates], default=0) + len(WINNER)
    # As many metrics as the terminal holds without breaking a line; the JSON has them all.
    shown = SHOWN[: max(1, (console.width - names - OTHER_COLUMNS) // METRIC_COLUMN)]
    table = Table(title="Candidates on the test rows, with 95 % intervals", title_justify="left")
    table.add_column("candidate")
    for name in shown:
        table.add_column(TITLES[name], justify="right")
    table.add_column("chosen by log loss", justify="right")
    table.add_column("fit", justify="right")
    ranked = sorted(
        candidates, key=lambda c: (c["status"] == "failed", c["selection_log_loss"] or 0.0)
    )
    for each in ranked:
        if each["status"] == "failed":
            table.add_row(Text(each["name"], style="red"), Text(f"failed: {each['reason']}"))
            continue
        mark = WINNER if each["name"] == winner else ""
        table.add_row(
            Text(each["name"] + mark, style="bold" if mark else ""),
            *(_interval(each["metrics"][name]) for name in shown),
            f"{each['selection_log_loss']:.4f}",
            f"{each['fit_seconds']:.2f} s",
        )
    return table


def _interval(bounds: Mapping[str, float | None]) -> str:
    if bounds["value"] is None:
        return "–"
    low, high = bounds["low"], bounds["high"]
    between = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return f"{bounds['value']:.3f}{between}"


def show_plan(plan: Sequence[StepPlan], as_json: bool) -> None:
    """Print what each step would do, and why."""
    if as_json:
        print_json({"steps": [vars(step) for step in plan]})
        return
    table = Table(title="What `logitline train` would do", title_justify="left")
    for heading in ("step", "would", "because"):
        table.add_column(heading)
    for step in plan:
        style = "bold" if step.runs else "cyan"
        would = Text("run" if step.runs else "skip", style=style)
        # Text, because rich would read [split] as markup.
        table.add_row(step.name, would, Text(step.reason))
    terminal().print(table)


def show_comparison(comparison: Comparison, as_json: bool) -> None:
    """Print candidates and versions side by side."""
    if as_json:
        facts = {name: getattr(comparison, name) for name in ("metric", "candidates", "versions")}
        print_json(facts)
        return
    console = terminal()
    console.print(_candidate_table(console, comparison.candidates, comparison.winner))
    title = f"Versions of {comparison.model} by {inline(HEADINGS[comparison.metric])}"
    told = any(each["difference"] for each in comparison.versions)
    caption = TO_THE_CHAMPION if told else None
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for heading in VERSION_HEADINGS:
        table.add_column(heading)
    for each in comparison.versions:
        table.add_row(
            each["version"],
            Text(", ".join(each["aliases"]), style="bold green"),
            Text(each["candidate"]),
            _interval(each["metric"]),
            _difference(each),
            each["made"],
            "\n".join(_reign(span) for span in each["champion"]),
            Text(each["decision"]),
        )
    console.print(table)


def _difference(version: Mapping[str, Any]) -> str:
    """How far the version is from the champion, and on how many rows."""
    gap = version["difference"]
    if gap is None:
        return "–"
    return f"{gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]\n{gap['rows']:,} rows"


def _reign(span: Mapping[str, str | None]) -> str:
    since, until = ((span[end] or "now")[:16].replace("T", " ") for end in ("since", "until"))
    return f"{since} – {until}"


def show_findings(findings: Sequence[Finding], as_json: bool) -> None:
    """Print what doctor found."""
    if as_json:
        print_json({"findings": [vars(finding) for finding in findings]})
        return
    console = terminal()
    for finding in findings:
        mark, style = ("✓", "green") if finding.well else ("✗", "red")
        console.print(Text(f"{mark} {finding.what}: {finding.said}", style=style))
        if finding.remedy:
            console.print(Text(f"    {finding.remedy}"))


def terminal() -> Console:
    """Where tables are printed."""
    # A pipe has no width: tables then are as wide as their content.
    return Console(width=None if sys.stdout.isatty() else 200, soft_wrap=False)


def print_json(value: Any) -> None:
    """Print one JSON value, a key a line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
