"""Strict reading of CSV: every cell as text exactly as written, or one clear refusal.

One thread reads, so that the parser can name the row that breaks the shape; parsing text
without conversion is fast enough on one.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from pipelines.adapters.tables.encoding import END, Digest, Utf8, encoding_of, undecodable
from pipelines.adapters.tables.raw import Batch
from pipelines.records import DataError

__all__ = ["Header", "check_names", "read_header", "stream"]

# A row longer than this is refused: it is an open quote far more often than data.
ROW_LIMIT = 1 << 22
QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Header:
    """The column names, what separates the cells, and the line of the first row."""

    names: tuple[str, ...]
    separator: str
    first_line: int


def read_header(path: Path) -> Header:
    """The first record of a CSV file.

    Cells are separated by commas; where the header has none, by semicolons or tabs.

    Raises
    ------
    DataError
        When the file is empty, the header is not readable, or a name is empty or repeated.
    """
    with path.open("rb") as file:
        start = file.read(ROW_LIMIT)
    try:
        decoder = codecs.getincrementaldecoder(encoding_of(start))()
        text = decoder.decode(start, final=len(start) < ROW_LIMIT)
    except UnicodeDecodeError:
        raise undecodable(path) from None
    if not text.strip():
        raise DataError(
            "is empty. A table needs a line of column names and rows under it.", path=path
        )
    if text[0] in "\r\n":
        raise DataError("line 1 is blank. The column names must stand on line 1.", path=path)
    plain = QUOTED.sub("", text).splitlines()[0:1]
    separator = next((mark for mark in ",;\t" if plain and mark in plain[0]), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        names = next(reader)
    except csv.Error as error:
        raise DataError(
            f"the header is not readable ({error}). Close its quotes, and keep each name short.",
            path=path,
        ) from None
    check_names(path, names)
    return Header(tuple(names), separator, reader.line_num + 1)


def check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse column names that are empty, repeated, or hold a NUL."""
    problems = []
    empty = [str(position) for position, name in enumerate(names, 1) if not name]
    if empty:
        problems.append(
            f"no column name in position {', '.join(empty)} of the header. Name every column; "
            "pandas writes its row numbers so, unless told to_csv(index=False)."
        )
    repeated = [repr(name) for name, count in Counter(names).items() if name and count > 1]
    if repeated:
        problems.append(f"the column names {', '.join(repeated)} stand twice. Rename or drop one.")
    if any("\0" in name for name in names):
        problems.append("a column name holds a NUL byte, so this is not plain text.")
    if problems:
        raise DataError(*problems, path=path)


def stream(path: Path, digest: Digest | None = None) -> Iterator[Batch]:
    """The rows of a CSV file, some megabytes at a time.

    Raises
    ------
    DataError
        For ragged rows, open quotes, overlong rows, rows without any value, NUL bytes, text
        that is not UTF-8, and a table without rows; earlier rows may have been given out.
    """
    header = read_header(path)
    with path.open("rb") as file:
        source = Utf8(file, path, len(header.names), header.separator, digest)
        ragged: list[pcsv.InvalidRow] = []
        nothing = pa.table({name: pa.array([], pa.string()) for name in header.names})
        batch = Batch(nothing, "csv", header.first_line)
        rows, line, ended = 0, header.first_line, False
        try:
            for record_batch in _open(source, header, ragged):
                table = pa.Table.from_batches([record_batch])
                if table.num_rows and table.column(0)[-1].as_py() == END:
                    table, ended = table.slice(0, table.num_rows - 1), True
                batch = Batch(table, "csv", line)
                _check_ragged(path, batch, rows, ragged, header)
                _check_blank(path, batch)
                rows += table.num_rows
                line = int(batch.lines[-1]) if source.quotes else line + table.num_rows
                if table.num_rows:
                    yield batch
        except pa.ArrowInvalid as error:
            raise _refusal(path, error, line) from None
    _check_ragged(path, batch, rows - batch.table.num_rows, ragged, header)
    if not ended:
        raise _open_quote(path, int(batch.lines[max(batch.table.num_rows - 1, 0)]))
    if not rows:
        raise DataError("has column names and no rows. Add rows under the header.", path=path)


def _open(source: Utf8, header: Header, ragged: list[pcsv.InvalidRow]) -> pcsv.CSVStreamingReader:
    def keep(row: pcsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    return pcsv.open_csv(
        pa.PythonFile(source, mode="r"),
        read_options=pcsv.ReadOptions(use_threads=False, block_size=ROW_LIMIT),
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


def _check_ragged(
    path: Path, batch: Batch, rows: int, ragged: list[pcsv.InvalidRow], header: Header
) -> None:
    """Refuse a row in the batch with too few or too many cells; `rows` stand before it."""
    # Arrow counts rows from 1, the header among them, and parses ahead of what it gives out.
    before = ragged[0].number - 2 - rows if ragged else batch.table.num_rows + 1
    if before > batch.table.num_rows:
        return
    line = int(batch.lines[before])
    if END in ragged[0].text:
        raise _open_quote(path, line)
    more = f" At least {len(ragged) - 1} more such rows follow." if len(ragged) > 1 else ""
    raise DataError(
        f"line {line} has {_cells(ragged[0].actual_columns)} where the header names "
        f"{len(header.names)}.{more} Mend the row, or quote the cell that holds a "
        f"{header.separator!r}.",
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


def _open_quote(path: Path, line: int) -> DataError:
    return DataError(
        f'a quote (") opens on line {line} or after it and never closes. Close it, or write a '
        'quote inside a cell as "".',
        path=path,
    )


def _refusal(path: Path, error: pa.ArrowInvalid, line: int) -> DataError:
    text = str(error)
    if "UTF8" in text:
        return undecodable(path)
    if "straddling" in text:
        return DataError(
            f"a row after line {line - 1} is longer than {ROW_LIMIT >> 20} MB. Most often a quote "
            '(") is opened there and never closed; close it, or shorten the cell.',
            path=path,
        )
    return DataError(f"cannot be read as CSV: {text}.", path=path)
