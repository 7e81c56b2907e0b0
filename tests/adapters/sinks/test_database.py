"""Answers into tables of a real SQLite file and a real PostgreSQL server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.adapters.sinks import database
from pipelines.adapters.sinks.delivered import DeliveredSink
from pipelines.adapters.sinks.elsewhere import open_delivery
from pipelines.records import DataError
from tests.postgres import Postgres

ROWS = pa.table({"id": [1, 2, 3], "town": ["Köln; DROP", "", None], "p": [0.1, 0.25, None]})


@dataclass(frozen=True)
class Base:
    """A database, and a way to run statements there."""

    url: str
    run: Callable[..., list[tuple[Any, ...]]]
    secret: str


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def answering(postgres: Postgres) -> Postgres:
    """A database of its own on the server."""
    postgres.run("CREATE DATABASE answering")
    return replace(postgres, database="answering")


@pytest.fixture(params=["sqlite", "postgres"])
def base(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Base]:
    if request.param == "sqlite":
        yield Base("sqlite:///answers.db", run_sqlite, "no secret")
        return
    postgres: Postgres = request.getfixturevalue("answering")
    monkeypatch.setenv("PG_OWNER", postgres.password)
    postgres.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    yield Base(postgres.url, postgres.run, postgres.password)


def run_sqlite(*statements: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect("answers.db") as connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
    return rows


def delivered(base: Base, *tables: pa.Table, to: str = "answers", keep: bool = True) -> None:
    delivery = open_delivery(base.url, to)
    assert delivery is not None
    whole = Path("whole.parquet")
    with DeliveredSink(whole, Path("whole.part"), delivery, {}) as sink:
        for table in tables:
            sink.add(table, "in.csv")
        if not keep:
            raise RuntimeError("stopped")


def refusal(base: Base, table: pa.Table = ROWS, to: str = "answers") -> str:
    with pytest.raises(DataError) as refused:
        delivered(base, table, to=to)
    assert base.secret not in str(refused.value)
    return str(refused.value)


def test_a_table_is_made_with_the_rows_of_all_batches_and_their_gaps(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ROWS", 2)
    delivered(base, ROWS, ROWS.slice(1))
    rows = base.run("SELECT id, town, p FROM answers ORDER BY id, town IS NULL")
    first, second, third = (1, "Köln; DROP", 0.1), (2, "", 0.25), (3, None, None)
    assert rows == [first, second, second, third, third]


def test_the_rows_of_a_table_with_the_same_columns_are_replaced_and_all_else_is_kept(
    base: Base,
) -> None:
    base.run(
        "CREATE TABLE answers (p numeric(9, 3), id bigint PRIMARY KEY, town text)",
        "INSERT INTO answers VALUES (7, 7, 'old')",
        "CREATE VIEW likely AS SELECT id FROM answers WHERE p > 0.2",
    )
    delivered(base, ROWS)
    delivered(base, ROWS)
    assert base.run("SELECT id FROM likely") == [(2,)]
    assert len(base.run("SELECT * FROM answers")) == 3


def test_a_table_of_other_columns_is_refused_before_any_row_and_stays(base: Base) -> None:
    base.run("CREATE TABLE answers (id int, town text)", "INSERT INTO answers VALUES (1, 'x')")
    said = refusal(base)
    assert "its columns are not those of the answers (it has no 'p')" in said
    assert base.run("SELECT * FROM answers") == [(1, "x")]
    base.run("CREATE TABLE more (id int, town text, p real, x int)")
    assert "it has 'x'" in refusal(base, to="more")


def test_a_scoring_that_is_stopped_makes_no_database_file() -> None:
    base = Base("sqlite:///answers.db", run_sqlite, "no secret")
    with pytest.raises(RuntimeError, match="stopped"):
        delivered(base, ROWS, keep=False)
    assert not Path("answers.db").exists()


def test_a_view_is_never_written_to(base: Base) -> None:
    base.run(
        "CREATE TABLE whole (id int, town text, p real)",
        "INSERT INTO whole VALUES (1, 'x', 0.5)",
        "CREATE VIEW answers AS SELECT * FROM whole",
    )
    assert "is a view or the like" in refusal(base)
    assert len(base.run("SELECT * FROM whole")) == 1


def test_an_error_half_way_leaves_what_was_there(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ROWS", 2)
    delivered(base, ROWS)
    # The third row, in the second insertion, has no place.
    base.run("CREATE UNIQUE INDEX one ON answers (id)")
    twice = pa.concat_tables([ROWS.slice(1), ROWS.slice(2)])
    said = refusal(base, twice)
    assert "cannot be written" in said
    assert base.run("SELECT id FROM answers ORDER BY id") == [(1,), (2,), (3,)]
    with pytest.raises(RuntimeError, match="stopped"):
        delivered(base, ROWS, to="fresh", keep=False)
    with pytest.raises(Exception, match="fresh"):
        base.run("SELECT * FROM fresh")


@pytest.mark.parametrize(
    "name", ['x"; DROP TABLE victim; --', "a table, with spaces", "select", "50% :off", "Größe"]
)
def test_names_are_names_whatever_stands_in_them(base: Base, name: str) -> None:
    base.run("CREATE TABLE victim (id int)")
    rows = pa.table({name: [1], "b": ["x"]})
    for _ in range(2):
        delivered(base, rows, to=name)
    quoted = name.replace('"', '""')
    assert base.run(f'SELECT "{quoted}", b FROM "{quoted}"') == [(1, "x")]
    assert base.run("SELECT * FROM victim") == []


def test_every_type_that_a_database_has_is_kept(answering: Postgres, monkeypatch: Any) -> None:
    monkeypatch.setenv("PG_OWNER", answering.password)
    answering.run("DROP TABLE IF EXISTS kinds")
    cells: dict[str, tuple[Any, Any, pa.DataType]] = {
        "flag": (True, True, pa.bool_()),
        "whole": (-(2**62), -(2**62), pa.int64()),
        "large": (2**64 - 1, Decimal(2**64 - 1), pa.uint64()),
        "p": (0.1, 0.1, pa.float32()),
        "money": (Decimal("10.50"), Decimal("10.50"), pa.decimal128(9, 2)),
        "day": (date(1969, 12, 31), date(1969, 12, 31), pa.date32()),
        "at": (datetime(2024, 1, 1, 12), datetime(2024, 1, 1, 12), pa.timestamp("ns")),
        "seen": (
            datetime(2024, 1, 1, tzinfo=UTC),
            datetime(2024, 1, 1, tzinfo=UTC),
            pa.timestamp("us", "UTC"),
        ),
        "clock": (time(1, 2, 3), time(1, 2, 3), pa.time64("us")),
        "bytes": (b"\x00\xff,", b"\x00\xff,", pa.binary()),
        "text": ('a "quoted",\nline', 'a "quoted",\nline', pa.large_string()),
        "gap": (None, None, pa.null()),
    }
    table = pa.table({name: pa.array([cell], kind) for name, (cell, _, kind) in cells.items()})
    gaps = pa.table({name: pa.nulls(1, column.type) for name, column in cells_of(table)})
    delivered(Base(answering.url, answering.run, ""), table, gaps, to="kinds")
    whole, empty = answering.run("SELECT * FROM kinds ORDER BY flag NULLS LAST")
    assert list(whole) == [found for _, found, _ in cells.values()]
    assert set(empty) == {None}


def cells_of(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return zip(table.column_names, table.columns, strict=True)


def test_what_no_column_of_a_table_holds_is_refused_by_its_name(base: Base) -> None:
    assert "the column 'x' holds list" in refusal(base, pa.table({"x": [[1]]}))


def test_a_name_that_the_server_would_cut_short_is_refused(
    answering: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_OWNER", answering.password)
    long = Base(answering.url, answering.run, answering.password)
    assert "longer than the 63 bytes" in refusal(long, pa.table({"ß" * 32: [1]}))


def test_a_schema_is_named_before_the_table(
    answering: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_OWNER", answering.password)
    answering.run("DROP SCHEMA IF EXISTS nightly CASCADE", "CREATE SCHEMA nightly")
    here = Base(answering.url, answering.run, answering.password)
    for _ in range(2):
        delivered(here, ROWS, to="nightly.answers")
    assert len(answering.run("SELECT * FROM nightly.answers")) == 3


def test_a_user_who_may_not_write_is_told_before_any_row(
    answering: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering.run(
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
        "CREATE TABLE answers (id int, town text, p float8)",
        "DROP ROLE IF EXISTS looker",
        "CREATE ROLE looker LOGIN PASSWORD 's3cr3t-looker'",
        "GRANT USAGE ON SCHEMA public TO looker",
    )
    monkeypatch.setenv("LOOKER", "s3cr3t-looker")
    url = f"postgresql://looker:${{LOOKER}}@127.0.0.1:{answering.port}/answering"
    said = refusal(Base(url, answering.run, "s3cr3t-looker"))
    assert "permission denied" in said


def reach(url: str, table: str | None) -> None:
    delivery = open_delivery(url, table)
    assert delivery is not None
    delivery.require()


@pytest.mark.parametrize(
    ("url", "table", "words"),
    [
        ("postgresql://me:${LOOKER}@127.0.0.1:1/x", "answers", "there is no connection"),
        ("postgresql://me:hunter2secret@host/x", "answers", "a password stands in the address"),
        ("postgresql://me:hunter2secret@host/x", None, "Name the table for the answers"),
        ("sqlite:///no/folder/here.db", "answers", "in a folder that is there"),
        ("sqlite://", "answers", "in a folder that is there"),
        ("postgresql+asyncpg://host/x", "answers", "through psycopg only"),
        ("nonsense://host/x", "answers", "SQLAlchemy knows no database"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence_without_secrets(
    monkeypatch: pytest.MonkeyPatch, url: str, table: str | None, words: str
) -> None:
    monkeypatch.setenv("LOOKER", "hunter2secret")
    with pytest.raises(DataError) as refused:
        reach(url, table)
    assert words in str(refused.value)
    assert "hunter2secret" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused_and_stays() -> None:
    Path("answers.db").write_text("a,b\n1,2\n" * 1000)
    said = refusal(Base("sqlite:///answers.db", run_sqlite, "no secret"))
    assert "file is not a database" in said
    assert Path("answers.db").read_text().startswith("a,b")
