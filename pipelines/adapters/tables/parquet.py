"""Strict reading of one Parquet file, in the types it holds.

A few bytes of Parquet can stand for gigabytes: one value a million times. So what a file unpacks
to is reckoned up before it is unpacked, and refused where no honest table is so large.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.adapters.tables.header import check_names
from pipelines.adapters.tables.parquet_texts import spans
from pipelines.adapters.tables.raw import Batch
from pipelines.records import DataError

__all__ = ["own_names", "parse", "plain", "read_names", "read_schema", "stream"]

STREAMED: dict[str, Any] = {"buffer_size": 1 << 20, "pre_buffer": False}
# The name that pandas gives to row labels without one.
INDEX = re.compile(r"__index_level_\d+__")
# Rows that are given out at a time come to no more bytes than this, if one alone does not.
MOST_BYTES = 1 << 22
# What unpacks to more than this, and to so many times the file's size, is refused.
LARGE, MANY_TIMES = 400_000_000, 100
# Bytes of a value in memory, by Parquet's physical type; the one left out tells its length.
WIDTHS = {
    "BOOLEAN": 1 / 8,
    "INT32": 4,
    "INT64": 8,
    "INT96": 8,
    "FLOAT": 4,
    "DOUBLE": 8,
    "BYTE_ARRAY": 4,
}


def read_names(path: Path) -> list[str]:
    """The column names, without reading any row."""
    with _refusals(path):
        return own_names(path, pq.read_schema(path))


def read_schema(path: Path) -> pa.Schema:
    """The columns and their types as `stream` gives them, without reading any row."""
    with _refusals(path):
        schema = pq.read_schema(path)
        return _plain_schema(pa.schema([schema.field(name) for name in own_names(path, schema)]))


def parse(path: Path, data: pa.Buffer, words: frozenset[str] = frozenset()) -> pa.Table:
    """The table in a Parquet file's bytes, dictionaries decoded, pandas' row labels left out.

    The text of the columns in `words` may stay a dictionary.

    Raises
    ------
    DataError
        When the bytes are cut short or damaged, the names are not distinct, or there is no row.
    """
    with _refusals(path):
        file = _open(pa.BufferReader(data))
        names = own_names(path, file.schema_arrow)
        _check_size(path, sum(size for _, size in _row_groups(file)), len(data))
        packed = file.read(columns=names)
        _check_size(path, sum(_text_size(column) for column in packed.columns), len(data))
        table = plain(packed, words)
        table.validate(full=False)
    if not table.num_rows:
        raise DataError("holds no rows.", path=path)
    return table


def stream(path: Path, rows: int) -> Iterator[Batch]:
    """The rows of a Parquet file, at most `rows` and MOST_BYTES at a time."""
    first = 1
    with _refusals(path):
        file = _open(path, **STREAMED)
        names, length = own_names(path, file.schema_arrow), path.stat().st_size
        fitting = rows
        for group, size in _row_groups(file):
            _check_size(path, size * min(rows, group) // max(group, 1), length)
            fitting = min(fitting, _fitting(group, size))
        for batch in _batches(path, file, names, fitting):
            packed = pa.Table.from_batches([batch])
            size = sum(_text_size(column) for column in packed.columns)
            _check_size(path, size, length)
            step = _fitting(packed.num_rows, size)  # text of a dictionary may be many times as long
            for start in range(0, packed.num_rows, step):
                table = plain(packed.slice(start, step))
                yield Batch(table, "parquet", first)
                first += table.num_rows
    if first == 1:
        raise DataError("holds no rows.", path=path)


def _fitting(rows: int, size: int) -> int:
    """How many of the rows, which take so many bytes together, come to MOST_BYTES; at least 1."""
    return max(1, rows if size <= MOST_BYTES else rows * MOST_BYTES // size)


def _batches(
    path: Path, file: pq.ParquetFile, names: list[str], rows: int
) -> Iterator[pa.RecordBatch]:
    """The rows of these columns, texts as dictionaries where these are small."""
    texts = [name for name in _texts(file.schema_arrow) if name in names]
    for span in spans(file, texts, rows, MOST_BYTES):
        reader = _open(path, span.distinct, **STREAMED) if span.distinct else file
        yield from reader.iter_batches(
            batch_size=span.rows, row_groups=span.groups, columns=names, use_threads=False
        )


def _open(
    source: Path | pa.BufferReader, plain: frozenset[str] = frozenset(), **options: Any
) -> pq.ParquetFile:
    """The file, its text as dictionaries where it is written so, but for the columns `plain`."""
    texts = [name for name in _texts(pq.read_schema(source)) if name not in plain]
    return pq.ParquetFile(source, read_dictionary=texts, page_checksum_verification=True, **options)


def _texts(schema: pa.Schema) -> list[str]:
    """The columns of texts or bytes."""
    return [field.name for field in schema if _is_text(field.type) or _is_packed(field.type)]


def _is_text(kind: pa.DataType) -> bool:
    texts = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_binary,
        pa.types.is_large_binary,
    )
    return any(each(kind) for each in texts)


def _row_groups(file: pq.ParquetFile) -> Iterator[tuple[int, int]]:
    """Of each row group its rows, and the bytes that they take before any text is unpacked.

    Reckoned from the file's footer: every value has at least its type's width, and pages are
    as long as they are said to be.
    """
    meta, columns = file.metadata, [file.schema.column(i) for i in range(len(file.schema))]
    widths = [WIDTHS.get(column.physical_type) or column.length for column in columns]
    for group in map(meta.row_group, range(meta.num_row_groups)):
        chunks = map(group.column, range(group.num_columns))
        sizes = (
            max(chunk.total_uncompressed_size, int(chunk.num_values * width))
            for chunk, width in zip(chunks, widths, strict=True)
        )
        yield group.num_rows, sum(sizes)


def _text_size(column: pa.ChunkedArray) -> int:
    """Bytes of the column's text once each cell holds its own."""
    if not _is_packed(column.type):
        return int(column.nbytes)
    size = 0
    for chunk in column.chunks:
        chunk.validate(full=True)  # a damaged index may lie outside the dictionary
        lengths = pc.fill_null(pc.binary_length(chunk.dictionary), 0).to_numpy()
        counts = np.bincount(chunk.indices.drop_null().to_numpy(), minlength=len(lengths))
        size += int(counts @ lengths.astype(np.int64))
    return size


def _is_packed(kind: pa.DataType) -> bool:
    """Whether it is text in the form of a dictionary."""
    return bool(pa.types.is_dictionary(kind) and _is_text(kind.value_type))


def _check_size(path: Path, unpacked: int, packed: int) -> None:
    if unpacked > LARGE and unpacked > MANY_TIMES * packed:
        raise DataError(
            f"unpacks to {unpacked / 1e6:,.0f} MB, {unpacked / packed:,.0f} times its size, as one "
            "value over and over would. If that is meant, write it with less compression, or "
            "as several files.",
            path=path,
        )


def own_names(path: object, schema: pa.Schema) -> list[str]:
    """The schema's names without those of pandas' row labels; refused where two are equal."""
    check_names(path, schema.names)
    return [name for name in schema.names if not INDEX.fullmatch(name)]


def plain(table: pa.Table, words: frozenset[str] = frozenset()) -> pa.Table:
    """The table without dictionaries, but for text in `words`, views and run-length encoding."""
    fields = [
        field if field.name in words and _is_packed(field.type) else _plain_field(field)
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([_plain_field(field) for field in schema])


def _plain_field(field: pa.Field) -> pa.Field:
    return field.with_type(_plain_type(field.type))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    return kind


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Arrow's errors as the user's: whatever it cannot read is not a sound file."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"is not a sound Parquet file ({reason}). It is damaged or cut short; "
            "copy or write it again.",
            path=path,
        ) from None
