"""Strict reading of CSV: every cell as text exactly as written, or one clear refusal.

Columns of which it is known that they hold numbers can be read as float64 at once; where a cell
is anything but a plain number or a known word for a gap, the whole file is read as text instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.adapters.tables.csv_blocks import (
    END,
    ROW_LIMIT,
    Parsed,
    blocks,
    with_numbers,
)
from pipelines.adapters.tables.encoding import Digest
from pipelines.adapters.tables.header import Header, read_header
from pipelines.adapters.tables.raw import Batch
from pipelines.adapters.tables.wanted import AsTextError, Wanted
from pipelines.records import DataError

__all__ = ["stream"]

AS_TEXT = Wanted()


def stream(path: Path, digest: Digest | None = None, wanted: Wanted = AS_TEXT) -> Iterator[Batch]:
    """The rows of a CSV file, some megabytes at a time; the digest takes the file's bytes.

    Raises
    ------
    AsTextError
        Where a cell of the wanted numbers is neither a gap nor a plain number below 2**53.
    DataError
        For ragged rows, open quotes, overlong rows, rows without any value, NUL bytes, text
        that is not UTF-8, and a table without rows; earlier rows may have been given out.
    """
    header = read_header(path)
    line, rows = 1, 0
    for parsed in blocks(path, header, digest, wanted):
        batch = Batch(parsed.table, "csv", line)
        _check_ragged(path, batch, parsed, header)
        if parsed.glued is not None:
            raise DataError(
                f"on line {line + parsed.glued} a cell goes on behind its closing quote. Put the "
                'whole cell into quotes, and write a quote within it as "".',
                path=path,
            )
        plain = parsed.lines == batch.table.num_rows
        following = line + parsed.lines if plain else int(batch.lines[-1])
        if wanted.numbers and following != line + parsed.lines:
            raise AsTextError  # a cell of a column of numbers holds a newline
        line = following
        if batch.first_line == 1:
            batch = Batch(_without_header(path, batch.table, header), "csv", int(batch.lines[1]))
        _check_blank(path, batch)
        if wanted.numbers:
            batch = Batch(with_numbers(batch.table, wanted), "csv", batch.first_line)
        rows += batch.table.num_rows
        if batch.table.num_rows:
            yield batch
    if not rows:
        raise DataError("has column names and no rows. Add rows under the header.", path=path)


def _without_header(path: Path, table: pa.Table, header: Header) -> pa.Table:
    names = tuple(column[0].as_py() for column in table.columns)
    if names != header.names:
        raise DataError(
            "the header's quotes are not plain. Put a name in quotes as a whole, or not at all.",
            path=path,
        )
    return table.slice(1)


def _check_ragged(path: Path, batch: Batch, parsed: Parsed, header: Header) -> None:
    """Refuse the first row with too few or too many cells, and a block that ends in a quote."""
    ragged = parsed.ragged
    if parsed.ended and not ragged:
        return
    # Arrow counts rows from 1; those before the first ragged one are all in the table.
    before = ragged[0].number - 1 if ragged else max(batch.table.num_rows - 1, 0)
    line = int(batch.lines[before])
    if ragged and END not in ragged[0].text:
        more = f" At least {len(ragged) - 1} more such rows follow." if len(ragged) > 1 else ""
        raise DataError(
            f"line {line} has {_cells(ragged[0].actual_columns)} where the header names "
            f"{len(header.names)}.{more} Mend the row, or quote the cell that holds a "
            f"{header.separator!r}.",
            path=path,
        )
    raise DataError(
        f'the row on line {line} does not end: a quote (") is opened there and never closed, '
        f"or the row is longer than {ROW_LIMIT >> 20} MB. Close the quote (a quote inside a "
        'quoted cell is written ""), or shorten the cell.',
        path=path,
    )


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _check_blank(path: Path, batch: Batch) -> None:
    """Refuse a row in which no cell holds anything; one column alone may have gaps."""
    columns = batch.table.columns
    blank = _empty(columns[0])
    for column in columns[1:]:
        if not pc.any(blank).as_py():
            return
        blank = pc.and_(blank, _empty(column))
    if len(columns) > 1 and pc.any(blank).as_py():
        if not all(pa.types.is_string(column.type) for column in columns):
            raise AsTextError  # a null may also stand for a word
        place = batch.place(pc.index(blank, True).as_py())
        raise DataError(f"{place} holds no value at all. Delete it.", path=path)


def _empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type):
        return pc.equal(pc.binary_length(column), 0)
    return pc.is_null(column)
