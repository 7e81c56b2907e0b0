"""What every origin of rows offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from pipelines.adapters.sources.content import content_sha256
from pipelines.adapters.tables import AS_IT_IS, Batch, Raw, Wanted, parquet
from pipelines.records import DataError

__all__ = ["Answer", "Files", "Origin"]


class Origin(Protocol):
    """A table somewhere; nothing that it says of itself holds a secret."""

    @property
    def place(self) -> str:
        """Names it in messages, as the user wrote it."""

    @property
    def location(self) -> str:
        """Names it to who stands elsewhere: a path is absolute."""

    @property
    def name(self) -> str:
        """A short name, fit for a run."""

    @property
    def kind(self) -> str:
        """What it is, in a word or two: «CSV file», «database»."""

    @property
    def sha256(self) -> str:
        """Digest of the content that a training would read; taken once."""

    def names(self) -> list[str] | None:
        """The column names, found cheaply; None where only reading tells them.

        Raises
        ------
        DataError
            When it cannot be read at all: why, and what to do.
        """

    def read(self, wanted: Wanted = AS_IT_IS) -> Raw:
        """The whole table, with the digest of the very content that it was made from.

        Some columns may come in the forms that are wanted; see tables.read.
        """

    def holds(self, place: Path | str) -> bool:
        """Whether a file written to the path, or the address, would be part of it."""

    def close(self) -> None:
        """Let go of what is kept between `sha256` and `read`."""


class Files(Origin, Protocol):
    """An origin of files, which can be read piece by piece."""

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order, at most `rows` at a time, in memory that does not grow."""

    def files(self) -> list[str]:
        """The names of the files, as their folder sees them; of a single one its own."""

    def fingerprint(self) -> str | None:
        """What changes when the content does, found without reading a local file.

        None where only asking tells the content, which may be another the next time.
        """


class Answer(ABC):
    """An origin whose content is known only by asking for all of it, which is done once.

    `sha256` asks, and keeps the table until `read` has given it away or `close` is called.
    """

    kind = "answer"

    def __init__(self, place: str, name: str) -> None:
        self.place = place
        self.location = place
        self.name = name
        self._kept: Raw | None = None

    @abstractmethod
    def ask(self) -> pa.Table:
        """The table as it is now."""

    @cached_property
    def sha256(self) -> str:
        """Digest of names, types and values."""
        self._kept = self._asked()
        return self._kept.sha256

    def read(self, wanted: Wanted = AS_IT_IS) -> Raw:  # noqa: ARG002 - of files
        """What the digest was taken of, where it was asked for; else what there is now."""
        raw, self._kept = self._kept or self._asked(), None
        return raw

    def holds(self, place: Path | str) -> bool:  # noqa: ARG002
        """Never: it is no file that a table could be written to."""
        return False

    def close(self) -> None:
        """Let go of the table."""
        self._kept = None

    def _asked(self) -> Raw:
        table = self.ask()
        names = parquet.own_names(self.place, table.schema)
        if not table.num_rows:
            raise DataError("gives no rows.", path=self.place)
        table = parquet.plain(table.select(names))
        return Raw(table, "rows", 1, content_sha256(table))
