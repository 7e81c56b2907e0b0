"""What TABLE and its options mean, and where the config goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.addressing import address_of, beside, seen_from, stem
from pipelines.config import Address
from pipelines.records import DataError

DATABASE = "postgresql://me@host/loans"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("data/loans.csv", "path"),
        ("data/*.parquet", "path"),
        ("s3://bucket/loans.parquet", "path"),
        ("simplecache::s3://bucket/loans.csv", "path"),
        ("loans.tables:recent", "callable"),
        ("C:loans", "callable"),
        ("a file: with a colon.csv", "path"),
    ],
)
def test_a_text_is_a_path_or_a_function(text: str, key: str) -> None:
    assert address_of(text, None, None) == Address.model_validate({key: text})


def test_a_file_of_that_name_is_no_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:b").touch()
    assert address_of("a:b", None, None).path == "a:b"


def test_a_database_needs_a_table_or_a_query() -> None:
    assert address_of(DATABASE, "loans", None).table == "loans"
    asked = address_of("duckdb:///x.db", None, "SELECT :n", ["n=3"])
    assert (asked.url, asked.query, asked.parameters) == ("duckdb:///x.db", "SELECT :n", {"n": 3})
    with pytest.raises(DataError, match="either a query or a table"):
        address_of(DATABASE, None, None)
    with pytest.raises(DataError, match="either a query or a table"):
        address_of(DATABASE, "loans", "SELECT 1")


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(DataError, match="a password stands in the address") as refused:
        address_of("postgresql://me:hunter2@host/x", "t", None)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("n=3", 3), ("n=2.5", 2.5), ("n=true", True), ("n=Bath", "Bath"), ('n="3"', "3"), ("n=", ""),
     ("n=a=b", "a=b"), ("n=2024-01-01", "2024-01-01"), ("n=[1]", "[1]"), ("n=1\nx=2", "1\nx=2")],
)  # fmt: skip
def test_a_parameter_is_read_as_toml_or_else_as_text(text: str, value: object) -> None:
    parameters = address_of("loans:recent", None, None, [text]).parameters
    assert parameters == {"n": value}
    assert type(parameters["n"]) is type(value)


@pytest.mark.parametrize("text", ["n", "=3", "a b=3", ""])
def test_what_is_no_parameter_is_told(text: str) -> None:
    with pytest.raises(DataError, match="is not NAME=VALUE"):
        address_of("loans:recent", None, None, [text])


@pytest.mark.parametrize(
    ("address", "name", "config"),
    [
        ({"path": "data/my loans.csv"}, "my-loans", "data/my loans.toml"),
        ({"path": "data/loans-*.parquet"}, "loans", "data/loans.toml"),
        ({"path": "data/loans/*.parquet"}, "loans", "data/loans/loans.toml"),
        ({"path": "data/loans/year=*/*.csv"}, "loans", "data/loans/loans.toml"),
        ({"path": "s3://bucket/in/loans.parquet"}, "loans", "loans.toml"),
        ({"path": "https://host/loans.csv?v=1"}, "loans", "loans.toml"),
        ({"path": "memory://loans/"}, "loans", "loans.toml"),
        ({"url": DATABASE, "table": "finance.recent_loans"}, "recent_loans", "recent_loans.toml"),
        ({"url": DATABASE, "query": "SELECT 1"}, "loans", "loans.toml"),
        ({"url": "sqlite:///data/x.db", "query": "SELECT 1"}, "x", "x.toml"),
        ({"url": "${URL}", "query": "SELECT 1"}, "URL", "URL.toml"),
        ({"callable": "loans.tables:recent"}, "recent", "recent.toml"),
        ({"path": "*"}, "table", "table.toml"),
    ],
)
def test_model_and_config_are_named_after_the_table(
    address: dict[str, str], name: str, config: str
) -> None:
    assert stem(Address.model_validate(address)) == name
    assert beside(Address.model_validate(address)) == Path(config)


def test_the_config_of_a_folder_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "loans").mkdir()
    assert beside(Address(path=str(tmp_path / "loans"))) == tmp_path / "loans.toml"
    assert beside(Address(path=f"{tmp_path / 'loans'}/")) == tmp_path / "loans.toml"


def test_a_path_is_named_as_the_config_s_folder_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path, seen in [
        ("data/loans.csv", "../data/loans.csv"),
        ("data/*.csv", "../data/*.csv"),
        ("s3://bucket/loans.csv", "s3://bucket/loans.csv"),
        ("${LOANS}/loans.csv", "${LOANS}/loans.csv"),
    ]:
        assert seen_from(Path("configs"), Address(path=path)).path == seen
