"""Convex problems: the loosest tolerance that reaches the quality, the race, the table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.measuring import machine
from benchmarks.training import tables
from benchmarks.training.children import first_use, peak_memory
from benchmarks.training.data import Table
from benchmarks.training.limits import pass_seconds, rates
from benchmarks.training.linear import Fitted
from benchmarks.training.objective import Judge
from benchmarks.training.race import Contender, Entry, Pace, prepared, race, say
from benchmarks.training.works import Work

__all__ = ["Lane", "Try", "choose", "loosest", "measured", "search"]

# Tolerances tried: 1, 0.3, 0.1, … 1e-12.
LADDER = [digit * 10.0**-power for power in range(13) for digit in (1, 0.3)]
# A fit that four steps of the ladder leave as it is has come to its floor.
STALLED = 4
# The last digit of the objective that the Fashion-MNIST goal was written down with.
ROUNDING = 5e-7
SLOW = 30.0
# The contender whose own end is the goal where a work names no distance from the optimum.
REFERENCE = 1


@dataclass(frozen=True)
class Try:
    """One fit of the set-up: its tolerance, seconds, and distance above the goal's zero."""

    tolerance: float
    seconds: float
    gap: float
    fitted: Fitted


@dataclass
class Lane:
    """A contender with its chosen try; `reached` is false where no tolerance was enough."""

    index: int
    contender: Contender
    chosen: Try
    reached: bool
    compiling: float | None
    entry: Entry


def loosest(tries: dict[int, Try], start: int, within: float) -> Iterator[int]:
    """The ladder's steps to try next; the caller fills `tries` before it asks again.

    Tighter from the start until the gap is within; looser from there while it still is, by
    longer steps where the fit does not change. Ends early where tightening changes nothing.
    """
    step = start
    yield step
    while tries[step].gap > within and step + 1 < len(LADDER):
        last = [tries[each] for each in range(max(start, step - STALLED + 1), step + 1)]
        if len(last) == STALLED and len({(t.fitted.iterations, t.gap) for t in last}) == 1:
            return
        step += 1
        yield step
    if step > start:
        return
    good, stride = step, 1
    while step > 0 and tries[step].gap <= within:
        good, step = step, max(step - stride, 0)
        yield step
        # What a looser tolerance leaves as it was, the next may too.
        stride = 2 * stride if _same(tries[step], tries[good]) else 1
    while step + 1 < good and tries[step].gap > within:
        step += 1
        yield step


def _same(one: Try, other: Try) -> bool:
    return (one.fitted.iterations, one.gap) == (other.fitted.iterations, other.gap)


def choose(tries: dict[int, Try], within: float) -> tuple[Try, bool]:
    """The try of the loosest tolerance that is within, or else the nearest; and whether it is.

    Of tries equally near, within a twentieth, the quickest.
    """
    enough = [step for step, each in tries.items() if each.gap <= within]
    if enough:
        return tries[min(enough)], True
    best = min(each.gap for each in tries.values())
    near = [each for each in tries.values() if each.gap <= 1.05 * best]
    return min(near, key=lambda each: each.seconds), False


def _try(contender: Contender, tolerance: float, judge: Judge, zero: float) -> Try:
    started = time.perf_counter()
    fitted = contender.run(tolerance)
    took = time.perf_counter() - started
    gap = judge.value(fitted.coef, fitted.intercept) - zero
    say(f"{contender.name}: tol {tolerance:.0e}, {took:.3g} s, {gap:.2g} above")
    return Try(tolerance, took, gap, fitted)


def search(contender: Contender, judge: Judge, zero: float, within: float, pace: Pace) -> Lane:
    """The contender with the loosest sufficient tolerance, found by trying."""
    compiling = None
    if contender.compile:
        started = time.perf_counter()
        contender.compile()
        compiling = time.perf_counter() - started
    start = int(np.argmin(np.abs(np.log(LADDER) - np.log(contender.start))))
    tries: dict[int, Try] = {}
    began = time.perf_counter()
    for step in loosest(tries, start, within):
        tries[step] = _try(contender, LADDER[step], judge, zero)
        late = time.perf_counter() - began > pace.patience
        if late or len(tries) == contender.tries:
            break
    chosen, reached = choose(tries, within)
    entry = Entry(contender, lambda _: contender.run(chosen.tolerance), chosen.seconds, None)
    return Lane(0, contender, chosen, reached, compiling, entry)


def measured(work: Work, table: Table, pace: Pace) -> str:
    """The work's section: goal, limit, table, compilation, machine."""
    judge = Judge(table.X, table.y)
    reference = None
    if work.within is None:
        peer = next(work.contenders(table)[REFERENCE])
        reference = _try(peer, peer.start, judge, 0.0)
        zero, within = reference.gap, ROUNDING
        goal = f"the objective at which {peer.name} ends with tol = {peer.start:g}, {zero:.6f}"
    else:
        best = judge.optimum(work.within / 100)
        zero, within = best.value, work.within
        goal = f"{within:g} above the optimum {zero:.10f} (known to {best.within:.0e})"

    def lane(index: int, contender: Contender) -> Lane:
        if reference and index == REFERENCE:
            found = _fixed(contender, reference, zero)
        else:
            found = search(contender, judge, zero, within, pace)
        found.index = index
        return found

    lanes, failed = prepared(work.contenders(table), lane, pace)
    race([each.entry for each in lanes], pace)
    return _section(work, table, pace, lanes, failed, goal)


def _fixed(contender: Contender, reference: Try, zero: float) -> Lane:
    """The contender whose end is the goal."""
    chosen = Try(reference.tolerance, reference.seconds, reference.gap - zero, reference.fitted)
    entry = Entry(contender, lambda _: contender.run(chosen.tolerance), chosen.seconds, None)
    return Lane(0, contender, chosen, True, None, entry)


def _section(
    work: Work, table: Table, pace: Pace, lanes: list[Lane], failed: list[str], goal: str
) -> str:
    ours = {
        lane.contender.form: median(lane.entry.seconds)
        for lane in lanes
        # Where ours stops short of the quality, its time says nothing.
        if lane.contender.times is None and lane.reached
    }
    held = [
        tables.Held(
            lane.contender.name,
            median(lane.entry.seconds),
            ours.get(lane.contender.form.split()[0]),
            lane.contender.times,
            lane.reached,
        )
        for lane in lanes
    ]
    rows = [
        [
            *each.cells(1, "s"),
            str(len(lane.entry.seconds)),
            f"{lane.chosen.tolerance:.0e}",
            " ".join(filter(None, [str(lane.chosen.fitted.iterations), lane.chosen.fitted.solver])),
            f"{lane.chosen.gap:.1e}" + ("" if lane.reached else ", short of it"),
            *_memory(work, table, pace, lane),
        ]
        for each, lane in zip(held, lanes, strict=True)
    ]
    heads = ["who", "median", "ours is faster by", "target", "held", "runs", "tol", "iterations"]
    shape = f"{table.X.shape[0]:,} × {table.X.shape[1]:,}, {table.n_classes} classes"
    text = [
        tables.verdict(held, work.target),
        f"{shape}. Each to {goal}, by the loosest tolerance that reaches it. Limit: a pass over "
        f"the rows takes {pass_seconds(table) * 1e3:.2g} ms at {rates()}, measured here.",
        tables.markdown([*heads, "above the goal's zero", "extra memory"], rows),
        *(f"Failed: {line}" for line in failed),
        tables.compiling(
            [(lane.contender.name, lane.compiling) for lane in lanes],
            None if pace.short or not ours else first_use(work, _ours(lanes), pace.short),
        ),
        machine(["numpy", "scipy", *(lane.contender.library for lane in lanes)]),
    ]
    return "\n\n".join(line for line in text if line) + "\n"


def _ours(lanes: list[Lane]) -> float:
    return next(lane.chosen.tolerance for lane in lanes if lane.contender.times is None)


def _memory(work: Work, table: Table, pace: Pace, lane: Lane) -> list[str]:
    if pace.short:
        return ["–"]
    # The peak comes early; a slow fit need not be run to its end for it.
    effort = lane.chosen.tolerance if lane.chosen.seconds < SLOW else 1e-2
    say(f"memory of {lane.contender.name}")
    return [tables.memory(peak_memory(work, lane.index, effort, pace.short), table)]
