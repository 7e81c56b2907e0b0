"""How a kernel is compiled, and where the machine code is kept.

A kernel is compiled at its first call, once a machine: the code is kept in the user's cache
folder, under the digest of every source file of this package, since a kernel's code holds
that of the functions it calls in other files. Without a folder that can be written to it
is compiled once a process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache, NullCache, _CacheLocator
from numba.misc.appdirs import AppDirs

__all__ = ["FAST", "cache_folder", "compiled"]

P = ParamSpec("P")
R = TypeVar("R")

# Sums may be reordered (once, by the compiler) and products fused with sums. NaN and infinity
# keep their meaning: a fit that diverges must be seen.
FAST = {"nsz", "arcp", "contract", "afn", "reassoc"}

SOURCES = Path(__file__).parents[1]


def compiled(kernel: Callable[P, R]) -> Callable[P, R]:
    """The kernel as machine code, free of the interpreter's lock, from the first call on.

    Division by zero gives infinity, as in NumPy, and indices are not checked.
    """
    dispatcher = njit(nogil=True, fastmath=FAST, error_model="numpy")(kernel)
    dispatcher._cache = _open_cache(kernel)
    return dispatcher


@cache
def sources_digest() -> str:
    """The SHA-256 of the sources that can be compiled: this package's and the optimizers'."""
    digest = sha256()
    for path in sorted([*SOURCES.glob("kernels/*.py"), *SOURCES.glob("optimizers/*.py")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def cache_folder() -> Path:
    """The folder of this version's machine code; it need not exist."""
    user = AppDirs(appname="logitline", appauthor=False).user_cache_dir
    return Path(user) / "kernels" / sources_digest()[:16]


class _Locator(_CacheLocator):  # type: ignore[misc]
    """Says where one kernel's code is kept."""

    def __init__(self, kernel: Any, source: str) -> None:
        self.name = f"{kernel.__module__}.{kernel.__qualname__}"
        self._py_file = source

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return sources_digest()

    def get_disambiguator(self) -> str:
        return sha256(self.name.encode()).hexdigest()[:10]

    @classmethod
    def from_function(cls, kernel: Any, source: str) -> _Locator | None:
        locator = cls(kernel, source)
        try:
            locator.ensure_cache_path()
        except OSError:
            return None
        return locator


class _Contents(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes: ClassVar[list[Any]] = [_Locator]


class _KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of one function, which a damaged or full disk cannot make fail."""

    _impl_class = _Contents

    def load_overload(self, signature: Any, target: Any) -> Any:
        try:
            return super().load_overload(signature, target)
        except Exception:
            # Whatever a damaged file raises, the remedy is to compile and write it anew.
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        try:
            try:
                super().save_overload(signature, data)
            except OSError:
                raise
            except Exception:
                # The index is damaged: it begins anew.
                self.flush()
                super().save_overload(signature, data)
        except OSError:
            self.disable()


def _open_cache(kernel: Any) -> Any:
    try:
        return _KernelCache(kernel)
    except RuntimeError:
        # What Numba raises where no folder can be written to.
        return NullCache()
