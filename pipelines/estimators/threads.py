"""Threads whose number does not show in a result.

BLAS splits a product over its threads and adds up in another order, which gives other bits:
it is held to one. The work is split here instead, into parts that depend on the data's shape
alone; threads take the parts as they come, and the results are put together in the parts'
order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any, TypeVar

from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from threadpoolctl import ThreadpoolController

__all__ = ["Team", "one_blas_thread", "team_of_threads"]

Part = TypeVar("Part")
Result = TypeVar("Result")


@cache
def _controller() -> ThreadpoolController:
    # NumPy and SciPy each bring a BLAS of their own; both must be loaded to be found, and
    # finding them takes 15 ms.
    import_module("scipy.linalg")
    return ThreadpoolController()


class _OneBlasThread:
    """BLAS on one thread from the first that enters to the last that leaves.

    The number belongs to the process: put back by one fit, it would change the bits of another
    that still runs in another thread, and that one would put back the one that it found.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before: list[tuple[Any, int]] = []

    @contextmanager
    def entered(self) -> Iterator[None]:
        with self._lock:
            if self._inside == 0:
                libraries = [lib for lib in _controller().lib_controllers if lib.user_api == "blas"]
                self._before = [(lib, lib.get_num_threads()) for lib in libraries]
            # Each that enters: some builds keep a number for every thread.
            for library, _ in self._before:
                _set_threads(library, 1)
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    for library, number in self._before:
                        _set_threads(library, number)


def _set_threads(library: Any, number: int) -> None:
    """Sets the library's threads, also where another Python thread has set them before.

    threadpoolctl 3.8 lets that other thread alone do so, and ignores all others.
    """
    getattr(library, "_real_set_num_threads", library.set_num_threads)(number)


_ONE_BLAS_THREAD = _OneBlasThread()


def one_blas_thread() -> AbstractContextManager[object]:
    """A context in which BLAS works on one thread; the former number comes back after it."""
    return _ONE_BLAS_THREAD.entered()


class Team:
    """Threads that share out the parts of a piece of work."""

    def __init__(self, pool: ThreadPoolExecutor | None, size: int) -> None:
        self._pool = pool
        self.size = size

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """What `work` gives for each part, in the order of the parts.

        Python's lock is held between parts: `work` spends its time in code that frees it.
        """
        if self._pool is None or len(parts) < 2:
            return [work(part) for part in parts]
        results: list[Any] = [None] * len(parts)
        # One next() is one step under the interpreter's lock: no part is taken twice.
        queue = iter(range(len(parts)))

        def take() -> None:
            for index in queue:
                results[index] = work(parts[index])

        helpers = [self._pool.submit(take) for _ in range(min(self.size, len(parts)) - 1)]
        take()
        for helper in helpers:
            helper.result()
        return results


@contextmanager
def team_of_threads(*, worth_it: bool = True) -> Iterator[Team]:
    """A team of as many threads as there are processors, BLAS on one thread meanwhile.

    As for scikit-learn's own loops, OMP_NUM_THREADS and threadpoolctl set a lower number.

    Parameters
    ----------
    worth_it : bool
        Whether the work is long enough for more than one thread.
    """
    size = int(_openmp_effective_n_threads()) if worth_it else 1
    with one_blas_thread():
        if size == 1:
            yield Team(None, 1)
            return
        with ThreadPoolExecutor(size - 1, thread_name_prefix="estimator") as pool:
            yield Team(pool, size)
