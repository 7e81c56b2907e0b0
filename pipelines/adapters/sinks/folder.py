"""Answers in a folder: for each file that rows come from one of the same name.

What the folders of a name say (`year=2024`) is no column of its file, so that the folder can be
read as what it is: a data set with the same partitions as the one that was scored.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from pipelines.adapters.sources.members import Member
from pipelines.adapters.tables import Writer
from pipelines.adapters.tables.writers import CSV, PARQUET
from pipelines.records import DataError

__all__ = ["FolderSink"]


class FolderSink:
    """A folder that appears with all its files.

    Parameters
    ----------
    path, draft : Path
        The folder, and where it is written before it takes its name. `path` may be there if
        it is empty.
    files : sequence of str
        The names of all files that rows will come from.
    metadata : mapping
        Further texts for the schemas of Parquet files.
    state : mapping, optional
        What `part` gave last.

    Raises
    ------
    DataError
        When the folder cannot be written, or two files would have one name.
    """

    def __init__(
        self,
        path: Path,
        draft: Path,
        files: Sequence[str],
        metadata: Mapping[str, str],
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = path
        self.draft = draft
        self._check(files)
        self._metadata = metadata
        self._state = state
        self._ended: dict[str, int] = dict(state["ended"]) if state else {}
        self._file: str | None = None
        self._writer: Writer | None = None

    @property
    def can_go_on(self) -> bool:
        """Whether the draft still has what `part` told of."""
        if self._state is None:
            return True
        whole = all(_size(self._place(file)) == size for file, size in self._ended.items())
        return whole and self._writer_of(self._state["file"], self._state["ends"]).can_go_on

    def __enter__(self) -> Self:
        try:
            if self._state is None:
                shutil.rmtree(self.draft, ignore_errors=True)
            self.draft.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None
        if self._state is not None:
            self._open(self._state["file"], self._state["ends"])
        return self

    def add(self, rows: pa.Table, file: str) -> None:
        """Add rows to the file of that name."""
        if file != self._file or self._writer is None:
            self._end(None, None, None)
            self._open(file, [])
        assert self._writer is not None
        partition = Member(file, self.path).partition
        self._writer.write(rows.drop_columns(list(partition)))

    def part(self) -> dict[str, Any]:
        """The file that is open and where its parts end, and the sizes of those before it."""
        assert self._writer is not None
        return {"file": self._file, "ends": self._writer.part(), "ended": dict(self._ended)}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._end(kind, error, trace)
            if kind is None:
                self.draft.replace(self.path)
        except OSError as failure:
            raise self._unwritable(failure) from None
        finally:
            if kind is None or issubclass(kind, Exception):
                shutil.rmtree(self.draft, ignore_errors=True)

    def _check(self, files: Sequence[str]) -> None:
        held: dict[str, str] = {}
        for file in files:
            other = held.setdefault(_written(file), file)
            if other != file:
                raise DataError(
                    f"{other} and {file} would both become {_written(file)}. Rename one of them.",
                    path=self.path,
                )

    def _open(self, file: str, ends: list[int]) -> None:
        self._file, self._writer = file, self._writer_of(file, ends)
        try:
            self._writer.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None
        self._writer.__enter__()

    def _place(self, file: str) -> Path:
        return self.draft / _written(file)

    def _writer_of(self, file: str, ends: list[int]) -> Writer:
        path = self._place(file)
        unended = path.with_name(f".{path.name}.part")
        return Writer(path, draft=unended, ends=ends, metadata=self._metadata)

    def _end(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        writer, self._writer = self._writer, None
        if writer is not None and self._file is not None:
            writer.__exit__(kind, error, trace)
            if kind is None:
                self._ended[self._file] = _size(writer.path)

    def _unwritable(self, error: OSError) -> DataError:
        reason = error.strerror or str(error)
        return DataError(
            f"cannot be written ({reason}). Nothing was written; choose another place or make "
            "room.",
            path=self.path,
        )


def _size(path: Path) -> int:
    """Bytes of the file; −1 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _written(file: str) -> str:
    """The name under which answers to a file's rows are written: other text becomes CSV."""
    path = Path(file)
    known = path.suffix.lower() in CSV | PARQUET
    return file if known else str(path.with_suffix(".csv"))
