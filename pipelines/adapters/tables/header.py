"""The header of a CSV file: its names and what separates its cells."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.adapters.tables.encoding import CHUNK, encoding_of, undecodable
from pipelines.records import DataError

__all__ = ["Header", "check_names", "read_header"]

# Where the first separator of a header stands.
START = 1 << 16
QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Header:
    """The column names, and what separates the cells."""

    names: tuple[str, ...]
    separator: str


def read_header(path: Path) -> Header:
    """The first record of a CSV file.

    Cells are separated by commas; where the header has none, by semicolons or tabs.

    Raises
    ------
    DataError
        When the file is empty, the header is not readable, or a name is empty or repeated.
    """
    with path.open("rb") as file:
        start = file.read(CHUNK)
    try:
        decoder = codecs.getincrementaldecoder(encoding_of(start))()
        text = decoder.decode(start, final=len(start) < CHUNK)
    except UnicodeDecodeError:
        raise undecodable(path) from None
    if not text.strip():
        raise DataError(
            "is empty. A table needs a line of column names and rows under it.", path=path
        )
    if text[0] in "\r\n":
        raise DataError("line 1 is blank. The column names must stand on line 1.", path=path)
    plain = QUOTED.sub("", text[:START]).splitlines()[0:1]
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
    return Header(tuple(names), separator)


def check_names(path: object, names: Sequence[str]) -> None:
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
        problems.append(
            "a column name holds a NUL byte, so this is not plain text. If it is UTF-16, convert "
            "it: iconv -f utf-16le -t utf-8 OLD > NEW."
        )
    if any(name.startswith("\ufeff") for name in names):
        problems.append("a column name begins with a byte-order mark. Remove the mark.")
    if problems:
        raise DataError(*problems, path=path)
