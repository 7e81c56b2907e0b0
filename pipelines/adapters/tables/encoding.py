"""The bytes of a CSV file as UTF-8, checked on their way to the parser."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import IO, Protocol

from pipelines.records import DataError

__all__ = ["END", "Digest", "Utf8", "encoding_of", "undecodable"]

# The row that closes the stream begins with this; no cell of a file can, NUL being refused.
END = "\0"
CHUNK = 1 << 20


class Digest(Protocol):
    """What hashlib's objects can do."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""


def encoding_of(start: bytes) -> str:
    """The name of the encoding that the file's first bytes announce."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


class Utf8:
    """A readable stream: UTF-16 turned into UTF-8, NUL bytes refused, a closing row added.

    Blank lines at the file's end are left out. The closing row has `columns` cells, the first
    of them `END`; a parser that does not give it back as a row of its own has been left inside
    an open quote.

    Raises
    ------
    DataError
        For a NUL byte, or UTF-16 that is not valid.
    """

    closed = False

    def __init__(
        self, file: IO[bytes], path: Path, columns: int, separator: str, digest: Digest | None
    ) -> None:
        self._file = file
        self._path = path
        self._end = (END + separator * (columns - 1) + "\n").encode()
        self._digest = digest
        self._utf16: codecs.IncrementalDecoder | None = None
        self._ready = b""
        self._blank = b""
        self._lines = 1
        self._started = False
        self._ended = False
        self.quotes = False

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; empty at the end."""
        while len(self._ready) < size and not self._ended:
            self._ready += self._next()
        out, self._ready = self._ready[:size], self._ready[size:]
        return out

    def close(self) -> None:
        """Nothing: whoever opened the file closes it."""

    def _next(self) -> bytes:
        chunk = self._file.read(CHUNK)
        if self._digest is not None:
            self._digest.update(chunk)
        if not self._started:
            self._started = True
            if encoding_of(chunk) == "utf-16":
                self._utf16 = codecs.getincrementaldecoder("utf-16")()
        self._ended = not chunk
        data = self._transcoded(chunk)
        if b"\0" in data:
            line = self._lines + data[: data.index(b"\0")].count(b"\n")
            raise DataError(
                f"line {line} holds a NUL byte, so this is not plain text. If it is UTF-16, "
                "convert it: iconv -f utf-16le -t utf-8 OLD > NEW.",
                path=self._path,
            )
        self._lines += data.count(b"\n")
        self.quotes = self.quotes or b'"' in data
        data = self._blank + data
        kept = data.rstrip(b"\r\n")
        self._blank = data[len(kept) :]
        if len(self._blank) > CHUNK:
            raise DataError(
                "more than a million blank lines in a row. Delete them.", path=self._path
            )
        return kept + b"\n" + self._end if self._ended else kept

    def _transcoded(self, chunk: bytes) -> bytes:
        if self._utf16 is None:
            return chunk
        try:
            return self._utf16.decode(chunk, final=not chunk).encode()
        except UnicodeError:
            raise undecodable(self._path) from None


def undecodable(path: Path) -> DataError:
    """The error for text that is not in its encoding, with the line and the way to convert it."""
    with path.open("rb") as file:
        encoding = encoding_of(file.read(2))
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        line, chunk = 1, b"\n"
        while chunk:
            chunk = file.read(CHUNK)
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                done = error.object[: error.start]
                line += done.decode(encoding, errors="replace").count("\n")
                break
    if encoding == "utf-16":
        return DataError(
            f"begins as UTF-16, and line {line} is not valid UTF-16. Save it again as UTF-8.",
            path=path,
        )
    return DataError(
        f"line {line} is not UTF-8. If the file was saved as Latin-1 or Windows-1252, "
        "convert it: iconv -f windows-1252 -t utf-8 OLD > NEW.",
        path=path,
    )
