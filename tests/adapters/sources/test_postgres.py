"""Tables and queries of a real PostgreSQL server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.adapters.sources import database as reading
from pipelines.adapters.sources import open_source
from pipelines.adapters.sources.values import Columns
from pipelines.adapters.tables import Raw
from pipelines.config import Address
from pipelines.records import DataError
from tests.postgres import Postgres

HERE = Path()


@pytest.fixture(scope="module")
def loans(postgres: Postgres) -> Iterator[Postgres]:
    """A server with a table of four loans, whose rows were not put in the order of its key."""
    postgres.run(
        "CREATE TABLE loans (id int PRIMARY KEY, amount numeric(14, 2), rate float8, paid bool, "
        "town text, due date, seen timestamptz, noted timestamp, tag uuid, extra json, gap text)",
        "INSERT INTO loans VALUES "
        "(3, 10.50, 0.1, true, 'Bath', '2024-02-29', '2024-01-01 12:00+02', '2024-01-01 12:00', "
        " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{\"b\": 1, \"a\": [2]}', NULL), "
        "(1, 12345678901.00, NULL, false, 'Köln; DROP', NULL, NULL, NULL, NULL, NULL, NULL), "
        "(2, NULL, 'NaN', NULL, '', '1969-12-31', NULL, NULL, NULL, NULL, NULL)",
    )
    yield postgres
    postgres.run("DROP TABLE loans")


@pytest.fixture(autouse=True)
def password(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_OWNER", postgres.password)


def read(postgres: Postgres, **where: Any) -> Raw:
    return open_source(Address(url=postgres.url, **where), HERE).read()


def refusal(postgres: Postgres, **where: Any) -> str:
    with pytest.raises(DataError) as refused:
        read(postgres, **where)
    assert postgres.password not in str(refused.value)
    return str(refused.value)


def test_a_table_comes_in_the_order_of_its_key_and_in_its_own_types(loans: Postgres) -> None:
    raw = read(loans, table="loans")
    table = raw.table
    assert table.column("id").to_pylist() == [1, 2, 3]
    assert table.column("amount").to_pylist() == ["12345678901.00", None, "10.50"]
    assert table.column("town").to_pylist() == ["Köln; DROP", "", "Bath"]
    assert table.column("extra").to_pylist() == [None, None, '{"a": [2], "b": 1}']
    assert {name: str(table.schema.field(name).type) for name in table.column_names} == {
        "id": "int64",
        "amount": "string",
        "rate": "double",
        "paid": "bool",
        "town": "string",
        "due": "date32[day]",
        "seen": "timestamp[us, tz=UTC]",
        "noted": "timestamp[us]",
        "tag": "string",
        "extra": "string",
        "gap": "null",
    }
    assert raw.place(2) == "row 3"


def test_a_moment_with_a_zone_is_the_same_instant_in_utc(loans: Postgres) -> None:
    raw = read(loans, query="SELECT seen FROM loans WHERE id = 3")
    assert str(raw.table.column("seen")[0].as_py()) == "2024-01-01 10:00:00+00:00"


def test_the_names_are_known_without_fetching_a_row(loans: Postgres) -> None:
    # The rows would divide by zero.
    source = open_source(
        Address(url=loans.url, query="SELECT id, 1 / (id - id) AS z FROM loans"), HERE
    )
    assert source.names() == ["id", "z"]
    with pytest.raises(DataError, match="division by zero"):
        source.read()


def test_the_same_rows_have_the_same_digest_through_a_table_and_a_query(loans: Postgres) -> None:
    whole = read(loans, table="public.loans")
    again = open_source(Address(url=loans.url, query="SELECT * FROM loans ORDER BY id"), HERE)
    assert again.sha256 == whole.sha256
    assert read(loans, query="SELECT * FROM loans ORDER BY id DESC").sha256 != whole.sha256


def test_one_query_is_run_for_the_digest_and_the_rows(
    loans: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(Address(url=loans.url, table="loans"), HERE)
    digest = source.sha256
    monkeypatch.delenv("PG_OWNER")
    assert source.read().sha256 == digest
    with pytest.raises(DataError, match="no PG_OWNER"):
        source.read()


def test_parameters_are_bound_and_never_part_of_the_text(loans: Postgres) -> None:
    query = "SELECT id FROM loans WHERE town = :town AND id < :most ORDER BY id LIMIT :rows"
    given = {"town": "Köln; DROP", "most": 9, "rows": 5}
    assert read(loans, query=query, parameters=given).table.to_pydict() == {"id": [1]}
    hostile = {"town": "' OR true; DROP TABLE loans; --", "most": 9, "rows": 5}
    assert "gives no rows" in refusal(loans, query=query, parameters=hostile)
    assert len(loans.run("SELECT * FROM loans")) == 3


def test_colons_and_percent_signs_that_are_no_parameters_stay(loans: Postgres) -> None:
    query = "SELECT '10:30 :x'::text AS a, '50%' AS b, id % 2 AS c, :n AS d FROM loans WHERE id = 3"
    (row,) = read(loans, query=query, parameters={"n": 7}).table.to_pylist()
    assert row == {"a": "10:30 :x", "b": "50%", "c": 1, "d": 7}


def test_a_parameter_without_a_value_and_a_value_without_one_are_named(loans: Postgres) -> None:
    assert "no value for :since" in refusal(loans, query="SELECT :since AS a")
    assert "has no :n" in refusal(loans, query="SELECT 1 AS a", parameters={"n": 1})


def test_more_rows_than_one_round_trip_come_in_order(postgres: Postgres) -> None:
    rows = 2 * reading.ROWS + 7
    raw = read(postgres, query=f"SELECT i, NULLIF(i, 1) AS j FROM generate_series(1, {rows}) i")
    assert raw.table.column("i").to_pylist() == list(range(1, rows + 1))
    assert raw.table.column("j").null_count == 1


def test_an_empty_answer_and_two_columns_of_one_name_are_refused(loans: Postgres) -> None:
    assert "gives no rows" in refusal(loans, query="SELECT * FROM loans WHERE false")
    assert "'id' stand twice" in refusal(loans, query="SELECT id, town AS id FROM loans")


def test_a_value_that_no_column_holds_is_refused_with_its_column(postgres: Postgres) -> None:
    said = refusal(postgres, query="SELECT int4range(1, 3) AS span")
    assert "'span' holds Range" in said
    assert "too large" in refusal(postgres, query="SELECT 'infinity'::timestamp AS due")


def test_a_wrong_password_a_wrong_table_and_an_absent_server_are_one_sentence_each(
    loans: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Did you mean 'loans'?" in refusal(loans, table="loan")
    elsewhere = Postgres(1)
    assert "Connection refused" in refusal(elsewhere, table="loans")
    monkeypatch.setenv("PG_OWNER", "wrong-secret")
    said = refusal(loans, table="loans")
    assert "password authentication failed" in said
    assert "wrong-secret" not in said


def test_a_password_with_marks_of_an_address_needs_no_quoting(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = "p@ss:w/rd%20?#"
    postgres.run(f"CREATE ROLE odd LOGIN PASSWORD '{odd}'")
    monkeypatch.setenv("ODD", odd)
    url = postgres.url.replace("owner:${PG_OWNER}", "odd:${ODD}")
    source = open_source(Address(url=url, query="SELECT 1 AS one"), HERE)
    assert source.read().table.to_pydict() == {"one": [1]}
    monkeypatch.setenv("WHOLE", url.replace("${ODD}", "p%40ss%3Aw%2Frd%2520%3F%23"))
    source = open_source(Address(url="${WHOLE}", query="SELECT 1 AS one"), HERE)
    assert source.read().table.num_rows == 1
    assert source.place == "${WHOLE} (query)"


def test_a_database_that_ends_the_connection_halfway_leaves_one_message(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Columns.add

    def then_end(columns: Columns, rows: Any) -> None:
        add(columns, rows)
        if columns.rows == reading.ROWS:
            postgres.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    monkeypatch.setattr(Columns, "add", then_end)
    query = f"SELECT i, repeat('x', 1000) AS x FROM generate_series(1, {5 * reading.ROWS}) i"
    said = refusal(postgres, query=query)
    assert f"stopped after {reading.ROWS:,} rows" in said
    assert "Nothing was kept" in said


def test_without_the_driver_it_is_said_what_to_install(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    assert 'pip install "logitline[postgres]"' in refusal(postgres, table="loans")


def test_no_type_is_lost_when_the_first_rows_are_all_gaps(postgres: Postgres) -> None:
    query = (
        f"SELECT CASE WHEN i > {reading.ROWS} THEN i END AS i "
        f"FROM generate_series(1, {reading.ROWS + 1}) i"
    )
    assert read(postgres, query=query).table.column("i").type == pa.int64()


@pytest.mark.parametrize("moment", ["date 'infinity'", "date '0044-03-15 BC'"])
def test_a_moment_that_no_calendar_here_has_is_told_as_a_value(
    postgres: Postgres, moment: str
) -> None:
    said = refusal(postgres, query=f"SELECT {moment} AS day")
    assert "cast it to text there" in said
    assert "It must be one statement" not in said
    assert "It must be one statement" in refusal(postgres, query="SELECT nothing")


def test_a_file_that_the_server_cannot_read_is_the_server_s_matter(postgres: Postgres) -> None:
    said = refusal(postgres, query="SELECT pg_read_file('/no/such/file') AS x")
    assert said.endswith("See to the database, and run this again.")


@pytest.mark.parametrize("password", ["p@ss", "p@ss:w/rd", "x:y", "wrong"])
def test_a_url_from_the_environment_is_said_in_no_part(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    whole = postgres.url.replace("${PG_OWNER}", password)
    monkeypatch.setenv("WHOLE", whole)
    with pytest.raises(DataError) as refused:
        open_source(Address(url="${WHOLE}", query="SELECT 1 AS one"), HERE).read()
    said = str(refused.value)
    assert not set(re.findall(r"\w+", said)) & set(re.findall(r"\w+", password))
