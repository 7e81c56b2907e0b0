"""What the command shows in a terminal: live progress, tables, decisions."""

from __future__ import annotations

import json
import shlex
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flows.comparing import Comparison
from flows.doctoring import Finding
from flows.explaining import StepPlan
from flows.outcome import Outcome
from flows.progress import SERVER, watched
from flows.steps import STEPS

__all__ = ["progress", "show_comparison", "show_findings", "show_outcome", "show_plan"]

SHOWN = ("log_loss", "roc_auc", "accuracy", "expected_calibration_error")
WINNER = " ◂ winner"
TRIALS_BAR, TOLD_TIMES = 10, 10
# Widths in characters: a metric with its interval, and all that stands beside the metrics.
METRIC_COLUMN, OTHER_COLUMNS = 23, 34
TITLES = {
    "log_loss": "log loss",
    "roc_auc": "ROC AUC",
    "accuracy": "accuracy",
    "expected_calibration_error": "calibration error",
}


class LiveProgress:
    """A watcher that keeps a table of steps and a line a candidate on the terminal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        lines = (SERVER, *STEPS)
        self._steps: dict[str, tuple[str, float]] = {line: ("waits", 0.0) for line in lines}
        self._begun: dict[str, float] = {}
        self._fits: dict[str, tuple[str, str]] = {}

    def begin(self, step: str) -> None:
        """Mark the step as running."""
        with self._lock:
            self._begun[step] = time.monotonic()
            self._steps[step] = ("runs", 0.0)

    def end(self, step: str, status: str, seconds: float) -> None:
        """Mark the step as done."""
        with self._lock:
            self._steps[step] = (status, seconds)

    def fits(self, candidate: str, done: int, planned: int, note: str) -> None:
        """Note how far a candidate is."""
        with self._lock:
            self._fits[candidate] = (_bar(done, planned, planned), note)

    def trials(self, candidate: str, done: int, planned: int | None, best: float | None) -> None:
        """Note how far a candidate's search is."""
        with self._lock:
            self._fits[candidate] = (
                _bar(done, planned or 0, TRIALS_BAR),
                _searched(done, planned, best),
            )

    def __rich__(self) -> Group:
        """The picture of this moment."""
        with self._lock:
            steps, fits = dict(self._steps), dict(self._fits)
        lines: list[Text] = []
        for step, state in steps.items():
            lines.append(self._step_line(step, *state))
            if step == "train" and state[0] == "runs":
                lines += [_fit_line(name, *each) for name, each in fits.items()]
        return Group(*lines)

    def _step_line(self, step: str, status: str, seconds: float) -> Text:
        mark = {"waits": "·", "runs": "▸", "ran": "✓", "skipped": "="}[status]
        style = {"waits": "dim", "runs": "bold", "ran": "green", "skipped": "cyan"}[status]
        if status == "runs":
            seconds = time.monotonic() - self._begun[step]
        said = {"waits": "", "skipped": "unchanged"}.get(status, f"{seconds:.1f} s")
        return Text(f"{mark} {step:<9} {said}", style=style)


class PlainProgress:
    """A watcher that writes a line an event, for logs and pipes."""

    def begin(self, step: str) -> None:
        """Say nothing: the end is told."""

    def end(self, step: str, status: str, seconds: float) -> None:
        """Say how the step ended."""
        said = f"{seconds:.1f} s" if status == "ran" else "unchanged"
        sys.stderr.write(f"{step}: {said}\n")

    def fits(self, candidate: str, done: int, planned: int, note: str) -> None:
        """Say how a candidate ended."""
        if done == planned or note:
            sys.stderr.write(f"  {candidate}: {note or f'{planned} fits'}\n")

    def trials(self, candidate: str, done: int, planned: int | None, best: float | None) -> None:
        """Say how far a candidate's search is: every tenth part, or every ten trials."""
        part = TOLD_TIMES if planned is None else max(1, -(-planned // TOLD_TIMES))
        if done and (done % part == 0 or done == planned):
            sys.stderr.write(f"  {candidate}: {_searched(done, planned, best)}\n")


def _bar(done: int, planned: int, longest: int) -> str:
    """One block a fit or trial, of more than `longest` so many."""
    width = min(planned, longest)
    full = done * width // max(planned, 1)
    return "█" * full + "░" * (width - full)


def _searched(done: int, planned: int | None, best: float | None) -> str:
    least = "" if best is None else f", log loss {best:.4f}"
    return f"{done}{'' if planned is None else f' of {planned}'} trials{least}"


def _fit_line(name: str, bar: str, note: str) -> Text:
    style = "red" if note.startswith("failed") else "default"
    return Text(f"    {name:<24} {bar} {note}", style=style, overflow="ellipsis", no_wrap=True)


@contextmanager
def progress(quiet: bool) -> Iterator[None]:
    """Show the progress of a training on standard error while the block runs."""
    console = Console(stderr=True)
    if quiet:
        yield
    elif console.is_terminal:
        live = LiveProgress()
        with Live(live, console=console, refresh_per_second=8, transient=True), watched(live):
            yield
    else:
        with watched(PlainProgress()):
            yield


def show_outcome(outcome: Outcome, as_json: bool) -> None:
    """Print the candidates, the decision, and where everything is."""
    facts = outcome.as_json
    if as_json:
        _print_json(facts)
        return
    console = _console()
    unchanged = all(step["status"] == "skipped" for step in facts["steps"])
    if unchanged:
        console.print("Nothing has changed since the last run: every step was skipped.")
    console.print(_candidate_table(console, facts["candidates"], facts["winner"]))
    for leak in facts["leaks"]:
        allowed = f" Allowed: {leak['allowed']}" if leak["allowed"] else ""
        style = "yellow" if leak["allowed"] else "red"
        console.print(Text(f"Leak ({leak['kind']}): {leak['detail']}{allowed}", style=style))
    console.print(Text(facts["decision"], style="bold"))
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
        _print_json({"steps": [vars(step) for step in plan]})
        return
    table = Table(title="What `logitline train` would do", title_justify="left")
    for heading in ("step", "would", "because"):
        table.add_column(heading)
    for step in plan:
        style = "bold" if step.runs else "cyan"
        would = Text("run" if step.runs else "skip", style=style)
        # Text, because rich would read [split] as markup.
        table.add_row(step.name, would, Text(step.reason))
    _console().print(table)


def show_comparison(comparison: Comparison, as_json: bool) -> None:
    """Print candidates and versions side by side."""
    if as_json:
        _print_json({"candidates": comparison.candidates, "versions": comparison.versions})
        return
    console = _console()
    console.print(_candidate_table(console, comparison.candidates, comparison.winner))
    table = Table(title=f"Versions of {comparison.model}", title_justify="left")
    for heading in ("version", "alias", "candidate", "log loss", "accuracy", "made", "decision"):
        table.add_column(heading)
    for each in comparison.versions:
        table.add_row(
            each["version"],
            Text(", ".join(each["aliases"]), style="bold green"),
            Text(each["candidate"]),
            _interval(each["log_loss"]),
            _interval(each["accuracy"]),
            each["made"],
            Text(each["decision"]),
        )
    console.print(table)


def show_findings(findings: Sequence[Finding], as_json: bool) -> None:
    """Print what doctor found."""
    if as_json:
        _print_json({"findings": [vars(finding) for finding in findings]})
        return
    console = _console()
    for finding in findings:
        mark, style = ("✓", "green") if finding.well else ("✗", "red")
        console.print(Text(f"{mark} {finding.what}: {finding.said}", style=style))
        if finding.remedy:
            console.print(Text(f"    {finding.remedy}"))


def _console() -> Console:
    # A pipe has no width: tables then are as wide as their content.
    return Console(width=None if sys.stdout.isatty() else 200, soft_wrap=False)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
