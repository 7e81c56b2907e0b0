"""The order in which the fits of several searches start: each candidate gets its turn."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable

from pipelines.adapters.workers import Outcome, Task

__all__ = ["Turns"]

Clock = Callable[[], float]


class Turns:
    """Tasks that wait; whose fits have had the least seconds so far is the next to start.

    So a candidate with slow fits gets as much of the time as one with fast ones, and not a
    fit for a fit. `owner` tells which candidate a task is of.
    """

    def __init__(self, owner: Callable[[Task], str], clock: Clock = time.monotonic) -> None:
        self._owner = owner
        self._clock = clock
        self._waiting: list[Task] = []
        self._running: list[tuple[Task, float]] = []
        self._used: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def append(self, task: Task) -> None:
        """Let a task wait."""
        self._waiting.append(task)

    def popleft(self) -> Task:
        """The next task; from now on it counts as running."""
        now = self._clock()
        had = defaultdict(float, self._used)
        started: Counter[str] = Counter()
        for task, begun in self._running:
            had[self._owner(task)] += now - begun
            started[self._owner(task)] += 1
        # Of equal ones the one with fewer fits under way, then the first that came.
        place = min(
            range(len(self._waiting)),
            key=lambda n: (
                had[self._owner(self._waiting[n])],
                started[self._owner(self._waiting[n])],
            ),
        )
        task = self._waiting.pop(place)
        self._running.append((task, now))
        return task

    def ended(self, outcome: Outcome) -> None:
        """Count what a task took; with a failed one its group ends."""
        owner = self._owner(outcome.task)
        self._used[owner] = self._used.get(owner, 0.0) + outcome.seconds
        gone = [outcome.task]
        if outcome.reason:
            group = outcome.task.group
            gone += [task for task, _ in self._running if task.group == group]
            self.drop({group})
        self._running = [each for each in self._running if not any(each[0] is t for t in gone)]

    def drop(self, groups: set[str]) -> None:
        """Let the tasks of these groups wait no longer."""
        self._waiting = [task for task in self._waiting if task.group not in groups]
