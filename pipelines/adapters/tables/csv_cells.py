"""A table as a CSV file holds it.

A text that a spreadsheet would run as a formula, one beginning with ``= + - @``, a tab, a
carriage return or a line feed, gets an apostrophe in front, column names included. Texts that
are plain numbers (``-3.5``) stay as they are, as do number columns. Bytes are text where they are
UTF-8, and refused where they are not.
Source: OWASP, CSV Injection.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.records import DataError

__all__ = ["as_csv_holds"]

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


def as_csv_holds(table: pa.Table, path: Path) -> pa.Table:
    """The table with formulas disarmed and NaN empty.

    Raises
    ------
    DataError
        When CSV cannot hold a column; it names the file at `path`.
    """
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            column = pc.dictionary_decode(column)
        kind = column.type
        if pa.types.is_nested(kind):
            raise DataError(
                f"the column {name!r} holds {kind}, which CSV cannot. Write to a .parquet "
                "file instead.",
                path=path,
            )
        if any(is_text(kind) for is_text in TEXTS):
            columns[name] = _disarmed(_text(name, column, path))
        elif pa.types.is_floating(kind):
            columns[name] = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        else:
            columns[name] = column
    names = _disarmed(pa.array(list(columns), pa.string())).to_pylist()
    return pa.table(list(columns.values()), names=names)


def _text(name: str, column: pa.ChunkedArray, path: Path) -> pa.ChunkedArray:
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
            path=path,
        ) from None


def _disarmed(text: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    formula = pc.match_substring_regex(text, FORMULA)
    if not pc.any(formula).as_py():
        return text
    formula = pc.and_not(formula, pc.match_substring_regex(text, PLAIN_NUMBER))
    mark, nothing = pa.scalar("'", text.type), pa.scalar("", text.type)
    return pc.if_else(formula, pc.binary_join_element_wise(mark, text, nothing), text)
