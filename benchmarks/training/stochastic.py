"""Networks: the same epochs by everyone, the time of one, and the quality they end with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import mean, median, stdev

from benchmarks.measuring import machine
from benchmarks.training import profile, tables
from benchmarks.training.children import first_use, peak_memory
from benchmarks.training.data import Table
from benchmarks.training.limits import epoch_seconds, rates
from benchmarks.training.networks import judged
from benchmarks.training.race import Contender, Entry, Pace, prepared, race, say
from benchmarks.training.works import Work

__all__ = ["Spread", "measured", "same"]

# What counts as the same quality, beside twice the standard error of the difference.
LOSS, ACCURACY = 0.01, 0.005
SHORT_EPOCHS = 2


@dataclass(frozen=True)
class Spread:
    """A quality's mean over the seeds, and the standard error of it."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """The spread of the values; one value has no error."""
        error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
        return cls(mean(values), error)


@dataclass
class Lane:
    """A contender in the race, and the seconds it compiled before."""

    index: int
    entry: Entry
    compiling: float | None
    loss: Spread | None = None
    accuracy: Spread | None = None


def same(a: Spread, b: Spread, allowed: float) -> bool:
    """Whether two means differ by no more than allowed beside twice their standard error."""
    return abs(a.mean - b.mean) <= allowed + 2 * (a.error**2 + b.error**2) ** 0.5


def measured(work: Work, table: Table, pace: Pace) -> str:
    """The work's section: table, limit, compilation, machine."""
    epochs = SHORT_EPOCHS if pace.short else work.epochs
    lanes, failed = prepared(
        work.contenders(table), lambda index, each: _warm(index, each, epochs), pace
    )
    race([lane.entry for lane in lanes], pace)
    for lane in lanes:
        qualities = [judged(layers, table) for layers in lane.entry.results]
        lane.loss = Spread.of([each.loss for each in qualities])
        lane.accuracy = Spread.of([each.accuracy for each in qualities])
    return _section(work, table, pace, lanes, failed, epochs)


def _warm(index: int, contender: Contender, epochs: int) -> Lane:
    """The contender after one run that is not counted."""
    compiling = None
    if contender.compile:
        started = time.perf_counter()
        contender.compile()
        compiling = time.perf_counter() - started
    started = time.perf_counter()
    layers = contender.run(epochs, 0)
    took = time.perf_counter() - started
    say(f"{contender.name}: {took / epochs * 1e3:.3g} ms an epoch")
    entry = Entry(contender, lambda seed: contender.run(epochs, seed), took, layers)
    return Lane(index, entry, compiling)


def _section(
    work: Work, table: Table, pace: Pace, lanes: list[Lane], failed: list[str], epochs: int
) -> str:
    seconds = [median(lane.entry.seconds) / epochs for lane in lanes]
    ours = next((s for s, lane in zip(seconds, lanes, strict=True) if _is_ours(lane)), None)
    judge = next((lane for lane in lanes if lane.entry.contender.library == "scikit-learn"), None)
    held, rows = [], []
    for each, lane in zip(seconds, lanes, strict=True):
        contender = lane.entry.contender
        held.append(tables.Held(contender.name, each, ours, contender.times, True))
        rows.append(
            [
                *held[-1].cells(1e3, "ms"),
                str(len(lane.entry.seconds)),
                *_quality(lane, judge),
                _memory(work, table, pace, lane),
            ]
        )
    heads = ["who", "median epoch", "ours is faster by", "target", "held", "runs"]
    limit = epoch_seconds(table, work.hidden or 0)
    text = [
        tables.verdict(held, work.target),
        f"{len(table.X):,} rows, {epochs} epochs a fit, another seed each run; loss over the "
        "training rows and accuracy on 10,000 others are computed here in float64 (mean ± "
        f"standard error). Limit: an epoch takes {limit * 1e3:.2g} ms at {rates()}, measured here.",
        tables.markdown([*heads, "loss", "accuracy", "same quality", "extra memory"], rows),
        "" if ours is None else profile.told(table, work.hidden or 0, ours),
        *(f"Failed: {line}" for line in failed),
        tables.compiling(
            [(lane.entry.contender.name, lane.compiling) for lane in lanes],
            None if pace.short or ours is None else first_use(work, 1, pace.short),
        ),
        machine(["numpy", "scipy", *(lane.entry.contender.library for lane in lanes)]),
    ]
    return "\n\n".join(line for line in text if line) + "\n"


def _is_ours(lane: Lane) -> bool:
    return lane.entry.contender.times is None


def _quality(lane: Lane, judge: Lane | None) -> list[str]:
    """Loss, accuracy, and whether both are scikit-learn's."""
    loss, accuracy = lane.loss, lane.accuracy
    if loss is None or accuracy is None:
        return ["–", "–", "–"]
    cells = [
        f"{loss.mean:.4f} ± {loss.error:.4f}",
        f"{accuracy.mean:.2%} ± {accuracy.error:.2%}",
    ]
    if judge is None or judge.loss is None or judge.accuracy is None:
        return [*cells, "–"]
    alike = same(loss, judge.loss, LOSS * judge.loss.mean) and same(
        accuracy, judge.accuracy, ACCURACY
    )
    return [*cells, "yes" if alike else "no"]


def _memory(work: Work, table: Table, pace: Pace, lane: Lane) -> str:
    if pace.short:
        return "–"
    say(f"memory of {lane.entry.contender.name}")
    return tables.memory(peak_memory(work, lane.index, 1, pace.short), table)
