"""Whose fit starts next."""

from __future__ import annotations

from flows.turns import Turns
from pipelines.adapters.workers import Outcome, Task


class Clock:
    """Tells the time that it is set to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def owner(task: Task) -> str:
    return task.group[0]


def waiting(groups: str, clock: Clock) -> Turns:
    turns = Turns(owner, clock)
    for group in groups.split():
        turns.append(Task(group, ()))
    return turns


def done(task: Task, seconds: float, reason: str = "") -> Outcome:
    return Outcome(task, None, reason, False, seconds)


def test_a_candidate_whose_fits_are_slow_gets_as_much_time_and_not_as_many_fits() -> None:
    clock = Clock()
    slow_first = waiting("a0 a1 a2 b0 b1 b2 b3 b4 b5 b6", clock)
    started = []
    for _ in range(8):
        task = slow_first.popleft()
        started.append(task.group)
        seconds = 6.0 if owner(task) == "a" else 1.0
        clock.now += seconds
        slow_first.ended(done(task, seconds))
    assert started == ["a0", "b0", "b1", "b2", "b3", "b4", "b5", "a1"]


def test_the_time_of_fits_under_way_counts() -> None:
    clock = Clock()
    turns = waiting("a0 b0 a1 b1 b2", clock)
    first, b0 = turns.popleft(), turns.popleft()
    assert (first.group, b0.group) == ("a0", "b0")
    clock.now = 2.0
    turns.ended(done(b0, 2.0))
    clock.now = 3.0
    assert turns.popleft().group == "b1"  # a has had 3 s, and still runs


def test_what_a_failed_fit_leaves_waiting_is_dropped_with_it() -> None:
    clock = Clock()
    turns = waiting("a0 a0 a0 a1", clock)
    first = turns.popleft()
    turns.popleft()
    turns.ended(done(first, 1.0, "it diverged"))
    assert len(turns) == 1
    assert turns.popleft().group == "a1"


def test_dropped_tasks_never_start() -> None:
    turns = waiting("a0 a1 b0", Clock())
    turns.drop({"a0", "b0"})
    assert [turns.popleft().group for _ in range(len(turns))] == ["a1"]
