"""Contenders run in turn, round after round, so that the machine's drift meets them all alike."""

from __future__ import annotations

import gc
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

__all__ = ["Contender", "Entry", "Pace", "installed", "prepared", "race", "say"]

T = TypeVar("T")

MODULES = {"scikit-learn": "sklearn", "scikit-learn-intelex": "sklearnex"}


@dataclass(frozen=True)
class Contender:
    """One library's way of doing a work.

    Attributes
    ----------
    name : str
        As the table shows it.
    library : str
        The distribution it comes from, for its version.
    run : callable
        Does the work once. For a convex problem it takes a tolerance and gives a `Fitted`,
        for a network the epochs and a seed and gives its layers.
    times : float or None
        How many times its seconds should be ours at least; None for ours.
    start : float
        The tolerance at which the search for the loosest sufficient one begins.
    form : str
        Of the table it takes; ours is held against it on the same form.
    long_only : bool
        Whether the short form leaves it out.
    tries : int or None
        Fits of that search at most; for one that takes minutes a fit.
    compile : callable, optional
        Compiles what `run` will use and runs it as little as it can.
    """

    name: str
    library: str
    run: Callable[..., Any]
    times: float | None = None
    start: float = 1e-4
    form: str = "dense"
    long_only: bool = False
    tries: int | None = None
    compile: Callable[[], object] | None = None


class Pace(NamedTuple):
    """How long to measure.

    Attributes
    ----------
    rounds : int
        Runs of each contender at most.
    budget : float
        Seconds of a contender's runs; one that needs more runs fewer times.
    patience : float
        Seconds after which the search for a tolerance begins no further fit.
    pause : float
        Seconds before each run: libraries' threads spin for a while after their work.
    short : bool
        Small tables, and neither memory nor compilation.
    """

    rounds: int
    budget: float
    patience: float
    pause: float
    short: bool


@dataclass
class Entry:
    """A contender in the race: what it runs in each round, its last run before, and the runs."""

    contender: Contender
    run: Callable[[int], Any]
    first: float
    result: Any
    seconds: list[float] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)


def installed(library: str) -> bool:
    """Whether the distribution's module can be imported; it is not."""
    return importlib.util.find_spec(MODULES.get(library, library)) is not None


def say(text: str) -> None:
    """Progress, at once."""
    print(f"  {time.strftime('%H:%M:%S')} {text}", flush=True)


def prepared(
    makers: Sequence[Iterator[Contender]],
    prepare: Callable[[int, Contender], T],
    pace: Pace,
) -> tuple[list[T], list[str]]:
    """What each contender was prepared to, and a line for each that failed.

    A maker gives one contender or none; `prepare` is told its number.
    """
    ready, failed = [], []
    for index, maker in enumerate(makers):
        name = f"contender {index}"
        try:
            for contender in maker:
                name = contender.name
                if not (pace.short and contender.long_only):
                    ready.append(prepare(index, contender))
        except Exception as error:
            # One library's failure must not cost the others' figures.
            failed.append(f"{name}: {type(error).__name__}: {error}".splitlines()[0])
            say(failed[-1])
    return ready, failed


def race(entries: Sequence[Entry], pace: Pace) -> None:
    """Fills each entry's seconds and results, one run a round.

    Every other round goes backwards. Ours runs in every round, a peer as often as its budget
    holds runs of the length of `first`, its last run in the set-up; where it holds none, that
    run is the measure.
    """
    for number in range(pace.rounds):
        gc.collect()
        for entry in entries if number % 2 == 0 else reversed(entries):
            if number < _turns(entry, pace):
                time.sleep(pace.pause)
                started = time.perf_counter()
                result = entry.run(number)
                entry.seconds.append(time.perf_counter() - started)
                entry.results.append(result)
        say(f"round {number + 1} of {pace.rounds}")
    for entry in entries:
        entry.seconds = entry.seconds or [entry.first]
        entry.results = entry.results or [entry.result]


def _turns(entry: Entry, pace: Pace) -> int:
    return pace.rounds if entry.contender.times is None else int(pace.budget / entry.first)
