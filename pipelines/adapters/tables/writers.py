"""Writing a table batch by batch: the file appears whole or not at all.

The rows go to a *draft*, which takes the file's name at the end. A draft grows by *parts*: after
each it is on the disk, and whoever knows where it ended can cut off what came later and go on.
The same rows in the same parts give the same bytes, whether or not somebody was killed between
them.

A part of a Parquet file ends in a footer of its own, in which every position is one of the whole
draft; the last footer of the file lists the row groups of all parts. Those before it are some
bytes between row groups that no reader looks at.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from pipelines.adapters.tables.csv_cells import as_csv_holds
from pipelines.records import DataError

__all__ = ["CSV", "PARQUET", "Writer"]

CSV = frozenset({".csv"})
PARQUET = frozenset({".parquet", ".pq"})
# Rows that come in smaller pieces wait for others, so that a row group of Parquet is no crumb.
ROW_GROUP = 1 << 21  # bytes in memory
MAGIC = b"PAR1"
# At the end of a Parquet file: its footer's length, and the mark.
END = 8


class Writer:
    """A context manager whose `write` adds rows to a CSV or Parquet file.

    The first batch sets the columns and their types.

    Parameters
    ----------
    path : Path
        Its suffix says whether it is CSV or Parquet.
    draft : Path, optional
        By default beside `path`, under a name of its own. It is removed when the block ends in
        an error; one that was named stays when the process is interrupted.
    ends : sequence of int, optional
        Where the parts of the draft end that an earlier Writer made; it is cut off there.
    metadata : mapping, optional
        Further texts for the schema of a Parquet file.

    Raises
    ------
    DataError
        When the folder cannot be written to, or CSV cannot hold a column.
    """

    def __init__(
        self,
        path: Path,
        *,
        draft: Path | None = None,
        ends: Sequence[int] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self.draft = draft or path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self._kept = draft is not None
        self._ends = list(ends)
        self._metadata = dict(metadata or {})
        self._sink: pcsv.CSVWriter | pq.ParquetWriter | None = None
        self._schema: pa.Schema | None = None
        self._waiting: list[pa.Table] = []
        self._file: pa.NativeFile | None = None
        suffix = path.suffix.lower()
        if suffix not in CSV | PARQUET:
            raise DataError("is no name for a table. End it in .csv or .parquet.", path=path)
        self._parquet = suffix in PARQUET

    @property
    def can_go_on(self) -> bool:
        """Whether the draft, or the file that was made of it, still has all parts."""
        try:
            held = self.draft if self.draft.exists() else self.path
            return held.stat().st_size >= max(self._ends, default=0)
        except OSError:
            return not self._ends

    def __enter__(self) -> Self:
        try:
            if not self._ends:
                self.draft.unlink(missing_ok=True)
            elif not self.draft.exists():
                self.path.replace(self.draft)  # it had been put in its place before the kill
            self._file = pa.OSFile(str(self.draft), "ab")
            if self._ends:
                os.truncate(self.draft, self._ends[-1])
        except OSError as error:
            raise self._unwritable(error) from None
        return self

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Add rows."""
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        table = self._with_metadata(table) if self._parquet else as_csv_holds(table, self.path)
        with self._refusals():
            if self._sink is None:
                self._schema = self._schema or table.schema
                self._sink = self._open(self._schema)
            if not table.schema.equals(self._schema):
                raise DataError(
                    "got rows with other columns or types than those before them. Nothing was "
                    "written; make all batches alike.",
                    path=self.path,
                )
            self._waiting.append(table)
            if not self._parquet or sum(each.nbytes for each in self._waiting) >= ROW_GROUP:
                self._write_waiting()

    def part(self) -> list[int]:
        """Where each part ends, once all rows so far are on the disk as the last of them."""
        with self._refusals():
            self._write_waiting()
            self._close()
            _to_disk(self.draft)
        return list(self._ends)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        interrupted = kind is not None and not issubclass(kind, Exception)
        try:
            with self._refusals():
                if kind is None:
                    self._write_waiting()
                self._close()
                if kind is None and self._ends:
                    if self._parquet and len(self._ends) > 1:
                        self._write_footer()
                    _to_disk(self.draft)
                    self.draft.replace(self.path)
        finally:
            if not (interrupted and self._kept):
                self.draft.unlink(missing_ok=True)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """A place that takes no more, and a table that the file cannot hold, in words."""
        try:
            yield
        except OSError as error:
            raise self._unwritable(error) from None
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"cannot hold this table ({str(error).splitlines()[0]}). Nothing was written; "
                "write to a .parquet file, or leave the column out.",
                path=self.path,
            ) from None

    def _write_waiting(self) -> None:
        """Write what waits as one row group."""
        waiting, self._waiting = self._waiting, []
        if waiting and self._sink is not None:
            # Pages are cut anew at each chunk: the same rows shall give the same bytes.
            self._sink.write_table(pa.concat_tables(waiting).combine_chunks())

    def _with_metadata(self, table: pa.Table) -> pa.Table:
        if not self._metadata:
            return table
        return table.replace_schema_metadata({**(table.schema.metadata or {}), **self._metadata})

    def _open(self, schema: pa.Schema) -> pcsv.CSVWriter | pq.ParquetWriter:
        if self._file is None:
            self._file = pa.OSFile(str(self.draft), "ab")
        if self._parquet:
            # Arrow begins a file at 0 only. What is appended goes to the end wherever the
            # position is, and leaves it there, so that only this first look sees the 0.
            os.lseek(self._file.fileno(), 0, os.SEEK_SET)
            return pq.ParquetWriter(self._file, schema, write_page_checksum=True)
        options = pcsv.WriteOptions(include_header=not self._ends, quoting_style="needed")
        return pcsv.CSVWriter(self._file, schema, write_options=options)

    def _close(self) -> None:
        """End the part that is open, if any row was written to it."""
        sink, file, self._sink, self._file = self._sink, self._file, None, None
        try:
            if sink is not None:
                sink.close()
        finally:
            if file is not None:
                file.close()
        if sink is not None:
            self._ends.append(self.draft.stat().st_size)

    def _write_footer(self) -> None:
        """Append the footer that lists the row groups of all parts."""
        with self.draft.open("rb") as file:
            whole, *others = (_footer(file.fileno(), end) for end in self._ends)
        for other in others:
            whole.append_row_groups(other)
        made = pa.BufferOutputStream()
        whole.write_metadata_file(made)
        with self.draft.open("ab") as file:
            file.write(memoryview(made.getvalue())[len(MAGIC) :])

    def _unwritable(self, error: OSError) -> DataError:
        reason = error.strerror or str(error)
        return DataError(
            f"cannot be written ({reason}). Nothing was written; choose another place or make "
            "room.",
            path=self.path,
        )


def _footer(file: int, end: int) -> pq.FileMetaData:
    """What the footer says that ends at this position."""
    length = int.from_bytes(os.pread(file, END, end - END)[: -len(MAGIC)], "little")
    size = length + END
    return pq.read_metadata(pa.BufferReader(MAGIC + os.pread(file, size, end - size)))


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
