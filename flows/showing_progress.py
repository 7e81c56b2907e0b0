"""How far a training is: a live table on a terminal, a line an event in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from flows.progress import SERVER, watched
from flows.steps import STEPS

__all__ = ["LiveProgress", "PlainProgress", "progress"]

TRIALS_BAR, TOLD_TIMES = 10, 10


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
            sys.stderr.write(f"  {candidate}: {note or _fitted(planned)}\n")

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


def _fitted(count: int) -> str:
    return "fitted" if count == 1 else f"{count} fits"


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
