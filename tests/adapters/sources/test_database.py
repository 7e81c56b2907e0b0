"""Tables and queries of a real SQLite file, and the values that a driver gives."""

from __future__ import annotations

import sqlite3
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.adapters.sources import open_source
from pipelines.adapters.sources.values import Columns
from pipelines.adapters.tables import Raw
from pipelines.config import Address
from pipelines.records import DataError

URL = "sqlite:///loans.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the database loans.db."""
    with sqlite3.connect(tmp_path / "loans.db") as connection:
        connection.executescript(
            "CREATE TABLE loans (id INTEGER PRIMARY KEY, amount REAL, town TEXT);"
            "INSERT INTO loans VALUES (3, 1.5, 'Bath'), (1, 2, NULL), (2, NULL, 'York');"
            "CREATE VIEW big AS SELECT * FROM loans WHERE amount > 1;"
            "CREATE TABLE mixed (x);"
            "INSERT INTO mixed VALUES (1), (2.5), ('three'), (NULL);"
        )
    return tmp_path


def read(folder: Path, url: str = URL, **where: Any) -> Raw:
    return open_source(Address(url=url, **where), folder).read()


def refusal(folder: Path, url: str = URL, **where: Any) -> str:
    with pytest.raises(DataError) as refused:
        read(folder, url, **where)
    return str(refused.value)


def test_the_file_is_seen_from_the_config_s_folder_and_its_key_orders_the_rows(
    folder: Path,
) -> None:
    table = read(folder, table="loans").table
    assert table.to_pydict() == {
        "id": [1, 2, 3],
        "amount": [2.0, None, 1.5],
        "town": [None, "York", "Bath"],
    }
    assert read(folder, f"sqlite:///{folder / 'loans.db'}", table="loans").table.equals(table)


def test_a_view_is_a_table_too(folder: Path) -> None:
    assert read(folder, table="big").table.num_rows == 2
    assert open_source(Address(url=URL, table="big"), folder).names() == ["id", "amount", "town"]


def test_parameters_are_bound(folder: Path) -> None:
    query = "SELECT id FROM loans WHERE town = :town"
    assert read(folder, query=query, parameters={"town": "York"}).table.to_pydict() == {"id": [2]}
    assert "no rows" in refusal(folder, query=query, parameters={"town": "' OR 1 --"})


def test_the_names_of_a_query_are_known_whether_or_not_it_can_be_nested(folder: Path) -> None:
    for query in ("SELECT id AS a, town FROM loans ORDER BY 1", "SELECT id AS a, town FROM loans;"):
        assert open_source(Address(url=URL, query=query), folder).names() == ["a", "town"]
    (folder / "loans.db").chmod(0o444)
    assert open_source(Address(url=URL, query="VALUES (1, 2)"), folder).names() is not None


def test_numbers_and_texts_in_one_column_are_text(folder: Path) -> None:
    column = read(folder, table="mixed").table.column("x")
    assert column.to_pylist() == ["1", "2.5", "three", None]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM loans",
        "DROP TABLE loans",
        "ATTACH DATABASE 'FOLDER/other.db' AS other",
        "PRAGMA user_version = 7",
        "VACUUM INTO 'FOLDER/copy.db'",
        "SELECT 1; DELETE FROM loans",
        "INSERT INTO loans VALUES (9, 9, 'x') RETURNING id",
        "WITH gone AS (SELECT 1) DELETE FROM loans",
        "SELECT load_extension('x')",
    ],
)
def test_what_writes_is_refused_and_nothing_is_changed(folder: Path, statement: str) -> None:
    before = (folder / "loans.db").read_bytes()
    said = refusal(folder, query=statement.replace("FOLDER", str(folder)))
    assert "It must be one statement that only reads" in said
    assert (folder / "loans.db").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["loans.db"]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///none.db", "sqlite:///:memory:"])
def test_a_database_without_a_file_is_refused_and_none_is_made(folder: Path, url: str) -> None:
    assert "there is no database file" in refusal(folder, url, table="loans")
    assert not (folder / "none.db").exists()


def test_a_missing_table_is_told_with_the_nearest_name(folder: Path) -> None:
    assert "has no table 'loan'. Did you mean 'loans'?" in refusal(folder, table="loan")
    assert "It has 'big', 'loans', 'mixed'" in refusal(folder, table="zzz")


def test_a_file_that_is_no_database_is_refused(folder: Path) -> None:
    (folder / "loans.db").write_text("id,amount\n" * 100)
    assert "not a database" in refusal(folder, table="loans")


def test_a_url_that_nobody_knows_is_told_with_what_would_be_right(folder: Path) -> None:
    assert "knows no database 'nosuch'" in refusal(folder, "nosuch://x/y", table="t")
    assert "postgresql://user@host/database" in refusal(folder, "not a url", table="t")
    assert "pip install mysqlclient" in refusal(folder, "mysql://host/x", table="t")
    assert "psycopg only" in refusal(folder, "postgresql+psycopg2://host/x", table="t")


def columns(*values: Any) -> pa.ChunkedArray:
    """One column, each value in a chunk of its own."""
    collected = Columns(["x"], "here")
    for value in values:
        collected.add([(value,)])
    return collected.table().column("x")


@pytest.mark.parametrize(
    ("values", "kind", "kept"),
    [
        ([1, None, -(2**62)], pa.int64(), [1, None, -(2**62)]),
        ([1, 2.5], pa.float64(), [1.0, 2.5]),
        ([2**53, 2.5], pa.float64(), [2.0**53, 2.5]),
        ([2**53 + 1, 2.5], pa.string(), ["9007199254740993", "2.5"]),
        ([2**70], pa.string(), ["1180591620717411303424"]),
        ([True, None], pa.bool_(), [True, None]),
        ([Decimal("1.50"), Decimal("1E+3")], pa.string(), ["1.50", "1000"]),
        ([Decimal("NaN"), Decimal("Infinity")], pa.string(), ["nan", "inf"]),
        ([date(2024, 2, 29)], pa.date32(), [date(2024, 2, 29)]),
        ([datetime(1, 1, 1, 5)], pa.timestamp("us"), [datetime(1, 1, 1, 5)]),
        ([b"\x00\xff"], pa.binary(), [b"\x00\xff"]),
        ([None, None], pa.null(), [None, None]),
        ([uuid.UUID(int=7)], pa.string(), ["00000000-0000-0000-0000-000000000007"]),
        ([time(10, 30), timedelta(days=1)], pa.string(), ["10:30:00", "1 day, 0:00:00"]),
        ([{"b": 1, "a": "é"}], pa.string(), ['{"a": "é", "b": 1}']),
    ],
)
def test_a_column_has_the_type_of_its_values(
    values: list[Any], kind: pa.DataType, kept: list[Any]
) -> None:
    together = Columns(["x"], "here")
    together.add([(value,) for value in values])
    for column in (columns(*values), together.table().column("x")):
        assert column.type == kind
        assert column.to_pylist() == kept


@pytest.mark.parametrize("ignored", ["", "1"])
def test_moments_with_a_zone_become_utc_though_a_library_told_arrow_to_ignore_zones(
    monkeypatch: pytest.MonkeyPatch, ignored: str
) -> None:
    monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", ignored)
    moment = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    column = columns(moment, None)
    assert column.type == pa.timestamp("us", "UTC")
    assert column.to_pylist() == [datetime(2024, 1, 1, 10, tzinfo=UTC), None]


@pytest.mark.parametrize(
    "values",
    [
        [True, 1],
        [date(2024, 1, 1), "2024-01-01"],
        [date(2024, 1, 1), datetime(2024, 1, 1)],
        [datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)],
        [b"x", "x"],
        [object()],
        ["\ud800"],
    ],
)
def test_values_of_no_one_type_are_refused_with_the_column(values: list[Any]) -> None:
    together = Columns(["x"], "here")
    for attempt in (
        lambda: columns(*values),
        lambda: together.add([(value,) for value in values]),
    ):
        with pytest.raises(DataError, match="here: the column 'x' holds"):
            attempt()


@given(
    st.lists(st.none() | st.integers() | st.floats(allow_nan=False) | st.text("ab1", max_size=3))
)
def test_where_the_chunks_end_makes_no_difference(values: list[Any]) -> None:
    together = Columns(["x"], "here")
    together.add([(value,) for value in values] or [(None,)])
    apart = columns(*values or [None])
    assert apart.to_pylist() == together.table().column("x").to_pylist()
    assert apart.type == together.table().column("x").type


ASKING = "It must be one statement that only reads"


def test_the_remedy_is_that_of_the_cause(folder: Path) -> None:
    assert ASKING in refusal(folder, query="SELECT nothing FROM loans")
    for query in ("SELECT CAST(x'ff' AS TEXT) AS x", "SELECT CAST(x'41ff' AS TEXT) AS x"):
        said = refusal(folder, query=query)
        assert "Could not decode to UTF-8" in said
        assert "cast it to text there" in said
        assert ASKING not in said
    (folder / "loans.db").write_text("id,amount\n" * 100)
    said = refusal(folder, table="loans")
    assert "Check that the url names a database file" in said
    assert ASKING not in said


def test_the_scheme_of_a_url_is_one_in_any_case(folder: Path) -> None:
    assert read(folder, "SQLITE:///loans.db", table="loans").table.num_rows == 3


@pytest.mark.parametrize("network", ["10.0.0.0/8", "fe80::/10"])
def test_a_network_is_text(network: str) -> None:
    assert columns(ip_network(network)).to_pylist() == [network]
