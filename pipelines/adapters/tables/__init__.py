"""Tables on disk: strict readers of CSV and Parquet, and a writer that leaves no half files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pipelines.adapters.tables import csv, parquet
from pipelines.adapters.tables.hashing import Hashing
from pipelines.adapters.tables.header import read_header
from pipelines.adapters.tables.raw import Batch, Kind, Raw
from pipelines.adapters.tables.wanted import AsTextError, Wanted
from pipelines.adapters.tables.writers import Writer
from pipelines.records import DataError

__all__ = [
    "AS_IT_IS",
    "Batch",
    "Raw",
    "Wanted",
    "Writer",
    "batches",
    "header",
    "kind_of",
    "read",
    "schema",
]

AS_IT_IS = Wanted()

STEP = 1 << 22

# The first bytes of files that users take for a table.
FOREIGN = {
    b"PK\x03\x04": "a spreadsheet or a zip archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"PK\x05\x06": "an empty zip archive",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"\x1f\x8b": "compressed by gzip; unpack it first",
    b"BZh": "compressed by bzip2; unpack it first",
    b"\xfd7zXZ": "compressed by xz; unpack it first",
    b"\x80\x04\x95": "a pickle; write the table as CSV or Parquet",
    b"\x80\x05\x95": "a pickle; write the table as CSV or Parquet",
    b"\xff\xfe\x00\x00": "UTF-32 text; convert it: iconv -f utf-32 -t utf-8 OLD > NEW",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it first",
    b"ARROW1": "an Arrow or Feather file; write it as Parquet",
    b"<!DOCTYPE": "a web page; an address that asks for a login answers so",
    b"<!doctype": "a web page; an address that asks for a login answers so",
    b"<html": "a web page; an address that asks for a login answers so",
    b"SQLite format 3": 'an SQLite database; name it as a url, "sqlite:///FILE", with its table',
}


def read(path: Path, wanted: Wanted = AS_IT_IS) -> Raw:
    """A whole file as it is, with the SHA-256 of the bytes that were parsed.

    Parameters
    ----------
    wanted : Wanted, optional
        The forms in which columns may come; all as text or in their own types by default.

    Raises
    ------
    DataError
        When the file is missing, not a sound CSV or Parquet file, or has no rows.
    """
    kind = kind_of(path)
    if kind == "parquet":
        with Hashing() as digest:
            table = parquet.parse(path, _bytes(path, digest), wanted.words)
        return Raw(table, kind, 1, digest.hexdigest())
    try:
        return _read_csv(path, wanted)
    except AsTextError:
        return _read_csv(path, AS_IT_IS)


def _bytes(path: Path, digest: Hashing) -> pa.Buffer:
    """The file's bytes, hashed while they are read."""
    with path.open("rb", buffering=0) as file:
        data = pa.allocate_buffer(os.fstat(file.fileno()).st_size)
        view, filled = memoryview(data).cast("B"), 0
        while count := file.readinto(view[filled : filled + STEP]):
            digest.update(view[filled : filled + count])
            filled += count
        # Some file systems tell no size, and a file may grow meanwhile.
        rest = file.read()
    if not rest:
        return data.slice(0, filled)
    digest.update(rest)
    return pa.py_buffer(data.slice(0, filled).to_pybytes() + rest)


def _read_csv(path: Path, wanted: Wanted) -> Raw:
    with Hashing() as digest:
        parts = list(csv.stream(path, digest, wanted))
    table = pa.concat_tables([part.table for part in parts])
    return Raw(table, "csv", parts[0].first_line, digest.hexdigest())


def header(path: Path) -> list[str]:
    """The column names, without reading the rows."""
    if kind_of(path) == "parquet":
        return parquet.read_names(path)
    return list(read_header(path).names)


def schema(path: Path) -> pa.Schema:
    """The columns and their types as `batches` gives them, without reading the rows."""
    if kind_of(path) == "parquet":
        return parquet.read_schema(path)
    return pa.schema([(name, pa.string()) for name in read_header(path).names])


def batches(path: Path, rows: int) -> Iterator[Batch]:
    """The file's rows in order, at most `rows` at a time, in memory that does not grow.

    As strict as `read`: an error may come after good batches, so write with `Writer`, which
    leaves no file behind then.
    """
    if kind_of(path) == "parquet":
        yield from parquet.stream(path, rows)
        return
    for part in csv.stream(path):
        for start in range(0, part.table.num_rows, rows):
            line = int(part.lines[start]) if start else part.first_line
            yield Batch(part.table.slice(start, rows), "csv", line)


def kind_of(path: Path) -> Kind:
    """What the file is, by its first bytes.

    Raises
    ------
    DataError
        When it cannot be opened, or is neither CSV nor Parquet.
    """
    try:
        if not (path.is_file() or path.is_dir()) and path.exists():  # reading it may never end
            raise DataError(
                "is a pipe or a device, and no plain file. Write the table to a file first.",
                path=path,
            )
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"cannot be opened ({reason}). Check the path; it must name one CSV or Parquet file.",
            path=path,
        ) from None
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise DataError(f"is {what}.", path=path)
    if start.startswith(b"PAR1"):
        return "parquet"
    if path.suffix.lower() in (".parquet", ".pq"):
        raise DataError(
            "does not begin as a Parquet file does. It is damaged or something else; "
            "copy or write it again.",
            path=path,
        )
    return "csv"
