"""Answers that are written here first, and brought to their place elsewhere once all are there.

So a scoring to a database or an object store goes on after a kill as one to a file does, and
what stands at the place is touched only when nothing can go wrong but the delivery itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from pipelines.adapters.tables import Writer
from pipelines.records import DataError

__all__ = ["DeliveredSink", "Delivery"]


class Delivery(Protocol):
    """A place elsewhere that takes a whole file's rows in one step."""

    place: str
    suffix: str

    def require(self) -> None:
        """Refuse, before any row is read, what cannot be delivered to."""

    def require_columns(self, schema: pa.Schema) -> None:
        """Refuse, before any row is written, columns that the place does not take."""

    def deliver(self, path: Path) -> None:
        """Put the file's rows in place, all of them or none."""


class DeliveredSink:
    """A file on this machine that is delivered when the block ends well.

    Parameters
    ----------
    path, draft : Path
        The file, and where it is written before it takes its name.
    delivery : Delivery
        Takes it.
    metadata : mapping
        Further texts for the schema of a Parquet file.
    state : sequence of int, optional
        What `part` gave last.
    """

    def __init__(
        self,
        path: Path,
        draft: Path,
        delivery: Delivery,
        metadata: Mapping[str, str],
        state: Sequence[int] | None = None,
    ) -> None:
        self.path = path
        self._delivery = delivery
        self._writer = Writer(path, draft=draft, ends=state or (), metadata=metadata)
        self._begun = False

    @property
    def can_go_on(self) -> bool:
        """Whether the draft still has all parts."""
        return self._writer.can_go_on

    def __enter__(self) -> Self:
        self._delivery.require()
        with self._named():
            self._writer.__enter__()
        return self

    def add(self, rows: pa.Table, file: str) -> None:  # noqa: ARG002 - all go into one
        """Add rows."""
        if not self._begun:
            self._delivery.require_columns(rows.schema)
            self._begun = True
        with self._named():
            self._writer.write(rows)

    def part(self) -> list[int]:
        """Where each part ends."""
        with self._named():
            return self._writer.part()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._named():
            self._writer.__exit__(kind, error, trace)
        if kind is None:
            self._delivery.deliver(self.path)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Errors under the place that the user named, not that of the file."""
        try:
            yield
        except DataError as error:
            if error.path != str(self.path):
                raise
            raise DataError(*error.problems, path=self._delivery.place) from None
