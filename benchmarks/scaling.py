"""How training time grows with rows, columns, classes, hidden width and threads.

`python -m benchmarks scaling` writes docs/scaling.md and docs/figures/scaling-*.svg. Each
number of threads is measured in a process that may run on that many processors only. Logistic
regression ends within 1e-6 of the optimum for everyone; a network's time is that of an epoch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.training import linear, linear_autodiff, networks, networks_autodiff
from benchmarks.training.convex import search
from benchmarks.training.data import Table
from benchmarks.training.growth import DOCS, PANELS, WITHIN, Point, write
from benchmarks.training.objective import Judge
from benchmarks.training.race import Contender, Entry, Pace, race, say

__all__ = ["main"]

EPOCHS = 3
PACE = Pace(rounds=5, budget=4.0, patience=20.0, pause=0.1, short=False)


def main(short: bool) -> None:
    """Measure on every number of threads up to the machine's, draw, and write the page."""
    points: list[Point] = []
    for threads in sorted({1, min(2, len(os.sched_getaffinity(0)))}):
        say(f"on {threads} threads")
        points += _child(threads, short)
    if short:
        print(*points, sep="\n")
        return
    write(points)


def _child(threads: int, short: bool) -> Iterator[Point]:
    """What a process on so many processors measures."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.scaling", str(threads), *["--short"] * short],
        cwd=DOCS.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout or ():
            if line.startswith("["):
                yield Point(*json.loads(line))
            else:
                print(line, end="", flush=True)
    if process.returncode:
        raise RuntimeError(f"The process on {threads} threads ended with {process.returncode}.")


def _measure(threads: int, short: bool) -> None:
    """Print each point as a line of JSON."""
    # Before any library with threads of its own has counted the processors.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    warnings.simplefilter("ignore")
    for name, panel in PANELS.items():
        for value in panel.values[: 2 if short else None]:
            say(f"{value} {panel.label}")
            table = panel.table(value)
            timed = _epochs(table, panel.hidden(value)) if panel.hidden else _fits(table)
            for who, seconds in timed:
                print(json.dumps(Point(name, value, who, threads, seconds)), flush=True)


def _fits(table: Table) -> Iterator[tuple[str, float]]:
    """Each library's seconds to the quality, where it reaches that."""
    judge = Judge(table.X, table.y)
    zero = judge.optimum(WITHIN / 100).value
    X, y = table.X, table.y
    made = [
        linear.ours(X, y),
        linear.scikit_learn(X, y, "lbfgs", 1),
        linear.intelex(X, y, 1),
        linear_autodiff.jax_lbfgs(X, y, 1, start=1e-4),
    ]
    lanes = [search(c, judge, zero, WITHIN, PACE) for each in made for c in each]
    lanes = [lane for lane in lanes if lane.reached]
    race([lane.entry for lane in lanes], PACE)
    for lane in lanes:
        yield _who(lane.contender), median(lane.entry.seconds)


def _epochs(table: Table, hidden: int) -> Iterator[tuple[str, float]]:
    """Each library's seconds of an epoch."""
    made = [
        networks.ours(table, hidden),
        networks.scikit_learn(table, hidden, 1),
        networks_autodiff.torch_eager(table, hidden, 1),
        networks_autodiff.jax_scan(table, hidden, 1),
    ]
    entries = []
    for contender in (c for each in made for c in each):
        if contender.compile:
            contender.compile()

        def run(seed: int, contender: Contender = contender) -> Any:
            return contender.run(EPOCHS, seed)

        entries.append(Entry(contender, run, *_first(run)))
    race(entries, PACE)
    for entry in entries:
        yield _who(entry.contender), median(entry.seconds) / EPOCHS


def _first(run: Callable[[int], Any]) -> tuple[float, Any]:
    """The seconds of a second run, since the first may compile, and what it gave."""
    run(0)
    started = time.perf_counter()
    result = run(0)
    return time.perf_counter() - started, result


def _who(contender: Contender) -> str:
    return "ours" if contender.times is None else contender.library


if __name__ == "__main__":
    _measure(int(sys.argv[1]), "--short" in sys.argv)
