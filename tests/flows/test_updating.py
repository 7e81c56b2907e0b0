"""`logitline init --update`: an old config and a new table."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flows.updating import prepare, shown, write
from pipelines.adapters import tables
from pipelines.config import Address, Config
from pipelines.records import DataError
from pipelines.steps.ingest import ingest
from pipelines.steps.split import split
from tests.flows.workspaces import flowers, logitline, train_json, workspace


def moved_on(config: Path) -> Path:
    """The table with what was never there: a colour, a gap, a kind, a column; one is gone."""
    table = config.with_name("flowers.csv")
    lines = flowers(150, seed=1).splitlines()
    rows = [line.split(",") for line in lines[1:]]
    for i, row in enumerate(rows):
        row[1] = "" if i == 3 else row[1]
        row[2] = "blue" if i % 7 == 0 else row[2]
        row[3] = "lily" if i % 5 == 0 else row[3]
        row[0] = f"{i % 11}"
    new = ["leaves,petals,colour,kind", *(",".join(row) for row in rows)]
    table.write_text("\n".join(new) + "\n")
    return table


def address(table: Path) -> Address:
    return Address(path=str(table))


def test_after_an_update_ingest_and_split_take_the_table_and_all_else_is_kept(
    tmp_path: Path,
) -> None:
    config = workspace(tmp_path)
    text = config.read_text().replace("[split]", "# mine: never touched\n[split]")
    config.write_text(text)
    table = moved_on(config)
    update = prepare(address(table), "kind", None)
    assert {".".join(each.path): each.kind for each in update.changes} == {
        "source.classes": "classes",
        "columns.height": "gone",
        "columns.petals.missing": "missing",
        "columns.colour.values": "values",
        "columns.leaves": "new",
    }
    write(update)
    left = set(text.splitlines()) - set(config.read_text().splitlines())
    assert {line.split(" = ")[0] for line in left} == {"classes", "height", "petals", "colour"}
    assert config.read_text().endswith(text[text.index("# mine") :])
    settings = Config.model_validate(tomllib.loads(config.read_text()))
    raw = tables.read(table)
    split(ingest(raw.table, settings, raw.place), settings.split)
    assert prepare(address(table), "kind", None).changes == ()


def test_the_picture_tells_what_goes_what_comes_and_why(tmp_path: Path) -> None:
    picture = shown(prepare(address(moved_on(workspace(tmp_path))), "kind", None))
    assert "5 changes" in picture
    assert "- columns.height " in picture
    assert 'columns.leaves          { type = "integer", min = 0 }  (new in the table)' in picture
    assert 'columns.colour.values   + "blue"' in picture
    assert "false → true  (1 value is missing)" in picture


def test_a_salt_that_no_longer_fits_is_chosen_anew(tmp_path: Path) -> None:
    config = workspace(tmp_path, rows=45)
    table = config.with_name("flowers.csv")
    rare = "".join(f"{i},{i},red,lily\n" for i in range(3))
    table.write_text(flowers(45) + rare)
    found = {".".join(each.path): each for each in prepare(address(table), "kind", None).changes}
    if "split.salt" in found:
        assert found["split.salt"].before == 0
    text = prepare(address(table), "kind", None).after
    settings = Config.model_validate(tomllib.loads(text))
    raw = tables.read(table)
    split(ingest(raw.table, settings, raw.place), settings.split)


def test_columns_that_a_comment_leaves_out_stay_out(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    table = config.with_name("flowers.csv")
    rows = flowers(150).splitlines()
    more = ["a,b b,c", *(f"{i % 3},{i % 5},{i % 7}" for i in range(150))]
    table.write_text("\n".join(f"{x},{y}" for x, y in zip(more, rows, strict=True)) + "\n")
    text = config.read_text()
    config.write_text(
        text.replace(
            "[columns]\n",
            '[columns]\n# "b b" is left out: it is mine.\n# a = { type = "integer" }\n',
        )
    )
    assert [each.path[-1] for each in prepare(address(table), "kind", None).changes] == ["c"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[source]\n", "# of [columns] later\n[source]\n"),
        ("[source]\n", '[source]\nmissing = ["[columns]"]\n'),
        ("[columns]\n", "[ columns ]\n"),
        ('# "a" is', "# 'a' is"),
        ('# "a" is', "# a is"),
        ("\n", "\r\n"),
    ],
)
def test_a_comment_leaves_a_column_out_however_the_file_is_written(
    tmp_path: Path, old: str, new: str
) -> None:
    config = workspace(tmp_path)
    table = config.with_name("flowers.csv")
    rows = flowers(150).splitlines()
    more = ["a", *(str(i % 3) for i in range(150))]
    table.write_text("\n".join(f"{x},{y}" for x, y in zip(more, rows, strict=True)) + "\n")
    text = config.read_text().replace("[columns]\n", '[columns]\n# "a" is left out: mine.\n')
    assert old in text
    config.write_bytes(text.replace(old, new).encode())
    assert prepare(address(table), "kind", None).changes == ()


def test_a_comment_of_another_table_or_within_a_value_leaves_nothing_out(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    table = config.with_name("flowers.csv")
    rows = flowers(150).splitlines()
    more = ["a,b", *(f"{i % 3},{i % 5}" for i in range(150))]
    table.write_text("\n".join(f"{x},{y}" for x, y in zip(more, rows, strict=True)) + "\n")
    text = config.read_text().replace("[split]\n", "[split]\n# a = 1\n")
    text = text.replace('values = ["red",', 'values = [\n# b = 2\n"red",')
    config.write_text(text)
    assert [each.path[-1] for each in prepare(address(table), "kind", None).changes] == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("height = { type", "height.missing = true\nheight.type = 'number' #{ type", "by hand"),
        ("[source]", '[source]\nunique = ["petals"]', "in more than one row"),
    ],
)
def test_what_an_update_cannot_mend_is_told_and_nothing_written(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    config = workspace(tmp_path)
    config.write_text(config.read_text().replace(old, new, 1))
    before = config.read_bytes()
    with pytest.raises(DataError, match=words):
        prepare(address(moved_on(config)), "kind", None)
    assert config.read_bytes() == before


def test_another_target_than_the_configs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="predicts 'kind', not 'colour'"):
        prepare(address(moved_on(workspace(tmp_path))), "colour", None)


def test_without_a_config_there_is_nothing_to_update(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(flowers(30))
    with pytest.raises(DataError, match="nothing to update"):
        prepare(address(tmp_path / "t.csv"), "kind", None)


def test_a_config_that_was_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    update = prepare(address(moved_on(config)), "kind", None)
    config.write_text(config.read_text() + "# meanwhile\n")
    with pytest.raises(DataError, match="changed meanwhile"):
        write(update)
    assert config.read_text().endswith("# meanwhile\n")


def test_a_mark_and_windows_line_ends_are_kept(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    config.write_bytes(b"\xef\xbb\xbf" + config.read_bytes().replace(b"\n", b"\r\n"))
    write(prepare(address(moved_on(config)), "kind", None))
    after = config.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf[source]\r\n")
    assert after.count(b"\n") == after.count(b"\r\n")


def test_nothing_is_written_without_a_yes_and_the_command_says_how(tmp_path: Path) -> None:
    config = workspace(tmp_path)
    table, before = moved_on(config), config.read_bytes()
    done = logitline("init", table, "--target", "kind", "--update", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "columns.leaves" in done.stderr
    assert "--yes" in done.stderr
    done = logitline("init", table, "--target", "kind", "--update", "--json", cwd=tmp_path)
    assert done.returncode == 2
    facts = json.loads(done.stdout)
    assert facts["written"] is False
    assert {each["path"] for each in facts["changes"]} >= {"columns.leaves", "source.classes"}
    assert config.read_bytes() == before


def test_after_an_update_train_takes_the_table(tmp_path: Path, prefect_api: str) -> None:
    config = workspace(tmp_path)
    table = moved_on(config)
    arguments = ("init", table, "--target", "kind", "--update")
    done = logitline(*arguments, "--yes", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["written"] is True
    assert "lily" in config.read_text()
    train_json(config, tmp_path)
    again = logitline(*arguments, cwd=tmp_path)
    assert (again.returncode, "fits the table as it is" in again.stdout) == (0, True)


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_at_a_terminal_the_question_is_asked(tmp_path: Path, answer: str, written: bool) -> None:
    config = workspace(tmp_path)
    table, before = moved_on(config), config.read_bytes()
    command = "from flows.cli import main; main()"
    main, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", command, "init", str(table), "--target", "kind", "--update"],
        cwd=Path(__file__).parents[2],
        stdin=end,
        stdout=end,
        stderr=subprocess.PIPE,
    )
    os.write(main, answer.encode())
    assert process.wait(60) == 0
    os.close(end)
    assert (config.read_bytes() != before) is written
    assert b"[y/N]" in os.read(main, 100_000)
    os.close(main)
