"""One CSV or Parquet file on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from pipelines.adapters import tables
from pipelines.adapters.store import file_sha256
from pipelines.adapters.tables import AS_IT_IS, Batch, Raw, Wanted
from pipelines.config import Address
from pipelines.digests import content_digest
from pipelines.records import DataError

__all__ = ["File", "fingerprint", "open_source"]

KINDS = {"csv": "CSV file", "parquet": "Parquet file"}


class File:
    """A file, read strictly."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self.name = path.name

    @property
    def location(self) -> str:
        """The absolute path."""
        return str(self.path.resolve())

    @property
    def kind(self) -> str:
        """CSV or Parquet, by its first bytes."""
        return KINDS[tables.kind_of(self.path)]

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes."""
        return file_sha256(self.path)

    def names(self) -> list[str]:
        """Those of the header, or of the Parquet file's schema."""
        if not self._is_there():
            whole = str(self.path.absolute())  # a NUL in it has no real path
            seen = "" if whole == self.place else f", that is {whole!r}"
            raise DataError(f"there is no file {self.place!r}{seen}. Check the path.")
        return tables.header(self.path)

    def read(self, wanted: Wanted = AS_IT_IS) -> Raw:
        """The whole file."""
        return tables.read(self.path, wanted)

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order."""
        return tables.batches(self.path, rows)

    def files(self) -> list[str]:
        """Its name."""
        return [self.name]

    def fingerprint(self) -> str:
        """Digest of the path, the size and the time of the last change."""
        return fingerprint([(self.name, self.path)])

    def holds(self, place: Path | str) -> bool:
        """Whether the path is this file's."""
        return isinstance(place, Path) and place.resolve() == self.path.resolve()

    def close(self) -> None:
        """Nothing is kept."""

    def _is_there(self) -> bool:
        try:
            return self.path.exists()
        except OSError:  # a name too long, a folder that may not be searched
            return False


def fingerprint(files: Iterable[tuple[str, Path]]) -> str:
    """Digest of names, paths, sizes and times of the last change.

    Files that are gone are told where they are read.
    """
    found = []
    for name, path in files:
        with suppress(OSError):
            facts = path.stat()
            found.append([name, str(path.resolve()), facts.st_size, facts.st_mtime_ns])
    return content_digest(found)


def open_source(address: Address, base: Path) -> File:
    """The file at the path, as seen from the folder `base`."""
    return File(base / (address.path or ""))
