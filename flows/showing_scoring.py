"""How far a scoring is: rows so far and rows a second, on a terminal's last line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["row_counter", "tell_rows"]

SECONDS = 0.25

_told: ContextVar[Callable[[int], None] | None] = ContextVar("told", default=None)


def tell_rows(rows: int) -> None:
    """Tell whoever watches how many rows are done."""
    told = _told.get()
    if told is not None:
        told(rows)


@contextmanager
def row_counter(quiet: bool) -> Iterator[None]:
    """Count rows on standard error while the block runs, if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    counter = _Counter()
    token = _told.set(counter)
    try:
        yield
    finally:
        _told.reset(token)
        counter.clear()


class _Counter:
    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None
        self._shown = 0.0
        self._width = 0

    def __call__(self, rows: int) -> None:
        now = time.monotonic()
        # From the first rows on: what came before is a server's start.
        since, before = self._first = self._first or (now, rows)
        if now - self._shown < SECONDS:
            return
        self._shown = now
        rate = f" · {(rows - before) / (now - since):,.0f} rows/s" if now > since else ""
        text = f"{rows:,} rows{rate}"
        sys.stderr.write(f"\r{text:<{self._width}}")
        sys.stderr.flush()
        self._width = len(text)

    def clear(self) -> None:
        if self._width:
            sys.stderr.write(f"\r{'':<{self._width}}\r")
            sys.stderr.flush()
