from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.adapters import tables
from pipelines.adapters.tables import parquet_texts
from pipelines.adapters.tables.parquet_texts import spans

ROWS = 3_000
MIXED = pa.table(
    {
        "n": range(ROWS),
        "name": [f"row number {row:06d}" for row in range(ROWS)],
        "kind": [f"kind {row % 5}" for row in range(ROWS)],
        "gone": [None if row % 3 else f"{row:06d}" for row in range(ROWS)],
    }
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dictionaries of a few kilobytes are large."""
    monkeypatch.setattr(parquet_texts, "SMALL", 1 << 13)


def written(path: Path, table: pa.Table, dictionary: int) -> pq.ParquetFile:
    """Row groups of 1,000 rows, whose dictionaries end at so many bytes."""
    settings = {"data_page_size": 1 << 10, "dictionary_pagesize_limit": dictionary}
    pq.write_table(table, path, row_group_size=1_000, **settings)
    return pq.ParquetFile(path, read_dictionary=["name", "kind", "gone"])


def test_texts_that_all_differ_are_read_as_they_stand_and_others_as_dictionaries(
    tmp_path: Path,
) -> None:
    file = written(tmp_path / "t.parquet", MIXED, 1 << 12)
    (span,) = spans(file, ["name", "kind", "gone"], 500, 1 << 20)
    assert span.groups == [0, 1, 2]
    assert span.distinct == {"name"}
    assert span.rows == 500


def test_the_rows_are_the_same_whichever_way_their_texts_are_read(tmp_path: Path) -> None:
    repeated = MIXED.set_column(1, "name", pa.array(["x"] * ROWS))
    both = pa.concat_tables([MIXED, repeated, MIXED])
    file = written(tmp_path / "t.parquet", both, 1 << 12)
    ways = [bool(span.distinct) for span in spans(file, ["name", "kind"], 500, 1 << 20)]
    assert ways == [True, False, True]
    parts = list(tables.batches(tmp_path / "t.parquet", 700))
    assert pa.concat_tables([part.table for part in parts]).equals(both)
    assert parts[-1].place(parts[-1].table.num_rows - 1) == f"row {3 * ROWS}"


def test_one_long_text_in_the_dictionary_makes_the_rows_few(tmp_path: Path) -> None:
    """Each of the rows may be that text, and a plain page is no witness against it."""
    names = ["y" * 50_000, *MIXED.column("name").to_pylist()[1:]]
    table = MIXED.set_column(1, "name", pa.array(names))
    file = written(tmp_path / "t.parquet", table, 1 << 16)
    (span,) = spans(file, ["name"], 500, 1 << 20)
    assert span.groups == [0, 1, 2]
    assert span.rows == (1 << 20) // 50_000


def test_texts_that_are_packed_otherwise_stay_dictionaries(tmp_path: Path) -> None:
    digests = [hashlib.sha256(bytes(row)).hexdigest() for row in range(ROWS)]
    pq.write_table(
        MIXED.set_column(1, "name", pa.array(digests)),
        tmp_path / "t.parquet",
        use_dictionary=["kind", "gone"],
        column_encoding={"name": "DELTA_BYTE_ARRAY"},
    )
    file = pq.ParquetFile(tmp_path / "t.parquet", read_dictionary=["name"])
    assert [span.distinct for span in spans(file, ["name"], 500, 1 << 20)] == [frozenset()]
