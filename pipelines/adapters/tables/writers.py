"""Writing a table batch by batch: the file appears whole or not at all.

In a CSV file a text that a spreadsheet would run as a formula, one beginning with ``= + - @``,
a tab, a carriage return or a line feed, gets an apostrophe in front, column names included.
Texts that are plain numbers (``-3.5``) stay as they are, as do number columns and Parquet files.
Bytes are text there where they are UTF-8, and refused where they are not.
Source: OWASP, CSV Injection.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from pipelines.records import DataError

__all__ = ["Writer"]

FORMULA = r"\A[=+\-@\t\r\n]"
PLAIN_NUMBER = r"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z"

# Columns that a spreadsheet shows as text.
TEXTS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
CSV = frozenset({".csv"})
PARQUET = frozenset({".parquet", ".pq"})


class Writer:
    """A context manager whose `write` adds rows to a CSV or Parquet file.

    The rows go to a file beside `path`, which takes its name when the block ends well and is
    removed when it does not. The first batch sets the columns and their types.

    Raises
    ------
    DataError
        When the folder cannot be written to, or CSV cannot hold a column.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self._sink: pcsv.CSVWriter | pq.ParquetWriter | None = None
        self._schema: pa.Schema | None = None
        self._file: pa.NativeFile | None = None
        suffix = path.suffix.lower()
        if suffix not in CSV | PARQUET:
            raise DataError("is no name for a table. End it in .csv or .parquet.", path=path)
        self._parquet = suffix in PARQUET

    def __enter__(self) -> Self:
        try:
            self._file = pa.OSFile(str(self._beside), "wb")
        except OSError as error:
            raise self._unwritable(error) from None
        return self

    def write(self, rows: pa.Table | pa.RecordBatch) -> None:
        """Add rows."""
        table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        if not self._parquet:
            table = self._inert(table)
        try:
            if self._sink is None:
                self._schema = table.schema
                self._sink = self._open(table.schema)
            if not table.schema.equals(self._schema):
                raise DataError(
                    "got rows with other columns or types than those before them. Nothing was "
                    "written; make all batches alike.",
                    path=self.path,
                )
            self._sink.write_table(table)
        except OSError as error:
            raise self._unwritable(error) from None
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"cannot hold this table ({str(error).splitlines()[0]}). Nothing was written; "
                "write to a .parquet file, or leave the column out.",
                path=self.path,
            ) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._sink is not None:
                self._sink.close()
            if self._file is not None:
                self._file.close()
            if kind is None and self._sink is not None:
                _to_disk(self._beside)
                self._beside.replace(self.path)
        except OSError as failure:
            raise self._unwritable(failure) from None
        finally:
            self._beside.unlink(missing_ok=True)

    def _open(self, schema: pa.Schema) -> pcsv.CSVWriter | pq.ParquetWriter:
        if self._parquet:
            return pq.ParquetWriter(self._file, schema, write_page_checksum=True)
        options = pcsv.WriteOptions(quoting_style="needed")
        return pcsv.CSVWriter(self._file, schema, write_options=options)

    def _inert(self, table: pa.Table) -> pa.Table:
        """The table as CSV holds it: formulas disarmed, NaN empty."""
        columns = {}
        for name, column in zip(table.column_names, table.columns, strict=True):
            if pa.types.is_dictionary(column.type):
                column = pc.dictionary_decode(column)
            kind = column.type
            if pa.types.is_nested(kind):
                raise DataError(
                    f"the column {name!r} holds {kind}, which CSV cannot. Write to a .parquet "
                    "file instead.",
                    path=self.path,
                )
            if any(is_text(kind) for is_text in TEXTS):
                columns[name] = _disarmed(self._text(name, column))
            elif pa.types.is_floating(kind):
                columns[name] = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
            else:
                columns[name] = column
        names = _disarmed(pa.array(list(columns), pa.string())).to_pylist()
        return pa.table(list(columns.values()), names=names)

    def _text(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return column
        if pa.types.is_fixed_size_binary(kind):
            column = column.cast(pa.binary())
        try:
            return column.cast(pa.large_string())
        except pa.ArrowInvalid:
            raise DataError(
                f"the column {name!r} holds {kind} that is no UTF-8 text, which CSV cannot. "
                "Write to a .parquet file instead.",
                path=self.path,
            ) from None

    def _unwritable(self, error: OSError) -> DataError:
        reason = error.strerror or str(error)
        return DataError(
            f"cannot be written ({reason}). Nothing was written; choose another place or make "
            "room.",
            path=self.path,
        )


def _disarmed(text: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    formula = pc.match_substring_regex(text, FORMULA)
    if not pc.any(formula).as_py():
        return text
    formula = pc.and_not(formula, pc.match_substring_regex(text, PLAIN_NUMBER))
    mark, nothing = pa.scalar("'", text.type), pa.scalar("", text.type)
    return pc.if_else(formula, pc.binary_join_element_wise(mark, text, nothing), text)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
