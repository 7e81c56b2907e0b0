"""Files behind an fsspec address (s3://, gs://, https://, memory://…), fetched once.

Credentials are found where the file system's own library looks for them, in its environment
variables and files; `${NAME}` in the address is put in when it is opened, and left standing in
messages.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.adapters import tables
from pipelines.adapters.sources.file import File
from pipelines.adapters.sources.filesystems import file_system, reached
from pipelines.adapters.sources.folder import Folder, is_passed_over
from pipelines.adapters.sources.members import Member, check_partitions
from pipelines.adapters.tables import AS_IT_IS, Batch, Raw, Wanted
from pipelines.adapters.tables.encoding import CHUNK
from pipelines.config import Address
from pipelines.records import DataError

__all__ = ["Remote", "open_source"]

# A question mark begins the query of an address.
MAGIC = "*["
PARQUET = b"PAR1"
# The end of a Parquet file: the length of what describes it, and its mark.
END = 8


class Remote:
    """A file, a folder or a pattern at an address."""

    def __init__(self, address: str) -> None:
        self.place = address
        self.location = address
        self.name = PurePosixPath(address.partition("?")[0]).name or address
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._fetched: File | Folder | None = None

    @property
    def kind(self) -> str:
        """What was found there."""
        with self._named():
            return self._local.kind

    @cached_property
    def sha256(self) -> str:
        """The same digest as that of the same files on this machine."""
        with self._named():
            return self._local.sha256

    def names(self) -> list[str]:
        """Those of the first file, of which as little is fetched as shows them."""
        with tempfile.TemporaryDirectory(prefix="logitline-") as folder:
            shown = min(self._files)
            check_partitions(self._files, self.place)
            path = Path(folder) / PurePosixPath(shown).name
            with reached(self.place):
                self._show(self._files[shown], path)
            with self._named(Path(folder)):
                return [*tables.header(path), *Member(shown, path).partition]

    def read(self, wanted: Wanted = AS_IT_IS) -> Raw:
        """The whole table."""
        with self._named():
            return self._local.read(wanted)

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order, of files that are fetched first."""
        with self._named():
            yield from self._local.batches(rows)

    def files(self) -> list[str]:
        """Their names, as the folder sees them."""
        return sorted(self._files)

    def fingerprint(self) -> str:
        """The digest of the content, which is fetched in any case."""
        return self.sha256

    def holds(self, place: Path | str) -> bool:
        """Whether a file at the address would be one of them; where that can be told."""
        if isinstance(place, Path):
            return False
        try:
            (system, path), (other, file) = self._system, file_system(place)
        except DataError:
            return False
        below = file.startswith(f"{path.rstrip('/')}/")
        return type(system) is type(other) and (file == path or below or fnmatch(file, path))

    def close(self) -> None:
        """Remove what was fetched."""
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = self._fetched = None

    @cached_property
    def _system(self) -> tuple[Any, str]:
        """The file system and the path in it."""
        return file_system(self.place)

    @cached_property
    def _files(self) -> dict[str, str]:
        """The name of each file, as seen from the folder, and its path; one file has no folder."""
        system, path = self._system
        with reached(self.place):
            if any(mark in path for mark in MAGIC):
                start = min(path.find(mark) for mark in MAGIC if mark in path)
                root = path[:start].rpartition("/")[0]
                found = [each for match in system.glob(path) for each in system.find(match)]
            elif system.info(path)["type"] == "directory":
                root, found = path, system.find(path)
            else:
                return {PurePosixPath(path.partition("?")[0]).name: path}
        names = {each.removeprefix(root.rstrip("/")).lstrip("/"): each for each in found}
        outside = [name for name in names if ".." in name.split("/")]
        if outside:
            raise DataError(
                f"the file {outside[0]!r} would lie outside its folder. Rename it.",
                path=self.place,
            )
        names = {name: each for name, each in names.items() if name and not is_passed_over(name)}
        if not names:
            raise DataError(
                "there is no CSV or Parquet file there (hidden ones, and those that begin with "
                "an underscore, do not count). Check the address.",
                path=self.place,
            )
        return names

    @property
    def _local(self) -> File | Folder:
        """The same files on this machine, fetched the first time."""
        if self._fetched is None:
            files, (system, path) = self._files, self._system
            self._folder = tempfile.TemporaryDirectory(prefix="logitline-")
            root = Path(self._folder.name)
            with reached(self.place):
                for name, remote in files.items():
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    system.get_file(remote, str(root / name))
            single = list(files.values()) == [path]
            self._fetched = File(root / next(iter(files))) if single else Folder(self.place, root)
        return self._fetched

    def _show(self, remote: str, path: Path) -> None:
        """A file that has the remote one's header or schema, and few or none of its rows."""
        system, _ = self._system
        with system.open(remote, "rb") as file:
            start = file.read(CHUNK)
            if len(start) < CHUNK or not start.startswith(PARQUET):
                path.write_bytes(start)
                return
            try:
                file.seek(-END, 2)
                end = file.read(END)
                file.seek(-END - int.from_bytes(end[:4], "little"), 2)
                path.write_bytes(PARQUET + file.read())
            except (ValueError, NotImplementedError):  # a server that gives no part of a file
                system.get_file(remote, str(path))

    @contextmanager
    def _named(self, root: Path | None = None) -> Iterator[None]:
        """Errors under the address instead of the path to which the file was fetched."""
        try:
            yield
        except DataError as error:
            root = root or (Path(self._folder.name) if self._folder else None)
            if root is None or not (error.path or "").startswith(str(root)):
                raise
            name = Path(error.path or "").relative_to(root).as_posix()
            single = isinstance(self._fetched, File) or name == self.name
            place = self.place if single else f"{self.place} ({name})"
            raise DataError(*error.problems, path=place) from None


def open_source(address: Address, base: Path) -> Remote:  # noqa: ARG001
    """The files at the address."""
    return Remote(address.path or "")
