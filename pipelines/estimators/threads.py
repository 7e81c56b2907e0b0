"""One BLAS thread while a result is computed, so that it does not depend on their number."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


@cache
def _controller() -> ThreadpoolController:
    # NumPy and SciPy each bring a BLAS of their own; both must be loaded to be found, and
    # finding them takes 15 ms.
    import_module("scipy.linalg")
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[object]:
    """A context in which BLAS works on one thread; the former number comes back after it.

    A product split over threads is added up in another order and gives other bits.
    """
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit
