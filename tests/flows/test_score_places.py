"""Scoring from databases and addresses, and to them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pytest

from flows.mistakes import status
from flows.running import run_scoring
from tests.flows.test_score import SMALL, command
from tests.flows.workspaces import flowers
from tests.postgres import Postgres

SECRET = "hunter2-s3cr3t/@:"
ROWS = 450


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Iterator[Path]:
    """The working folder, with a table of flowers as in.csv and in the database flowers.db."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    monkeypatch.setenv("FLOWERS_DB", SECRET)
    (tmp_path / "in.csv").write_text(flowers(ROWS, seed=3))
    with sqlite3.connect("flowers.db") as connection:
        frame().to_sql("flowers", connection, index=False)
    yield tmp_path
    fsspec.filesystem("memory").store.clear()


def frame() -> pd.DataFrame:
    return pd.read_csv("in.csv")


def score(champion: Path, source: str, output: str, **options: Any) -> Any:
    """What a scoring in small batches tells."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("ROWS", 100), ("FEWEST", 1), ("PART", 2)):
            patch.setattr(f"flows.scoring.{name}", value)
        return run_scoring(champion, source, output, champion.parents[1], **options)


def refusal(champion: Path, source: str, output: str, **options: Any) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        score(champion, source, output, **options)
    assert status(refused.value) == 2
    assert SECRET not in str(refused.value)
    return str(refused.value)


def from_sqlite(table: str) -> pd.DataFrame:
    with sqlite3.connect("flowers.db") as connection:
        return pd.read_sql_query(f"SELECT * FROM {table}", connection)


def left_over(champion: Path) -> list[Path]:
    return list((champion.parents[1] / "data" / "derived" / "scoring").iterdir())


def test_a_table_of_sqlite_is_scored_to_a_table_beside_it_as_its_file_is(champion: Path) -> None:
    url = "sqlite:///flowers.db"
    for _ in range(2):
        done = score(champion, url, url, table="flowers", to_table="answers")
        assert (done.rows, done.output) == (ROWS, "sqlite:///flowers.db answers")
    score(champion, "in.csv", "out.csv")
    pd.testing.assert_frame_equal(
        from_sqlite("answers").astype({"model_version": int}),
        pd.read_csv("out.csv"),
        check_dtype=False,
        rtol=1e-6,
    )
    assert left_over(champion) == []


def test_a_query_with_parameters_is_scored_to_a_file(champion: Path) -> None:
    query = "SELECT height, petals, colour FROM flowers WHERE petals < :most"
    done = score(
        champion,
        *("sqlite:///flowers.db", "out.parquet"),
        query=query,
        parameters={"most": 12},
    )
    assert done.rows == (frame().petals < 12).sum() > 100
    answers = pd.read_parquet("out.parquet")
    assert answers.columns[:3].tolist() == ["height", "petals", "colour"]
    assert "gives no rows" in refusal(
        champion, "sqlite:///flowers.db", "x.csv", query=query, parameters={"most": -1}
    )


def test_postgres_is_scored_to_postgres_and_no_secret_is_kept(
    champion: Path, postgres: Postgres, capfd: pytest.CaptureFixture[str]
) -> None:
    cells = frame().astype(object).where(frame().notna(), None).to_numpy().tolist()
    rows = (", ".join("NULL" if c is None else f"'{c}'" for c in row) for row in cells)
    postgres.run(
        "DROP SCHEMA IF EXISTS scoring CASCADE",
        "CREATE SCHEMA scoring",
        "CREATE TABLE scoring.flowers (height float8, petals int, colour text, kind text)",
        f"INSERT INTO scoring.flowers VALUES ({'), ('.join(rows)})",
        "DROP ROLE IF EXISTS scorer",
        f"CREATE ROLE scorer LOGIN PASSWORD '{SECRET}'",
        "GRANT ALL ON SCHEMA scoring TO scorer",
        "GRANT SELECT ON scoring.flowers TO scorer",
    )
    url = f"postgresql://scorer:${{FLOWERS_DB}}@127.0.0.1:{postgres.port}/postgres"
    done = score(champion, url, url, table="scoring.flowers", to_table="scoring.answers")
    score(champion, "in.csv", "out.csv")
    found = postgres.run("SELECT label, probability_rose FROM scoring.answers")
    wanted = pd.read_csv("out.csv")
    assert [label for label, _ in found] == wanted.label.tolist()
    assert [p for _, p in found] == pytest.approx(wanted.probability_rose.tolist(), abs=1e-6)
    told = json.dumps(vars(done)) + "".join(capfd.readouterr())
    assert SECRET not in told
    files = [*champion.parents[1].rglob("*"), *Path(os.environ["PREFECT_HOME"]).rglob("*")]
    assert [f for f in files if f.is_file() and SECRET.encode() in f.read_bytes()] == []
    postgres.run("DROP SCHEMA scoring CASCADE", "DROP ROLE scorer")


@pytest.mark.parametrize(("source", "resumed"), [("in.csv", True), ("sqlite:///flowers.db", False)])
@pytest.mark.parametrize("at", ["after_part", "before_in_place"])
def test_a_killed_scoring_to_a_table_goes_on_where_the_input_is_a_file_and_else_anew(
    champion: Path, source: str, resumed: bool, at: str
) -> None:
    given = [] if resumed else ["--table", "flowers"]
    code = SMALL.replace("200, 1, 2", "100, 1, 2")
    killed = command(
        champion,
        *(source, "sqlite:///flowers.db", "--to-table", "answers", *given),
        code=code,
        fault=f"{at}:kill",
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with pytest.raises(pd.errors.DatabaseError):
        from_sqlite("answers")
    table = None if resumed else "flowers"
    done = score(champion, source, "sqlite:///flowers.db", table=table, to_table="answers")
    assert (done.rows, done.resumed > 0) == (ROWS, resumed)
    assert len(from_sqlite("answers")) == ROWS
    assert left_over(champion) == []


def test_a_row_that_breaks_the_contract_leaves_the_table_as_it_was(champion: Path) -> None:
    url = "sqlite:///flowers.db"
    score(champion, url, url, table="flowers", to_table="answers")
    with sqlite3.connect("flowers.db") as connection:
        connection.execute("INSERT INTO flowers VALUES (1.5, -1, 'red', 'rose')")
    said = refusal(champion, url, url, table="flowers", to_table="answers")
    assert f"row {ROWS + 1}" in said
    assert "'petals'" in said
    assert len(from_sqlite("answers")) == ROWS
    done = score(
        champion, url, url, table="flowers", to_table="answers", quarantine=Path("aside.csv")
    )
    assert (done.scored, done.quarantined) == (ROWS, 1)


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_file_at_an_address_is_the_one_that_would_be_here(champion: Path, name: str) -> None:
    score(champion, "in.csv", name)
    done = score(champion, "in.csv", f"memory://bucket/{name}")
    assert done.output == f"memory://bucket/{name}"
    assert fsspec.filesystem("memory").cat(f"/bucket/{name}") == Path(name).read_bytes()
    score(champion, "in.csv", f"file://{Path.cwd()}/again-{name}")
    assert Path(f"again-{name}").read_bytes() == Path(name).read_bytes()
    assert left_over(champion) == []


def test_nothing_is_written_over_the_input_wherever_it_is(champion: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/in/a.csv", Path("in.csv").read_bytes())
    for source, output in [
        ("memory://in/a.csv", "memory://in/a.csv"),
        ("memory://in/a.csv", "memory:///in/a.csv"),
        ("memory://in", "memory://in/b.csv"),
        ("memory://in/*.csv", "memory://in/b.csv"),
    ]:
        assert "would be part of the input" in refusal(champion, source, output)
    url = "sqlite:///flowers.db"
    said = refusal(champion, url, url, table="flowers", to_table="flowers")
    assert "its columns are not those of the answers (it has no 'label')" in said
    assert from_sqlite("flowers").columns.tolist() == ["height", "petals", "colour", "kind"]


@pytest.mark.parametrize(
    ("source", "output", "options", "words"),
    [
        ("in.csv", "sqlite:///flowers.db", {}, "Name the table for the answers: --to-table"),
        ("sqlite:///flowers.db", "x.csv", {}, "needs either a query or a table"),
        (
            "sqlite:///flowers.db",
            "x.csv",
            {"table": "flowers", "query": "SELECT 1"},
            "needs either a query or a table",
        ),
        ("in.csv", "x.csv", {"parameters": {"a": 1}}, "parameters belong to a query"),
        ("sqlite:///flowers.db", "x.csv", {"table": "flower"}, "Did you mean 'flowers'?"),
        (
            "sqlite:///flowers.db",
            "x.csv",
            {"query": "DELETE FROM flowers"},
            "one statement that only reads",
        ),
        (f"postgresql://me:{SECRET}@host/x", "x.csv", {"table": "t"}, "a password stands"),
        ("in.csv", "memory://bucket/answers", {}, "End it in .csv or .parquet".lower()[7:]),
        ("in.csv", "https://host/answers.csv", {}, "no file can be put to https://"),
        ("in.csv", "nosuch://host/answers.csv", {}, "Protocol not known: nosuch"),
        ("in.csv", "x.csv", {"quarantine": Path("s3://b/aside.csv")}, "aside.csv"),
    ],
)
def test_what_cannot_be_asked_for_is_one_sentence(
    champion: Path, source: str, output: str, options: dict[str, Any], words: str
) -> None:
    assert words in refusal(champion, source, output, **options)
    assert not Path("x.csv").exists()
    assert len(from_sqlite("flowers")) == ROWS


def test_the_command_takes_databases_on_both_sides(champion: Path) -> None:
    url = f"sqlite:///{Path.cwd()}/flowers.db"
    query = "SELECT * FROM flowers WHERE petals < :most"
    given = ["--query", query, "--parameter", "most=12", "--to-table", "answers"]
    done = command(champion, url, url, *given, code="pass")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["rows"] == len(from_sqlite("answers")) > 100
    assert told["output"] == f"{url} answers"


def test_the_flow_takes_plain_values_by_the_names_of_the_options() -> None:
    from flows.scoring import scoring

    told = scoring.parameters.model_dump()["properties"]
    assert list(told)[:3] == ["config", "input", "output"]
    assert {"lenient", "quarantine", "provider", "table", "query", "to_table"} < set(told)
    assert scoring.parameters.model_dump()["required"] == ["config", "input", "output"]
    assert "$ref" not in json.dumps(told)
