"""The bytes of a CSV file as UTF-8, checked on their way to the parser."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pipelines.records import DataError

__all__ = ["CHUNK", "Digest", "encoding_of", "undecodable", "utf8"]

# Blocks of this size are parsed in the cache: faster than larger ones, and less memory.
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


def utf8(path: Path, digest: Digest | None) -> Iterator[bytes]:
    """The file in pieces, UTF-16 turned into UTF-8; the digest takes the file's own bytes.

    Whether a file without a UTF-16 mark is UTF-8 is left to the parser to check.

    Raises
    ------
    DataError
        For a NUL byte, or UTF-16 that is not valid.
    """
    decoder: codecs.IncrementalDecoder | None = None
    with path.open("rb") as file:
        chunk = start = file.read(CHUNK)
        if encoding_of(start) == "utf-16":
            decoder = codecs.getincrementaldecoder("utf-16")()
        while chunk:
            if digest is not None:
                digest.update(chunk)
            following = file.read(CHUNK)
            data = chunk
            if decoder is not None:
                try:
                    data = decoder.decode(chunk, final=not following).encode()
                except UnicodeError:
                    raise undecodable(path) from None
            if b"\0" in data:
                line = _lines(path, file.tell() - len(following) - len(chunk))
                line += 1 + data[: data.index(b"\0")].count(b"\n")
                raise DataError(
                    f"line {line} holds a NUL byte, so this is not plain text. If it is UTF-16, "
                    "convert it: iconv -f utf-16le -t utf-8 OLD > NEW.",
                    path=path,
                )
            yield data
            chunk = following


def _lines(path: Path, size: int) -> int:
    """Newlines in the first bytes of the file; an encoding's other bytes of one are no newline."""
    count = 0
    with path.open("rb") as file:
        while size > 0:
            count += file.read(min(CHUNK, size)).count(b"\n")
            size -= CHUNK
    return count


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
