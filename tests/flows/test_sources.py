"""The line on every source, from `init` to `score`; and no secret is ever kept or told."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fsspec
import pandas as pd
import pytest

from flows.addressing import address_of
from flows.explaining import explain
from flows.line import open_line
from flows.mistakes import status
from flows.running import UsageError, run_scoring, run_training
from flows.starting import propose_config
from pipelines.loading import ConfigError
from tests.flows.workspaces import flowers, logitline, workspace
from tests.postgres import Postgres

SECRET = "hunter2-s3cr3t/@:"
CONFIG = """\
[source]
{source}
target = "kind"
classes = ["daisy", "rose", "tulip"]

[columns]
height = {{ type = "number", min = 0, missing = true }}
petals = {{ type = "integer", min = 0 }}
colour = {{ type = "category", values = ["red", "white", "yellow"], missing = true }}

[split]
test = 0.3

[[candidates]]
name = "logistic"
estimator = "logistic"

[selection]
folds = 2

[registry]
model = "flowers-{name}"
"""
Place = Callable[[Path, pd.DataFrame, Any], str]


def frame(rows: int = 150) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(flowers(rows)))


def in_sqlite(folder: Path, table: pd.DataFrame, _: Any) -> str:
    with sqlite3.connect(folder / "flowers.db") as connection:
        table.to_sql("flowers", connection, index=False)
    return 'url = "sqlite:///flowers.db"\ntable = "flowers"'


def in_postgres(folder: Path, table: pd.DataFrame, postgres: Postgres) -> str:
    cells = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    values = ", ".join(
        "(" + ", ".join("NULL" if cell is None else f"'{cell}'" for cell in row) + ")"
        for row in cells
    )
    postgres.run(
        "DROP TABLE IF EXISTS flowers",
        "CREATE TABLE flowers (height numeric(6, 2), petals int, colour text, kind text)",
        f"INSERT INTO flowers VALUES {values}",
        "DROP ROLE IF EXISTS reader",
        f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'",
        "GRANT SELECT ON flowers TO reader",
    )
    url = f"postgresql://reader:${{FLOWERS_DB}}@127.0.0.1:{postgres.port}/postgres"
    query = "SELECT * FROM flowers WHERE petals < :most ORDER BY height, petals, colour, kind"
    return f'url = "{url}"\nquery = "{query}"\nparameters = {{ most = 1000 }}'


def in_a_folder(folder: Path, table: pd.DataFrame, _: Any) -> str:
    for part, rows in table.groupby(table.index % 3):
        path = folder / "flowers" / f"part={part}"
        path.mkdir(parents=True)
        rows.to_parquet(path / "rows.parquet", index=False)
    return 'path = "flowers"'


def in_memory(folder: Path, table: pd.DataFrame, _: Any) -> str:
    fsspec.filesystem("memory").pipe("/flowers/t.csv", table.to_csv(index=False).encode())
    return 'path = "memory://flowers/t.csv"'


def in_a_function(folder: Path, table: pd.DataFrame, _: Any) -> str:
    table.to_csv(folder / "hidden.txt", index=False)
    (folder / "flower_rows.py").write_text(
        "import pathlib\nimport pandas as pd\n\nRUNS = pathlib.Path(__file__).with_name('runs')\n\n"
        "def rows(most):\n"
        "    RUNS.open('a').write('x')\n"
        "    table = pd.read_csv(RUNS.with_name('hidden.txt'))\n"
        "    return table[table.petals < most]\n"
    )
    return 'callable = "flower_rows:rows"\nparameters = { most = 1000 }'


PLACES: dict[str, Place] = {
    "sqlite": in_sqlite,
    "postgres": in_postgres,
    "memory": in_memory,
    "function": in_a_function,
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Iterator[None]:
    monkeypatch.setenv("FLOWERS_DB", SECRET)
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    yield
    fsspec.filesystem("memory").store.clear()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One workspace for all sources."""
    return tmp_path_factory.mktemp("workspace")


@pytest.mark.parametrize("kind", PLACES)
def test_a_training_reads_any_source_once_and_keeps_none_of_its_secrets(
    kind: str, shared: Path, request: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    postgres = request.getfixturevalue("postgres") if kind == "postgres" else None
    data = shared / "data" / kind
    data.mkdir(parents=True)
    config = data / "flowers.toml"
    config.write_text(CONFIG.format(source=PLACES[kind](data, frame(), postgres), name=kind))
    result = run_training(config, shared).as_json
    assert {step["status"] for step in result["steps"]} == {"ran"}
    assert result["promoted"], result["decision"]
    if kind == "function":
        assert (data / "runs").read_text() == "x"
    assert {step.reason for step in explain(config, shared)} == {"unchanged"}
    assert holders(shared, SECRET) == []
    assert holders(Path(os.environ["PREFECT_HOME"]), SECRET) == []
    assert SECRET not in "".join(capfd.readouterr())


@pytest.fixture(scope="module")
def champion(shared: Path, prefect_api: str) -> Path:
    """The config of a training on a folder of Parquet files, whose winner is champion."""
    data = shared / "data" / "folder"
    data.mkdir(parents=True)
    config = data / "flowers.toml"
    config.write_text(CONFIG.format(source=in_a_folder(data, frame(), None), name="folder"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_URL", prefect_api)
        assert run_training(config, shared).as_json["promoted"]
    return config


def test_one_more_file_in_the_folder_is_another_table(champion: Path, shared: Path) -> None:
    assert not any(step.runs for step in explain(champion, shared))
    one, more = champion.parent / "flowers" / "part=0", champion.parent / "flowers" / "part=9"
    more.mkdir()
    try:
        (more / "rows.parquet").write_bytes((one / "rows.parquet").read_bytes())
        plan = explain(champion, shared)
    finally:
        shutil.rmtree(more)
    assert (plan[0].runs, plan[0].reason) == (True, "the table has changed")


def test_folders_patterns_and_addresses_are_scored(
    champion: Path, shared: Path, tmp_path: Path
) -> None:
    folder = champion.parent / "flowers"
    for path in folder.rglob("*.parquet"):
        address = f"/in/{path.relative_to(folder).as_posix()}"
        fsspec.filesystem("memory").pipe(address, path.read_bytes())
    answers = []
    for source in (str(folder), str(folder / "*" / "*.parquet"), "memory://in"):
        output = tmp_path / "out.parquet"
        assert run_scoring(champion, source, output, shared).rows == 150
        answers.append(pd.read_parquet(output))
    assert answers[0].equals(answers[1])
    assert answers[0].equals(answers[2])
    assert answers[0]["part"].tolist() == ["0"] * 50 + ["1"] * 50 + ["2"] * 50


def test_scoring_writes_neither_into_its_input_nor_into_the_training_table(
    champion: Path, shared: Path, tmp_path: Path
) -> None:
    folder = champion.parent / "flowers"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(flowers(3))
    for source, output, what in [
        (str(tmp_path / "in" / "a.csv"), folder / "new.parquet", "training table"),
        (str(tmp_path / "in"), tmp_path / "in" / "b.csv", "input"),
        (str(tmp_path / "in" / "*.csv"), tmp_path / "in" / "b.csv", "input"),
        (f"file://{tmp_path}/in/a.csv", tmp_path / "in" / "a.csv", "input"),
    ]:
        with pytest.raises(UsageError, match=f"would be part of the {what}"):
            run_scoring(champion, source, output, shared)


def test_scoring_does_not_need_the_training_table(
    champion: Path, shared: Path, tmp_path: Path
) -> None:
    folder = champion.parent / "flowers"
    (tmp_path / "in.csv").write_text(flowers(6))
    folder.rename(folder.with_name("away"))
    try:
        scored = run_scoring(champion, str(tmp_path / "in.csv"), tmp_path / "out.csv", shared)
    finally:
        folder.with_name("away").rename(folder)
    assert scored.rows == 6


@pytest.mark.parametrize("kind", [*PLACES, "folder"])
def test_init_writes_a_config_for_any_source_that_is_sound(
    kind: str, tmp_path: Path, request: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    postgres = request.getfixturevalue("postgres") if kind == "postgres" else None
    place = in_a_folder if kind == "folder" else PLACES[kind]
    source = tomllib.loads(place(tmp_path, frame(), postgres))
    text = source.get("path") or source.get("url") or source["callable"]
    parameters = [f"{key}={value}" for key, value in source.get("parameters", {}).items()]
    address = address_of(text, source.get("table"), source.get("query"), parameters)
    written, _ = propose_config(address, "kind", None)
    assert written.resolve().parent == tmp_path
    section = tomllib.loads(written.read_text())["source"]
    assert {key: section[key] for key in source} == source
    sys.modules.pop("flower_rows", None)
    open_line(written, tmp_path)
    assert SECRET not in written.read_text()


def test_init_at_the_command_line_names_what_it_wrote(tmp_path: Path) -> None:
    in_sqlite(tmp_path, frame(), None)
    done = logitline(
        *("init", "sqlite:///flowers.db", "--table", "flowers", "--target", "kind"), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "Wrote flowers.toml. Next: logitline train flowers.toml" in done.stdout
    lacking = logitline("init", "sqlite:///flowers.db", "--target", "kind", cwd=tmp_path)
    assert lacking.returncode == 2
    assert "a database's url needs either a query or a table" in lacking.stderr


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('path = "none-*.csv"', "source.path"),
        ('path = "memory://none.csv"', "there is no such file or folder"),
        ('path = "s3://bucket/t.csv?token=${FLOWERS_DB}"', "source.path"),
        ('url = "postgresql://me:${FLOWERS_DB}@127.0.0.1:1/x"\ntable = "t"', "no connection"),
        ('url = "postgresql://me:${NO_VARIABLE}@host/x"\ntable = "t"', "has no NO_VARIABLE"),
        ('url = "sqlite:///none.db"\ntable = "t"', "there is no database file"),
        ('callable = "no_such_module:rows"', "there is no module 'no_such_module'"),
    ],
)
def test_a_source_that_cannot_be_reached_is_one_mistake_with_status_2(
    tmp_path: Path, source: str, words: str
) -> None:
    config = tmp_path / "flowers.toml"
    config.write_text(CONFIG.format(source=source, name="none"))
    with pytest.raises(ConfigError) as refused:
        open_line(config, tmp_path)
    (problem,) = refused.value.problems
    assert words in str(problem)
    assert SECRET not in str(refused.value)
    assert status(refused.value) == 2


def holders(folder: Path, secret: str) -> list[Path]:
    """The files below the folder in which the secret stands, as it is or quoted."""
    words = [secret.encode(), quote(secret, safe="").encode()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(word in path.read_bytes() for word in words)]


def test_other_words_of_a_split_by_column_have_the_table_checked_again(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    text, found = config.read_text(), set()
    for words in ('["red"]', '["red", "white"]'):
        by_colour = f'[split]\nkind = "column"\ncolumn = "colour"\ntest = {words}'
        config.write_text(text.replace("[split]\ntest = 0.3\nsalt = 0", by_colour))
        found.add(open_line(config, tmp_path).key("ingest", "of the rows").digest)
    assert len(found) == 2
