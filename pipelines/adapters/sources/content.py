"""The digest of a table's content, however it is stored or cut into chunks."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["content_sha256"]

# Rows of one update of the digest: what is copied at a time stays small.
ROWS = 65_536


def content_sha256(table: pa.Table) -> str:
    """SHA-256 over the names, types and values, in the order of the columns and rows.

    How the rows are chunked, what lies beneath a null, which of the NaNs a NaN is, and whether
    a text's offsets have 32 or 64 bits make no difference.
    """
    fields = [[field.name, str(field.type).removeprefix("large_")] for field in table.schema]
    digest = hashlib.sha256(json.dumps([fields, table.num_rows]).encode())
    for column in table.columns:
        for start in range(0, table.num_rows, ROWS):
            rows = column.slice(start, ROWS)
            digest.update(np.packbits(_numpy(pc.is_valid(rows))).tobytes())
            digest.update(_values(rows))
    return digest.hexdigest()


def _values(rows: pa.ChunkedArray) -> bytes:
    """The values alone, of fixed width or with their lengths before them."""
    kind = rows.type
    if pa.types.is_boolean(kind):
        return np.packbits(_numpy(pc.fill_null(rows, False))).tobytes()
    if _is_text(kind):
        lengths = _numpy(pc.fill_null(pc.binary_length(rows), 0)).astype("<i8").tobytes()
        return lengths + b"".join(cell for cell in rows.cast(pa.large_binary()).to_pylist() if cell)
    if pa.types.is_floating(kind):
        x = _numpy(pc.fill_null(rows.cast(pa.float64()), 0.0)).astype("<f8")
        return np.where(np.isnan(x), np.nan, x).tobytes()
    if pa.types.is_unsigned_integer(kind):
        return _numpy(pc.fill_null(rows.cast(pa.uint64()), 0)).astype("<u8").tobytes()
    if pa.types.is_integer(kind) or _is_moment(kind):
        whole = rows.cast(pa.int32()) if kind.bit_width == 32 else rows
        return _numpy(pc.fill_null(whole.cast(pa.int64()), 0)).astype("<i8").tobytes()
    # Decimals and nested values: slower, and as exact.
    return repr(rows.to_pylist()).encode()


def _numpy(values: pa.ChunkedArray) -> NDArray[Any]:
    return np.asarray(values.to_numpy())


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def _is_moment(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_date(kind)
        or pa.types.is_time(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_duration(kind)
    )
