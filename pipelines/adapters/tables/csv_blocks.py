"""A CSV file cut into blocks that end with a row, each parsed by Arrow.

Whether a row ends at a newline depends on the quotes before it, and only the parser knows its own
rules for these. So a block with quotes ends where their number is even, and a row that no file
holds, because it begins with a number drawn at random, is put behind it: given back as a row of
its own, it shows that no quote was open; swallowed by a cell, that the block ends elsewhere.

Blocks are parsed on two threads, some ahead of the one that is given out. Where one turns out to
end elsewhere, those after it are cut anew.

Arrow is given memory and never a Python file: its readers read ahead on threads of their own,
and one that calls into Python while the interpreter ends takes the process down.
"""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from pipelines.adapters.tables.encoding import Digest, undecodable, utf8
from pipelines.adapters.tables.header import Header
from pipelines.adapters.tables.wanted import AsTextError, Wanted
from pipelines.records import DataError

__all__ = ["END", "ROW_LIMIT", "Parsed", "blocks", "with_numbers"]

# A block that finds no end in so many bytes is refused: it holds an open quote far more often
# than a row of that length.
ROW_LIMIT = 1 << 24
# Plain letters: in blocks of a megabyte Arrow's fast path miscounts the cells of a row with NUL.
END = uuid.uuid4().hex
# How many newlines before quotes are looked at in search of one that may end a row.
MOST_STEPS = 100
# Up to here float64 tells whole numbers apart, so that a digit more or less shows.
LARGEST = 2.0**53
# Blocks that are parsed ahead of the one that is given out.
AHEAD = 3
QUOTE, NEWLINE, RETURN = b'"\n\r'


@dataclass(frozen=True)
class Parsed:
    """What came of some bytes: the rows of the right shape and the others.

    Attributes
    ----------
    table : pyarrow.Table
    ragged : list
        The other rows, as Arrow tells them.
    lines : int
        Newlines in the bytes; more than rows where cells hold some.
    ended : bool
        Whether the last row ends with the bytes.
    glued : int or None
        Newlines before the first cell that goes on behind its closing quote.
    """

    table: pa.Table
    ragged: list[pcsv.InvalidRow]
    lines: int
    ended: bool
    glued: int | None = None


def blocks(path: Path, header: Header, digest: Digest | None, wanted: Wanted) -> Iterator[Parsed]:
    """The file's rows, the header's first and as text, cut into blocks that end with a row.

    The last block may hold no row. One that is not `ended` finds no end within ROW_LIMIT.
    """
    with ThreadPoolExecutor(2, "csv") as threads:
        reading = _Reading(path, header, wanted, threads)
        for chunk in utf8(path, digest):
            reading.chunks.append(chunk)
            yield from reading.go_on()
        while reading.ahead:
            yield from reading.settle()
            yield from reading.go_on()
        # Blank lines at the end of the file are no rows.
        yield _parse(path, reading.pending.rstrip(b"\r\n") + b"\n", header, Wanted())


@dataclass
class _Reading:
    """The state of a file that is being read.

    Attributes
    ----------
    chunks : deque of bytes
        Those that wait.
    pending : bytes
        What no block holds yet.
    ahead : deque of tuple
        A block's bytes, how many it was cut from, and what becomes of it.
    first : bool
        Whether the header is still to come.
    """

    path: Path
    header: Header
    wanted: Wanted
    threads: ThreadPoolExecutor
    chunks: deque[bytes] = field(default_factory=deque)
    pending: bytes = b""
    ahead: deque[tuple[bytes, int, Future[Parsed]]] = field(default_factory=deque)
    first: bool = True

    def go_on(self) -> Iterator[Parsed]:
        """What can be given out once all chunks that wait were cut."""
        while self.chunks:
            self.pending += self.chunks.popleft()
            if len(self.pending) > ROW_LIMIT and self.ahead:
                # Those before it come first, and may give bytes back.
                self.chunks.appendleft(self.pending)
                self.pending = b""
                yield from self.settle()
            elif len(self.pending) > ROW_LIMIT:
                yield from self._search(iter([len(self.pending)]))
            elif (cut := next(_cuts(self.pending), None)) is not None:
                self._submit(cut)
            while len(self.ahead) > AHEAD:
                yield from self.settle()

    def settle(self) -> Iterator[Parsed]:
        """The oldest block that was parsed ahead; where it ends elsewhere, a search for its end."""
        data, size, future = self.ahead.popleft()
        parsed = future.result()
        if parsed.ended:
            yield parsed
            return
        # Back to the bytes that it was cut from; those that came later wait again.
        whole = b"".join([data, *(each[0] for each in self.ahead), self.pending])
        self.ahead.clear()
        self.pending = whole[:size]
        if size < len(whole):
            self.chunks.appendleft(whole[size:])
        yield from self._search(_cuts(self.pending))

    def _submit(self, cut: int) -> None:
        size = len(self.pending)
        data, self.pending = self.pending[:cut], self.pending[cut:]
        # The header's block is text: its first row holds names.
        wanted = Wanted() if self.first else self.wanted
        self.first = False
        work = self.threads.submit(_parse, self.path, data, self.header, wanted)
        self.ahead.append((data, size, work))

    def _search(self, cuts: Iterator[int]) -> Iterator[Parsed]:
        """The block up to the first cut at which a row ends; without one, more bytes are needed."""
        for cut in cuts:
            parsed = _parse(self.path, self.pending[:cut], self.header, Wanted())
            if parsed.ended or len(self.pending) > ROW_LIMIT:
                self.pending, self.first = self.pending[cut:], False
                yield parsed
                return


def _cuts(data: bytes) -> Iterator[int]:
    """Where the last whole row may end: after a newline with an even number of quotes before it.

    Where cells hold single quotes that open nothing (5" long), it may be an odd number.
    """
    newline = b"\n" if b"\n" in data else b"\r"
    end = data.rfind(newline, 0, len(data.rstrip(b"\r\n")))
    if end <= 0:
        return
    odd = _count(data, QUOTE, end) % 2 == 1
    if not odd:
        yield end + 1
    other = end
    for _ in range(MOST_STEPS):
        other = data.rfind(newline, 0, max(data.rfind(b'"', 0, other), 0))
        if other <= 0:
            break
        if (_count(data, QUOTE, other) % 2 == 1) != odd:
            yield other + 1
            break
    if odd:
        yield end + 1


def _parse(path: Path, data: bytes, header: Header, wanted: Wanted) -> Parsed:
    """The rows in the bytes, the wanted numbers as float64 if they can be read so."""
    floats = wanted.numbers & set(header.names)
    quotes = b'"' in data
    if quotes and len(floats) == len(header.names):
        floats = frozenset()
    types = {name: pa.float64() if name in floats else pa.string() for name in header.names}
    # Where END stands in the row behind the block: in a cell that is read as text.
    at = next((i for i, name in enumerate(header.names) if name not in floats), 0)
    ragged: list[pcsv.InvalidRow] = []

    def keep(row: pcsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    closing = b""
    if quotes:
        cells = [END if i == at else "" for i in range(len(header.names))]
        closing = (header.separator.join(cells) + "\n").encode()
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
            convert_options=pcsv.ConvertOptions(column_types=types, null_values=["", *wanted.gaps]),
        )
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise undecodable(path) from None
        if floats:
            raise AsTextError from None
        raise DataError(f"cannot be read as CSV: {error}.", path=path) from None
    rows, lines = table.num_rows, _count(data, NEWLINE) or _count(data, RETURN)
    ended = data.endswith((b"\n", b"\r"))
    if quotes:
        ended = rows > 0 and table.column(at)[rows - 1].as_py() == END
        table = table.slice(0, rows - 1) if ended else table
    for name in floats:
        _require_plain(table.column(name))
    return Parsed(table, ragged, lines, ended, _glued(data, header.separator) if quotes else None)


def _glued(data: bytes, separator: str) -> int | None:
    """How many newlines stand before the first cell such as "a"b, which Arrow reads as ab."""
    mark = separator.encode()
    allowed = np.zeros(256, dtype=bool)
    allowed[list(mark + b'"\r\n')] = True
    whole = np.frombuffer(data, dtype=np.uint8)
    closing = np.flatnonzero(whole == QUOTE)[1::2]
    if allowed[whole[np.minimum(closing + 1, len(whole) - 1)]].all():
        return None
    # Or quotes stand within cells that have none around them: look cell by cell.
    quoted = re.compile(b'(?:^|(?<=[\r\n%b]))"(?:[^"]|"")*"' % re.escape(mark))
    for cell in quoted.finditer(data):
        if cell.end() < len(data) and not allowed[data[cell.end()]]:
            return data.count(b"\n", 0, cell.end()) or data.count(b"\r", 0, cell.end())
    return None


def _count(data: bytes, byte: int, end: int | None = None) -> int:
    """How often the byte stands in the data; bytes.count takes longer and holds the lock."""
    found = np.frombuffer(data, dtype=np.uint8, count=-1 if end is None else end) == byte
    return int(np.count_nonzero(found))


def with_numbers(table: pa.Table, wanted: Wanted) -> pa.Table:
    """The table with the wanted numbers as float64, gaps as null."""
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in wanted.numbers and pa.types.is_string(column.type):
            column = _floats(column, wanted.gaps)
            _require_plain(column)
        columns[name] = column
    return pa.table(columns)


def _require_plain(column: pa.ChunkedArray) -> None:
    """Raise where there is a NaN, an infinity, or a number that float64 may have rounded."""
    if not pc.all(pc.less(pc.abs(column), LARGEST), min_count=0).as_py():
        raise AsTextError


def _floats(text: pa.ChunkedArray, gaps: tuple[str, ...]) -> pa.ChunkedArray:
    known = pc.is_in(text, value_set=pa.array(["", *gaps]))
    try:
        return pc.cast(pc.if_else(known, None, text), pa.float64())
    except pa.ArrowInvalid:
        raise AsTextError from None
