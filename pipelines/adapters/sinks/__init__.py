"""Where answers go: one file a kind of place, all of them written batch by batch.

A sink is a context manager. What it was given appears when its block ends well, all of it, and
nothing of it when the block ends in an error. After an interrupt, a draft is left that the next
sink of the same key goes on with.
"""

from __future__ import annotations

from typing import Any, Protocol, Self

import pyarrow as pa

__all__ = ["Sink"]


class Sink(Protocol):
    """A place that takes rows."""

    @property
    def can_go_on(self) -> bool:
        """Whether what an earlier one left is still there; asked before the block begins."""

    def __enter__(self) -> Self:
        """Make ready to write, and refuse what cannot be written to."""

    def add(self, rows: pa.Table, file: str) -> None:
        """Add rows, of the file of that name where they come from several."""

    def part(self) -> Any:
        """What a later sink needs to go on from here, once all rows so far are safe."""

    def __exit__(self, *raised: Any) -> None:
        """Put it in its place, or remove it."""
