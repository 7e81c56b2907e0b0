"""Work on other threads, some of it ahead and some behind, in the order in which it came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["Behind", "ahead", "behind"]

T = TypeVar("T")
# How many pieces are made ahead, or wait behind; each is some megabytes.
DEPTH = 2


def ahead(pieces: Generator[T], depth: int = DEPTH) -> Generator[T]:
    """The same pieces, made by a thread that is up to `depth` of them ahead.

    What making one raises is raised where it would have come. The pieces are closed with what
    is returned, which whoever may leave it half way closes.
    """
    over = object()
    with ThreadPoolExecutor(1, "ahead") as pool:
        made: deque[Future[Any]] = deque(pool.submit(next, pieces, over) for _ in range(depth))
        try:
            while (piece := made.popleft().result()) is not over:
                made.append(pool.submit(next, pieces, over))
                yield piece
        finally:
            for each in made:
                each.cancel()
            pool.submit(pieces.close)


class Behind:
    """Does work on a thread, in the order in which it is given, a few pieces behind."""

    def __init__(self, pool: ThreadPoolExecutor, depth: int) -> None:
        self._pool = pool
        self._depth = depth
        self._waiting: deque[Future[None]] = deque()
        self._over = False

    def do(self, work: Callable[..., object], *arguments: object) -> None:
        """Have it done; raises what earlier work raised, after which nothing more is done."""
        while len(self._waiting) >= self._depth:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._done, work, arguments))

    def settle(self) -> None:
        """Wait for all of it; raises what any of it raised."""
        while self._waiting:
            self._waiting.popleft().result()

    def drop(self) -> None:
        """Leave undone what has not begun."""
        self._over = True

    def _done(self, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
        if self._over:  # what was to come before it failed
            return
        try:
            work(*arguments)
        except BaseException:
            self._over = True
            raise


@contextmanager
def behind(depth: int = DEPTH) -> Iterator[Behind]:
    """A Behind whose work is done when the block ends, or dropped if it ends in an error."""
    with ThreadPoolExecutor(1, "behind") as pool:
        doing = Behind(pool, depth)
        try:
            yield doing
            doing.settle()
        finally:
            doing.drop()
