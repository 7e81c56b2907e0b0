"""What a running line tells whoever watches: steps that begin and end, fits that are done.

The watcher is held in a context variable, so that the tasks need not pass it on; with no
watcher set, nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

__all__ = ["SERVER", "Watcher", "watched", "watcher"]

# What is waited for before the first step, told as if it were one.
SERVER = "prefect"


class Watcher(Protocol):
    """Receives the events of one training, in their order."""

    def begin(self, step: str) -> None:
        """A step begins."""

    def end(self, step: str, status: str, seconds: float) -> None:
        """A step has ended: "ran" or "skipped"."""

    def fits(self, candidate: str, done: int, planned: int, note: str) -> None:
        """A candidate has `done` of its `planned` fits; a note says that it is cached or failed."""

    def trials(self, candidate: str, done: int, planned: int | None, best: float | None) -> None:
        """A candidate's search has `done` of its `planned` trials; `best` is the least loss.

        None is planned where the time alone will end it.
        """


class Silence:
    """The watcher that looks away."""

    def begin(self, step: str) -> None:
        """Tell nothing."""

    def end(self, step: str, status: str, seconds: float) -> None:
        """Tell nothing."""

    def fits(self, candidate: str, done: int, planned: int, note: str) -> None:
        """Tell nothing."""

    def trials(self, candidate: str, done: int, planned: int | None, best: float | None) -> None:
        """Tell nothing."""


_SILENCE = Silence()
_current: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


def watcher() -> Watcher:
    """Whoever watches this run."""
    return _current.get() or _SILENCE


@contextmanager
def watched(by: Watcher) -> Iterator[None]:
    """Let `by` watch what runs inside the block."""
    token = _current.set(by)
    try:
        yield
    finally:
        _current.reset(token)
