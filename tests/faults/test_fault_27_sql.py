"""Fault 27: SQL in the name of a table or a column, or in a query that should only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.adapters.sources import open_source
from pipelines.config import Address, Config
from pipelines.records import DataError
from pipelines.steps.ingest import ingest
from tests.postgres import Postgres

TABLES = [
    'x"; DROP TABLE victim; --',
    "victim; DELETE FROM victim",
    "a table, with spaces",
    "select",
    "SELECT * FROM victim",
    "o'clock",
    "50% :off",
    "dotted.name",
    "Größe",
]
COLUMNS = ['a"; DROP TABLE victim; --', "b, c", "o'clock", "50% :x %s", "select", "Größe"]
WRITES = [
    "DELETE FROM victim",
    "DROP TABLE victim",
    "UPDATE victim SET id = 2",
    "INSERT INTO victim VALUES (2) RETURNING id",
    "CREATE TABLE copy AS SELECT * FROM victim",
    "SELECT 1; DROP TABLE victim",
    "SELECT 1; COMMIT; DROP TABLE victim",
    "COMMIT; DROP TABLE victim",
    "SELECT 1) AS answer; DROP TABLE victim; --",
]


@dataclass(frozen=True)
class Target:
    """A database with a table `victim` of one row, and a way to run statements there."""

    url: str
    folder: Path
    run: Callable[..., list[tuple[Any, ...]]]

    def read(self, **where: Any) -> Any:
        return open_source(Address(url=self.url, **where), self.folder)

    def is_unhurt(self) -> bool:
        return self.run("SELECT id FROM victim") == [(1,)]


@pytest.fixture(scope="module")
def hostile(postgres: Postgres) -> Postgres:
    """A database of its own on the server."""
    postgres.run("CREATE DATABASE hostile")
    return replace(postgres, database="hostile")


@pytest.fixture(params=["sqlite", "postgres"])
def target(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Target]:
    if request.param == "sqlite":
        yield from _sqlite(tmp_path)
    else:
        postgres: Postgres = request.getfixturevalue("hostile")
        monkeypatch.setenv("PG_OWNER", postgres.password)
        postgres.run(
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
            "CREATE TABLE victim (id int)",
            "INSERT INTO victim VALUES (1)",
        )
        yield Target(postgres.url, tmp_path, postgres.run)


def _sqlite(folder: Path) -> Iterator[Target]:
    file = folder / "target.db"

    def run(*statements: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(file) as connection:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
        return rows

    run("CREATE TABLE victim (id int)", "INSERT INTO victim VALUES (1)")
    yield Target("sqlite:///target.db", folder, run)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("name", TABLES)
def test_fault_27_a_table_s_name_is_a_name_whatever_stands_in_it(target: Target, name: str) -> None:
    with pytest.raises(DataError, match="the database has no table"):
        target.read(table=name).read()
    target.run(f"CREATE TABLE {quoted(name)} (id int)", f"INSERT INTO {quoted(name)} VALUES (7)")
    source = target.read(table=name)
    assert source.names() == ["id"]
    assert source.read().table.to_pydict() == {"id": [7]}
    assert target.is_unhurt()


def test_fault_27_a_column_s_name_is_a_name_whatever_stands_in_it(target: Target) -> None:
    columns = ", ".join(f"{quoted(name)} int" for name in COLUMNS)
    key = f"PRIMARY KEY ({quoted(COLUMNS[0])})"
    target.run(
        f"CREATE TABLE odd ({columns}, y int, {key})",
        "INSERT INTO odd VALUES (2, 2, 2, 2, 2, 2, 1)",
        "INSERT INTO odd VALUES (1, 1, 1, 1, 1, 1, 0)",
    )
    raw = target.read(table="odd").read()
    assert raw.table.column_names == [*COLUMNS, "y"]
    config = Config.model_validate(
        {
            "source": {"url": target.url, "table": "odd", "target": "y", "classes": [0, 1]},
            "columns": {name: {"type": "integer"} for name in COLUMNS},
            "candidates": [{"name": "prior", "estimator": "prior"}],
            "registry": {"model": "m"},
        }
    )
    table = ingest(raw.table, config, raw.place)
    assert table.features.to_pydict() == {name: [1.0, 2.0] for name in COLUMNS}
    assert target.is_unhurt()


@pytest.mark.parametrize("schema", ['s"; DROP TABLE victim; --', "a schema"])
def test_fault_27_so_is_a_schema_s(
    hostile: Postgres, monkeypatch: pytest.MonkeyPatch, schema: str
) -> None:
    monkeypatch.setenv("PG_OWNER", hostile.password)
    hostile.run(
        f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE",
        f"CREATE SCHEMA {quoted(schema)}",
        f"CREATE TABLE {quoted(schema)}.t (id int)",
        f"INSERT INTO {quoted(schema)}.t VALUES (7)",
    )
    source = open_source(Address(url=hostile.url, table=f"{schema}.t"), Path())
    assert source.read().table.to_pydict() == {"id": [7]}


@pytest.mark.parametrize("query", WRITES)
def test_fault_27_a_query_that_writes_or_holds_two_statements_is_refused(
    target: Target, query: str
) -> None:
    for attempt in (target.read(query=query).read, target.read(query=query).names):
        with pytest.raises(DataError, match="It must be one statement that only reads"):
            attempt()
        assert target.is_unhurt()


@pytest.mark.parametrize("value", ["x' OR '1'='1", "x'; DROP TABLE victim; --", ":id", "%s", "?"])
def test_fault_27_a_parameter_is_a_value_whatever_stands_in_it(target: Target, value: str) -> None:
    query = "SELECT :value AS value, id FROM victim WHERE :value <> 'none' AND id = :id"
    source = target.read(query=query, parameters={"value": value, "id": 1})
    assert source.read().table.to_pydict() == {"value": [value], "id": [1]}
    assert target.is_unhurt()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT wipe() AS x",
        "SELECT nextval('counter') AS x",
        "SELECT set_config('transaction_read_only', 'off', false) AS x",
    ],
)
def test_fault_27_a_function_that_writes_is_refused_by_the_transaction(
    hostile: Postgres, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setenv("PG_OWNER", hostile.password)
    hostile.run(
        "CREATE TABLE IF NOT EXISTS kept (id int)",
        "CREATE SEQUENCE IF NOT EXISTS counter",
        "CREATE OR REPLACE FUNCTION wipe() RETURNS int LANGUAGE sql "
        "AS 'DELETE FROM kept; SELECT 1'",
    )
    with pytest.raises(DataError, match=r"read-only|read-write"):
        open_source(Address(url=hostile.url, query=query), Path()).read()
