"""The SHA-256 of bytes, computed on a thread beside the one that reads and parses them."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

__all__ = ["Hashing"]


class Hashing:
    """A SHA-256 that takes bytes while its block runs; its digest stands when the block ends."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._thread = ThreadPoolExecutor(1, "sha256")

    def __enter__(self) -> Self:
        return self

    def update(self, data: bytes | memoryview, /) -> None:
        """Take in more bytes, in the order of the calls."""
        self._thread.submit(self._digest.update, data)

    def hexdigest(self) -> str:
        """The digest of all bytes taken in."""
        return self._digest.hexdigest()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown()
