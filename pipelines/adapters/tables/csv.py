"""Strict reading of CSV: every cell as text exactly as written, or one clear refusal.

The file is parsed in blocks that end where a row ends. Whether a row ends at a newline depends
on the quotes before it, and only the parser knows its own rules for these. So a row that no file
holds, because it begins with a number drawn at random, is put behind each block: given back as
a row of its own, it shows that no quote was open; swallowed by a cell, that the block ends
elsewhere.

Arrow is given memory and never a Python file: its readers read ahead on threads of their own,
and one that calls into Python while the interpreter ends takes the process down.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from pipelines.adapters.tables.encoding import Digest, undecodable, utf8
from pipelines.adapters.tables.header import Header, read_header
from pipelines.adapters.tables.raw import Batch
from pipelines.records import DataError

__all__ = ["ROW_LIMIT", "stream"]

# A block that finds no end in so many bytes is refused: it holds an open quote far more often
# than a row of that length.
ROW_LIMIT = 1 << 24
# Plain letters: in blocks of a megabyte Arrow's fast path miscounts the cells of a row with NUL.
END = uuid.uuid4().hex
# How many newlines before quotes are looked at in search of one that may end a row.
MOST_STEPS = 100


@dataclass(frozen=True)
class Parsed:
    """What came of some bytes: the rows of the right shape and the others.

    `quotes` tells whether there are any, `ended` whether the last row ends with the bytes.
    """

    table: pa.Table
    ragged: list[pcsv.InvalidRow]
    quotes: bool
    ended: bool


def stream(path: Path, digest: Digest | None = None) -> Iterator[Batch]:
    """The rows of a CSV file, some megabytes at a time; the digest takes the file's bytes.

    Raises
    ------
    DataError
        For ragged rows, open quotes, overlong rows, rows without any value, NUL bytes, text
        that is not UTF-8, and a table without rows; earlier rows may have been given out.
    """
    header = read_header(path)
    line, rows = 1, 0
    for parsed in _blocks(path, header, digest):
        batch = Batch(parsed.table, "csv", line)
        _check_ragged(path, batch, parsed, header)
        line = int(batch.lines[-1]) if parsed.quotes else line + batch.table.num_rows
        if batch.first_line == 1:
            batch = Batch(_without_header(path, batch.table, header), "csv", int(batch.lines[1]))
        _check_blank(path, batch)
        rows += batch.table.num_rows
        if batch.table.num_rows:
            yield batch
    if not rows:
        raise DataError("has column names and no rows. Add rows under the header.", path=path)


def _blocks(path: Path, header: Header, digest: Digest | None) -> Iterator[Parsed]:
    """The file's rows, the header's first, cut into blocks that end with a row."""
    pending = b""
    for chunk in utf8(path, digest):
        pending += chunk
        cuts = _cuts(pending) if len(pending) <= ROW_LIMIT else [len(pending)]
        for cut in cuts:
            parsed = _parse(path, pending[:cut], header)
            if parsed.ended or len(pending) > ROW_LIMIT:
                yield parsed
                pending = pending[cut:]
                break
    # Blank lines at the end of the file are no rows.
    yield _parse(path, pending.rstrip(b"\r\n") + b"\n", header)


def _cuts(data: bytes) -> Iterator[int]:
    """Where the last whole row may end: after a newline with an even number of quotes before it.

    Where cells hold single quotes that open nothing (5" long), it may be an odd number.
    """
    newline = b"\n" if b"\n" in data else b"\r"
    end = data.rfind(newline, 0, len(data.rstrip(b"\r\n")))
    if end <= 0:
        return
    odd = data.count(b'"', 0, end) % 2 == 1
    if not odd:
        yield end + 1
    other = end
    for _ in range(MOST_STEPS):
        other = data.rfind(newline, 0, max(data.rfind(b'"', 0, other), 0))
        if other <= 0:
            break
        if (data.count(b'"', 0, other) % 2 == 1) != odd:
            yield other + 1
            break
    if odd:
        yield end + 1


def _parse(path: Path, data: bytes, header: Header) -> Parsed:
    ragged: list[pcsv.InvalidRow] = []

    def keep(row: pcsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    closing = (END + header.separator * (len(header.names) - 1) + "\n").encode()
    memory = pa.allocate_buffer(len(data) + len(closing))
    view = memoryview(memory).cast("B")
    view[: len(data)] = data
    view[len(data) :] = closing
    try:
        table = pcsv.read_csv(
            pa.BufferReader(memory),
            read_options=pcsv.ReadOptions(
                use_threads=False, block_size=memory.size, column_names=header.names
            ),
            parse_options=pcsv.ParseOptions(
                delimiter=header.separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            convert_options=pcsv.ConvertOptions(
                column_types={name: pa.string() for name in header.names}
            ),
        )
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise undecodable(path) from None
        raise DataError(f"cannot be read as CSV: {error}.", path=path) from None
    rows = table.num_rows
    ended = rows > 0 and table.column(0)[rows - 1].as_py() == END
    table = table.slice(0, rows - 1) if ended else table
    return Parsed(table, ragged, quotes=b'"' in data, ended=ended)


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
    blank = pc.equal(pc.binary_length(columns[0]), 0)
    for column in columns[1:]:
        if not pc.any(blank).as_py():
            return
        blank = pc.and_(blank, pc.equal(pc.binary_length(column), 0))
    if len(columns) > 1 and pc.any(blank).as_py():
        place = batch.place(pc.index(blank, True).as_py())
        raise DataError(f"{place} holds no value at all. Delete it.", path=path)
