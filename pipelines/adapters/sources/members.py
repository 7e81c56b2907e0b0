"""Files of the same columns as one table: what they have in common, and where a row stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa

from pipelines.adapters import tables
from pipelines.adapters.tables import Batch, Raw
from pipelines.records import DataError

__all__ = ["Layout", "Member", "check_partitions", "layout"]

# How Hive writes a partition whose value is missing.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
# Types of one group can stand in one column; the names are those of pyarrow.types.
GROUPS = {
    "text": ("is_string", "is_large_string"),
    "bytes": ("is_binary", "is_large_binary", "is_fixed_size_binary"),
    "number": ("is_integer", "is_floating"),
    "decimal": ("is_decimal",),
    "timestamp": ("is_timestamp",),
}


@dataclass(frozen=True)
class Member:
    """One of the files: its name as seen from the folder, and its path."""

    name: str
    path: Path

    @cached_property
    def partition(self) -> dict[str, str | None]:
        """What its folders say of all its rows: `year=2024/month=5` → year and month."""
        return dict(map(_pair, _partitions(self.name)))


def check_partitions(names: Iterable[str], place: str) -> None:
    """Refuse folders that name a partition twice or not at all, or hold no text.

    Raises
    ------
    DataError
        With the folder.
    """
    for parts in dict.fromkeys(tuple(_partitions(name)) for name in sorted(names)):
        held: set[str] = set()
        for part in parts:
            try:
                name, _ = _pair(part)
                what = "names no partition" if not name else "names a partition once more"
            except UnicodeError:
                name, what = "", "is not UTF-8"
            if not name or name in held:
                raise DataError(
                    f"the folder {part!r} {what}. Rename it: year=2024/month=5/….", path=place
                )
            held.add(name)


def _partitions(name: str) -> list[str]:
    return [part for part in name.split("/")[:-1] if "=" in part]


def _pair(part: str) -> tuple[str, str | None]:
    name, _, value = (unquote(each, errors="strict") for each in part.partition("="))
    for text in (name, value):
        text.encode()
    return name, None if value == NO_VALUE else value


@dataclass(frozen=True)
class Layout:
    """The columns that all files have, in the types that hold each file's."""

    schema: pa.Schema
    place: str

    def fitted(self, member: Member, table: pa.Table) -> pa.Table:
        """A file's rows in these columns and types.

        Raises
        ------
        DataError
            When a whole number is too large for a column that is not whole elsewhere.
        """
        columns = []
        for field in self.schema:
            if field.name in member.partition:
                value = pa.scalar(member.partition[field.name], field.type)
                columns.append(pa.repeat(value, table.num_rows))
                continue
            column = table.column(field.name)
            try:
                columns.append(column if column.type == field.type else column.cast(field.type))
            except pa.ArrowInvalid:
                raise DataError(
                    f"the column {field.name!r} holds {column.type} in {member.name} and "
                    f"{field.type} elsewhere, which does not hold each of its values. Write it "
                    "in one type in all files.",
                    path=self.place,
                ) from None
        return pa.Table.from_arrays(columns, schema=self.schema)

    def gathered(self, members: Sequence[Member], pieces: list[Raw], sha256: str) -> Raw:
        """All rows; `pieces` is emptied on the way, so that no file is held twice."""
        fitted, within, starts = [], [], [0]
        for member in members:
            piece = pieces.pop(0)
            fitted.append(self.fitted(member, piece.table))
            within.append(_placed(member, piece))
            starts.append(starts[-1] + piece.table.num_rows)
        first = within[0].batch
        whole = pa.concat_tables(fitted)
        return Gathered(whole, first.kind, first.first_line, sha256, tuple(within), tuple(starts))

    def batches(self, members: Sequence[Member], rows: int) -> Iterator[Batch]:
        """The rows of one file after the other, at most `rows` at a time."""
        for member in members:
            for batch in tables.batches(member.path, rows):
                table = self.fitted(member, batch.table)
                within = (_placed(member, batch),)
                yield Part(table, batch.kind, batch.first_line, within, (0,))


@dataclass(frozen=True)
class Placed:
    """Some rows of one file, and the file's name."""

    batch: Batch
    name: str


def _placed(member: Member, batch: Batch) -> Placed:
    # Only in a CSV file do the cells say where a row stands.
    table = batch.table if batch.kind == "csv" else pa.table({})
    return Placed(Batch(table, batch.kind, batch.first_line), member.name)


@dataclass(frozen=True)
class Part(Batch):
    """Consecutive rows of several files, which begin at the rows `starts`."""

    within: tuple[Placed, ...]
    starts: tuple[int, ...]

    @property
    def file(self) -> str:
        """The name of the file that the first of the rows is of, as seen from the folder."""
        return self.within[0].name

    def place(self, row: int) -> str:
        """`row 7 of year=2024/a.parquet`."""
        return _place(self.within, self.starts, row)


@dataclass(frozen=True)
class Gathered(Raw):
    """All rows of several files, which begin at the rows `starts`."""

    within: tuple[Placed, ...]
    starts: tuple[int, ...]

    def place(self, row: int) -> str:
        """`row 7 of year=2024/a.parquet`."""
        return _place(self.within, self.starts, row)


def _place(within: Sequence[Placed], starts: Sequence[int], row: int) -> str:
    index = min(bisect_right(starts, row) - 1, len(within) - 1)
    placed = within[index]
    return f"{placed.batch.place(row - starts[index])} of {placed.name}"


def layout(members: Sequence[Member], schemas: Sequence[pa.Schema], place: str) -> Layout:
    """What the files have in common.

    Raises
    ------
    DataError
        When their columns, the types of one, or their partitions differ.
    """
    first = members[0]
    types = {field.name: field.type for field in schemas[0]}
    holders = dict.fromkeys(types, first.name)
    for member, schema in zip(members, schemas, strict=True):
        _check_names(first, member, list(types), schema.names, place)
        for field in schema:
            common = _common(types[field.name], field.type)
            if common is None:
                raise DataError(
                    f"the column {field.name!r} holds {types[field.name]} in "
                    f"{holders[field.name]} and {field.type} in {member.name}. Write it in one "
                    "type in all files.",
                    path=place,
                )
            if common != types[field.name]:
                types[field.name], holders[field.name] = common, member.name
    fields = [*types.items(), *((name, pa.string()) for name in first.partition)]
    return Layout(pa.schema(fields), place)


def _check_names(
    first: Member, member: Member, wanted: list[str], found: list[str], place: str
) -> None:
    if list(member.partition) != list(first.partition):
        raise DataError(
            f"the folders of {member.name} and {first.name} name different partitions. Nest "
            "them alike: year=2024/month=5/….",
            path=place,
        )
    twice = [name for name in first.partition if name in wanted]
    if twice:
        raise DataError(
            f"{first.name} has a column {twice[0]!r}, and its folder has it too. Drop one of them.",
            path=place,
        )
    absent = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if absent or extra:
        lacks = f"lacks {', '.join(map(repr, absent))}" if absent else ""
        has = f"has {', '.join(map(repr, extra))} besides" if extra else ""
        raise DataError(
            f"{member.name} {' and '.join(filter(None, [lacks, has]))}, where {first.name} has "
            f"{len(wanted)} columns. Give all files the same columns.",
            path=place,
        )


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type that holds both, or None where a column cannot be of both."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if _group(one) is None or _group(one) != _group(other):
        return None
    try:
        schemas = [pa.schema([("x", kind)]) for kind in (one, other)]
        return pa.unify_schemas(schemas, promote_options="permissive").field("x").type
    except pa.ArrowException:  # a moment with a zone and one without
        return None


def _group(kind: pa.DataType) -> str | None:
    tests = ((name, getattr(pa.types, test)) for name, group in GROUPS.items() for test in group)
    return next((name for name, test in tests if test(kind)), None)
