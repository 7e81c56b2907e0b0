"""A folder or a glob of files of one format and the same columns, read as one table.

The files come in the order of their names. Hidden files (`.name`, `_SUCCESS`) and those that
are still being written (`.part`, `.tmp`, `.crc`) are passed over. Where folders are named as
Hive names its partitions (`year=2024`), `year` is a column of text.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pipelines.adapters import tables
from pipelines.adapters.sources.file import fingerprint
from pipelines.adapters.sources.members import Member, check_partitions, layout
from pipelines.adapters.store import file_sha256
from pipelines.adapters.tables import AS_IT_IS, Batch, Raw, Wanted
from pipelines.adapters.tables.raw import Kind
from pipelines.config import Address
from pipelines.digests import content_digest
from pipelines.records import DataError

__all__ = ["Folder", "is_passed_over", "is_several", "open_source", "pattern_in"]

MAGIC = "*?["
UNFINISHED = (".part", ".tmp", ".crc")
WORDS: dict[Kind, str] = {"csv": "CSV", "parquet": "Parquet"}
# A Parquet file tells by its first bytes what it is, a CSV file only by its name.
CSV_SUFFIXES = (".csv", ".tsv", ".txt")


class Folder:
    """The files below a folder, or those of them that a pattern names."""

    def __init__(self, place: str, root: Path, pattern: str | None = None) -> None:
        self.place = place
        self.name = Path(place).name or root.resolve().name
        self.root = root
        self.pattern = pattern

    @property
    def location(self) -> str:
        """The absolute path or pattern."""
        return str(self.root.resolve() / (self.pattern or ""))

    @property
    def kind(self) -> str:
        """How many files of which format."""
        count, format = len(self.members), tables.kind_of(self.members[0].path)
        return f"{count} {WORDS[format]} file{'' if count == 1 else 's'}"

    @cached_property
    def members(self) -> list[Member]:
        """The files that hold the rows, all of one format.

        Raises
        ------
        DataError
            When there are none, one is no table, or they are of both formats.
        """
        if any("**" in part and part != "**" for part in (self.pattern or "").split("/")):
            raise DataError(
                "has ** beside other characters; it stands for folders at any depth, alone "
                "between slashes. Write **/*.csv, or * within a name.",
                path=self.place,
            )
        if self.pattern is None:
            paths = _below(self.root)
        else:
            paths = (path for each in self.root.glob(self.pattern) for path in _below(each))
        files = {path.relative_to(self.root).as_posix(): path for path in paths}
        names = sorted(name for name in files if not is_passed_over(name))
        if not names:
            raise DataError(
                f"{'holds' if self.pattern is None else 'names'} no CSV or Parquet file (hidden "
                "ones, and those that begin with an underscore, do not count). Check the path.",
                path=self.place,
            )
        members = [Member(name, files[name]) for name in names]
        self._check_formats(members)
        check_partitions(names, self.place)
        return members

    def _check_formats(self, members: list[Member]) -> None:
        first, format = members[0], None
        for member in members:
            if member.path.exists() and not member.path.is_file():  # reading a pipe never ends
                raise DataError(f"{member.name} is no plain file. Move it away.", path=self.place)
            kind = tables.kind_of(member.path)
            if kind == "csv" and not member.name.lower().endswith(CSV_SUFFIXES):
                raise DataError(
                    f"{member.name} is no table by its name. Move it elsewhere, or name the "
                    "tables by a pattern such as *.parquet.",
                    path=self.place,
                )
            format = format or kind
            if kind != format:
                raise DataError(
                    f"{first.name} is a {WORDS[format]} file and {member.name} a {WORDS[kind]} "
                    "file. Name those of one format by a pattern such as *.parquet.",
                    path=self.place,
                )

    @cached_property
    def sha256(self) -> str:
        """Digest of the files' names, as seen from the folder, and of their bytes."""
        return _digest((member.name, file_sha256(member.path)) for member in self.members)

    def names(self) -> list[str]:
        """Those of the first file, and of the partitions."""
        first = self.members[0]
        return [*tables.header(first.path), *first.partition]

    def read(self, wanted: Wanted = AS_IT_IS) -> Raw:
        """All files, one after the other."""
        wanted = replace(wanted, words=frozenset())  # not every file may have them
        pieces = [tables.read(member.path, wanted) for member in self.members]
        kinds = {tuple(map(str, piece.table.schema.types)) for piece in pieces}
        if pieces[0].kind == "csv" and len(kinds) > 1:
            # Of some files a column could be read as numbers, of others not.
            pieces = [tables.read(member.path) for member in self.members]
        names = [member.name for member in self.members]
        digest = _digest(zip(names, (piece.sha256 for piece in pieces), strict=True))
        common = layout(self.members, [piece.table.schema for piece in pieces], self.place)
        return common.gathered(self.members, pieces, digest)

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows of one file after the other."""
        schemas = [tables.schema(member.path) for member in self.members]
        return layout(self.members, schemas, self.place).batches(self.members, rows)

    def files(self) -> list[str]:
        """Their names, as the folder sees them."""
        return [member.name for member in self.members]

    def fingerprint(self) -> str:
        """Digest of the files' names, paths, sizes and times of their last change."""
        return fingerprint((member.name, member.path) for member in self.members)

    def holds(self, place: Path | str) -> bool:
        """Whether a file of this name would be one of them."""
        if not isinstance(place, Path):
            return False
        try:
            name = place.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return False
        return not self.pattern or fnmatch.fnmatch(name, self.pattern)

    def close(self) -> None:
        """Nothing is kept."""


def is_several(base: Path, path: str) -> bool:
    """Whether the path names a folder, or is a pattern and no file's own name."""
    whole = base / path
    try:
        return whole.is_dir() or (pattern_in(path) is not None and not whole.exists())
    except OSError:  # a name too long, a folder that may not be searched
        return False


def pattern_in(path: str) -> int | None:
    """Where in the path, among its parts, a pattern begins."""
    parts = Path(path).parts
    return next((i for i, part in enumerate(parts) if any(m in part for m in MAGIC)), None)


def is_passed_over(name: str) -> bool:
    """Whether a file of this name below a folder is hidden, or still being written."""
    parts = name.split("/")
    hidden = any(part.startswith((".", "_")) and "=" not in part for part in parts)
    return hidden or name.lower().endswith(UNFINISHED)


def open_source(address: Address, base: Path) -> Folder:
    """The folder or pattern, as seen from the folder `base`."""
    path = address.path or ""
    start = pattern_in(path)
    if start is None or (base / path).is_dir():
        return Folder(str(base / path), base / path)
    parts = Path(path).parts
    root, pattern = base.joinpath(*parts[:start]), "/".join(parts[start:])
    return Folder(str(base / path), root, pattern)


def _below(path: Path) -> Iterator[Path]:
    """The path itself if it is a file, else the files at any depth below it."""
    if not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path, onerror=_refuse):
        yield from (Path(folder) / name for name in names)


def _refuse(error: OSError) -> None:
    raise error


def _digest(files: Iterable[tuple[str, str]]) -> str:
    return content_digest([list(each) for each in files])
