"""Every work of training beside its peers: set-up, the race, and the tables of RESULTS.md."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.training import convex, stochastic
from benchmarks.training.data import AbsentError
from benchmarks.training.race import Pace, installed, say
from benchmarks.training.works import WORKS, Work

__all__ = ["PEERS", "Section", "sections"]

PEERS = ("scikit-learn-intelex", "glum", "torch", "jax", "keras")
FULL = Pace(rounds=7, budget=20.0, patience=300.0, pause=0.3, short=False)
SHORT = Pace(rounds=2, budget=0.5, patience=1.5, pause=0.05, short=True)


class Section(NamedTuple):
    """A heading and the Markdown below it."""

    heading: str
    body: str


def sections(short: bool, only: Sequence[str] = ()) -> Iterator[Section]:
    """One section a work, as soon as it is measured; `only` names the works, none for all.

    Raises
    ------
    ValueError
        Where `only` names a work that there is not.
    ExceptionGroup
        At the end, with what went wrong in single works.
    """
    names = [work.name for work in WORKS]
    if unknown := sorted(set(only) - set(names)):
        raise ValueError(f"There is no training work {unknown[0]!r}; there are {', '.join(names)}.")
    # A peer that stops at its floor warns; the table says it instead.
    warnings.simplefilter("ignore")
    failures = []
    for work in WORKS:
        if only and work.name not in only:
            continue
        say(work.heading)
        try:
            yield Section(work.heading, _body(work, SHORT if short else FULL))
        except Exception as error:
            # The works after it are measured all the same, and the page keeps its old section.
            say(f"failed: {error!r}")
            failures.append(error)
    if failures:
        raise ExceptionGroup("Some works were not measured", failures)


def _body(work: Work, pace: Pace) -> str:
    try:
        table = work.load(pace.short)
    except AbsentError as absence:
        return f"Left out: {absence}\n"
    measured = (stochastic if work.hidden else convex).measured(work, table, pace)
    absent = [name for name in PEERS if not installed(name)]
    left_out = f"Left out, not installed: {', '.join(absent)}.\n\n" if absent else ""
    return left_out + measured
