"""A database's answer in batches: the rows that it has as a whole, in types that stay."""

from __future__ import annotations

import sqlite3
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.adapters.sources import open_files, open_source
from pipelines.config import Address
from pipelines.records import DataError
from tests.postgres import Postgres


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sqlite(*statements: str) -> None:
    with sqlite3.connect("t.db") as connection:
        for statement in statements:
            connection.execute(statement)


def tables(rows: int, url: str = "sqlite:///t.db", **where: Any) -> list[pa.Table]:
    return [batch.table for batch in open_files(url, **where).batches(rows)]


NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "


@pytest.mark.parametrize("rows", [1, 3, 7, 100])
def test_batches_of_any_size_are_together_the_table_that_is_read_at_once(rows: int) -> None:
    sqlite(
        "CREATE TABLE t (i INTEGER PRIMARY KEY, x REAL, d NUMERIC, s TEXT, gap)",
        "INSERT INTO t VALUES (3, 1, 2, 'a', NULL), (1, NULL, 0.5, NULL, NULL), "
        "(2, 0.25, 7, 'b', NULL), (4, NULL, NULL, 'c', NULL)",
    )
    whole = open_source(Address(url="sqlite:///t.db", table="t"), Path()).read().table
    parts = tables(rows, table="t")
    assert {len(part) for part in parts[:-1]} <= {rows}
    assert len({part.schema for part in parts}) == 1
    assert pa.concat_tables(parts).to_pydict() == whole.to_pydict()


def test_long_rows_come_in_fewer_at_a_time() -> None:
    sqlite("CREATE TABLE t (i int)")  # a file that is there
    long = "SELECT i, hex(zeroblob(5000)) AS x FROM n"  # 10 kB a row
    assert [len(part) for part in tables(2_500, query=NUMBERS.format(3_000) + long)] == [
        1_024,
        1_024,
        952,
    ]
    short = "SELECT i FROM n"
    parts = tables(2_500, query=NUMBERS.format(3_000) + short)
    assert [len(part) for part in parts] == [2_048, 952]


def test_rows_are_counted_over_the_batches(tmp_path: Path) -> None:
    sqlite("CREATE TABLE t (i int)", "INSERT INTO t VALUES (5), (6), (7)")
    batches = list(open_files("sqlite:///t.db", table="t").batches(2))
    assert [batch.place(0) for batch in batches] == ["row 1", "row 3"]


def test_a_type_is_settled_by_the_first_batch_where_nothing_declares_it() -> None:
    sqlite("CREATE TABLE t (a, b, c, d)")
    sqlite("INSERT INTO t VALUES (0.5, NULL, 'x', 1), (2, 7, 3, 2)")
    one, two = tables(1, query="SELECT a, b, c FROM t")
    assert [str(kind) for kind in one.schema.types] == ["double", "string", "string"]
    assert two.to_pylist() == [{"a": 2.0, "b": "7", "c": "3"}]


def test_a_later_value_that_the_type_does_not_hold_is_refused_by_row_and_column() -> None:
    sqlite("CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (2), (0.5)")
    words = r"the column 'a' holds double behind row 2 and int64 before.*Cast it to text"
    with pytest.raises(DataError, match=words):
        tables(2, query="SELECT a FROM t")
    assert len(tables(2, query="SELECT CAST(a AS TEXT) AS a FROM t")) == 2


def test_an_answer_without_rows_is_refused() -> None:
    sqlite("CREATE TABLE t (a)")
    with pytest.raises(DataError, match="gives no rows"):
        tables(2, table="t")


def test_memory_does_not_grow_with_the_rows() -> None:
    sqlite("CREATE TABLE t (i)", "INSERT INTO t " + NUMBERS.format(200_000) + "SELECT i FROM n")
    peaks = []
    for count in (20_000, 200_000):
        tracemalloc.start()
        source = open_files("sqlite:///t.db", query=f"SELECT i FROM t WHERE i <= {count}")
        assert sum(len(batch.table) for batch in source.batches(2_000)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_postgres_declares_the_types_of_columns_that_begin_with_gaps(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_OWNER", postgres.password)
    columns = {"i": "int", "x": "float8", "b": "bool", "d": "date", "n": "numeric", "s": "text"}
    gaps = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
    cells = "1, 0.5, true, DATE '2024-02-29', 10.50, 'x'"
    query = f"SELECT {gaps} UNION ALL SELECT {cells}"
    one, two = tables(1, postgres.url, query=query)
    assert one.schema == two.schema
    kinds = ["int64", "double", "bool", "date32[day]", "string", "string"]
    assert [str(kind) for kind in one.schema.types] == kinds
    assert two.column("n").to_pylist() == ["10.50"]


def test_a_batch_left_half_way_closes_the_connection(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_OWNER", postgres.password)
    batches = open_files(postgres.url, query="SELECT generate_series(1, 9) AS i").batches(2)
    next(batches)
    counted = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"
    assert postgres.run(counted) == [(1,)]
    batches.close()  # type: ignore[attr-defined]
    assert postgres.run(counted) == [(0,)]
