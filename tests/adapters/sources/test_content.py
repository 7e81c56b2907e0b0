"""The digest of a table's content."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.adapters.sources.content import content_sha256

VALUES: dict[str, tuple[pa.DataType, Any, Any]] = {
    "int8": (pa.int8(), 1, 2),
    "uint64": (pa.uint64(), 2**64 - 1, 1),
    "double": (pa.float64(), 0.5, 0.25),
    "half": (pa.float16(), 0.5, 0.25),
    "bool": (pa.bool_(), True, False),
    "text": (pa.string(), "ab", "a"),
    "bytes": (pa.binary(), b"ab", b"a"),
    "date": (pa.date32(), date(2024, 1, 1), date(2024, 1, 2)),
    "moment": (pa.timestamp("us", "UTC"), datetime(2024, 1, 1), datetime(2024, 1, 2)),
    "decimal": (pa.decimal128(9, 2), Decimal("1.50"), Decimal("1.51")),
    "list": (pa.list_(pa.int64()), [1, 2], [1]),
}


@pytest.mark.parametrize("kind", VALUES)
def test_every_value_null_name_and_place_counts(kind: str) -> None:
    dtype, one, other = VALUES[kind]
    columns = [[one, other], [other, one], [one, one], [one, None], [None, one], [one]]
    digests = [content_sha256(pa.table({"x": pa.array(c, dtype)})) for c in columns]
    digests.append(content_sha256(pa.table({"y": pa.array(columns[0], dtype)})))
    assert len(set(digests)) == len(digests)


def test_the_borders_between_cells_and_columns_count() -> None:
    tables = [
        {"x": ["ab", "c"], "y": ["d", "e"]},
        {"x": ["a", "bc"], "y": ["d", "e"]},
        {"x": ["ab", "c"], "y": ["de", ""]},
        {"y": ["d", "e"], "x": ["ab", "c"]},
        {"x": ["ab", None], "y": ["cd", "e"]},
    ]
    assert len({content_sha256(pa.table(table)) for table in tables}) == len(tables)


def test_types_of_equal_values_count() -> None:
    kinds = (pa.int8(), pa.int64(), pa.float64(), pa.bool_())
    arrays = [pa.array([0]).cast(kind) for kind in kinds]
    assert len({content_sha256(pa.table({"x": array})) for array in arrays}) == 4


def test_how_the_values_are_stored_makes_no_difference() -> None:
    def digest(array: Any) -> str:
        return content_sha256(pa.table({"x": array}))

    short, long = pa.array(["ab", None], pa.string()), pa.array(["ab", None], pa.large_string())
    assert digest(short) == digest(long)
    hidden = pa.array([1, 2]).filter(pa.array([True, True]))
    beneath = pa.Array.from_buffers(
        pa.int64(), 2, [pa.py_buffer(b"\x01"), hidden.buffers()[1]], null_count=1
    )
    assert digest(beneath) == digest(pa.array([1, None]))
    nan = pa.array([math.nan, -math.nan], pa.float64(), from_pandas=False)
    assert digest(nan) == digest(pa.array([math.nan] * 2, pa.float64(), from_pandas=False))


CELLS = st.lists(st.tuples(st.none() | st.integers(-9, 9), st.none() | st.text(max_size=2)))


@given(rows=CELLS, cut=st.integers(0, 20))
def test_how_the_rows_are_chunked_makes_no_difference(
    rows: list[tuple[Any, Any]], cut: int
) -> None:
    schema = pa.schema([("x", pa.int64()), ("y", pa.string())])
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], []]
    whole = pa.table(columns, schema=schema)
    cut_up = pa.concat_tables([whole.slice(0, cut), whole.slice(cut)])
    assert content_sha256(cut_up) == content_sha256(whole)
    assert content_sha256(cut_up.combine_chunks()) == content_sha256(whole)


def test_the_digest_of_a_table_stays_what_it_was() -> None:
    table = pa.table({"x": [1, None], "y": ["é", ""], "z": [0.5, math.inf], "b": [True, None]})
    assert content_sha256(table) == (
        "4e12c64f61453f12760381a2cb4e26a1c3068dfe315e7b33b1b57579a161147f"
    )
