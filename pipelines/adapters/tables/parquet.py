"""Strict reading of one Parquet file, in the types it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.adapters.tables.header import check_names
from pipelines.adapters.tables.raw import Batch
from pipelines.records import DataError

__all__ = ["parse", "read_names", "stream"]

BUFFER = 1 << 20
# The name that pandas gives to row labels without one.
INDEX = re.compile(r"__index_level_\d+__")


def read_names(path: Path) -> list[str]:
    """The column names, without reading any row."""
    with _refusals(path):
        return _names(path, pq.read_schema(path))


def parse(path: Path, data: bytes) -> pa.Table:
    """The table in a Parquet file's bytes, dictionaries decoded, pandas' row labels left out.

    Raises
    ------
    DataError
        When the bytes are cut short or damaged, the names are not distinct, or there is no row.
    """
    with _refusals(path):
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        names = _names(path, file.schema_arrow)
        table = _plain(file.read(columns=names, use_threads=False))
        table.validate(full=False)
    if not table.num_rows:
        raise DataError("holds no rows.", path=path)
    return table


def stream(path: Path, rows: int) -> Iterator[Batch]:
    """The rows of a Parquet file, at most `rows` at a time."""
    first = 1
    with _refusals(path):
        file = pq.ParquetFile(
            path, buffer_size=BUFFER, pre_buffer=False, page_checksum_verification=True
        )
        names = _names(path, file.schema_arrow)
        for batch in file.iter_batches(batch_size=rows, columns=names, use_threads=False):
            table = _plain(pa.Table.from_batches([batch]))
            yield Batch(table, "parquet", first)
            first += table.num_rows
    if first == 1:
        raise DataError("holds no rows.", path=path)


def _names(path: Path, schema: pa.Schema) -> list[str]:
    check_names(path, schema.names)
    return [name for name in schema.names if not INDEX.fullmatch(name)]


def _plain(table: pa.Table) -> pa.Table:
    """The table without dictionaries, views and run-length encoding."""
    fields = [field.with_type(_plain_type(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


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
