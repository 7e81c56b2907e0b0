"""Folders and patterns of files as one table."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.adapters.sources import Files, open_files
from pipelines.records import DataError


def write(path: Path, **columns: Any) -> None:
    """A Parquet or CSV file of these columns, by the path's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        rows = [
            ",".join(columns),
            *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
        ]
        path.write_text("\n".join(rows) + "\n")
    else:
        with path.open("wb") as file:  # Arrow itself opens no path that is not UTF-8
            pq.write_table(pa.table(columns), file)


def opened(path: Path | str) -> Files:
    return open_files(str(path))


def refusal(path: Path | str) -> str:
    said = []
    for attempt in (lambda: opened(path).read(), lambda: list(opened(path).batches(2))):
        with pytest.raises(DataError) as refused:
            attempt()
        said.append(str(refused.value))
    assert said[0].startswith(str(path))
    return said[0]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_come_in_the_order_of_their_names_and_rows_keep_their_place(
    tmp_path: Path, suffix: str
) -> None:
    write(tmp_path / f"b.{suffix}", x=[3, 4], y=["p", "q"])
    write(tmp_path / f"a.{suffix}", x=[1, 2], y=["r", "s"])
    raw = opened(tmp_path).read()
    assert [str(x) for x in raw.table.column("x").to_pylist()] == ["1", "2", "3", "4"]
    first, second = ("line 2", "line 3") if suffix == "csv" else ("row 1", "row 2")
    assert [raw.place(row) for row in range(4)] == [
        f"{first} of a.{suffix}",
        f"{second} of a.{suffix}",
        f"{first} of b.{suffix}",
        f"{second} of b.{suffix}",
    ]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_batches_hold_the_rows_of_read_in_its_types_and_places(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"a.{suffix}", x=[1, 2, 3])
    write(tmp_path / f"b.{suffix}", x=[4.5, 5.5])
    whole = opened(tmp_path).read()
    parts = list(opened(tmp_path).batches(2))
    assert max(part.table.num_rows for part in parts) <= 2
    assert pa.concat_tables([part.table for part in parts]).equals(whole.table)
    places = [part.place(row) for part in parts for row in range(part.table.num_rows)]
    assert places == [whole.place(row) for row in range(5)]


def test_a_pattern_names_some_of_the_files(tmp_path: Path) -> None:
    for year in (2022, 2023, 2024):
        write(tmp_path / f"loans-{year}.parquet", x=[year])
    write(tmp_path / "other.parquet", z=[1])
    source = opened(tmp_path / "loans-202[34].parquet")
    assert source.read().table.to_pydict() == {"x": [2023, 2024]}
    assert source.names() == ["x"]
    assert source.kind == "2 Parquet files"
    assert opened(tmp_path / "*" / "none.csv").place.endswith("*/none.csv")
    assert "names no CSV or Parquet file" in refusal(tmp_path / "none-*.parquet")


def test_a_file_whose_own_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    write(tmp_path / "a[1].parquet", x=[1])
    write(tmp_path / "a1.parquet", x=[2])
    assert opened(tmp_path / "a[1].parquet").read().table.to_pydict() == {"x": [1]}


def test_folders_named_as_partitions_are_columns_of_text(tmp_path: Path) -> None:
    write(tmp_path / "year=2023" / "town=K%C3%B6ln" / "a.parquet", x=[1])
    write(tmp_path / "year=2024" / "town=__HIVE_DEFAULT_PARTITION__" / "a.parquet", x=[2, 3])
    source = opened(tmp_path)
    assert source.names() == ["x", "year", "town"]
    raw = source.read()
    assert raw.table.to_pydict() == {
        "x": [1, 2, 3],
        "year": ["2023", "2024", "2024"],
        "town": ["Köln", None, None],
    }
    assert raw.place(2) == "row 2 of year=2024/town=__HIVE_DEFAULT_PARTITION__/a.parquet"
    assert pa.concat_tables([part.table for part in source.batches(1)]).equals(raw.table)


def test_partitions_that_differ_or_repeat_a_column_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "one" / "year=2023" / "a.parquet", x=[1])
    write(tmp_path / "one" / "b.parquet", x=[1])
    assert "different partitions" in refusal(tmp_path / "one")
    write(tmp_path / "two" / "x=2023" / "a.parquet", x=[1])
    assert "has a column 'x', and its folder has it too" in refusal(tmp_path / "two")


def test_hidden_and_unfinished_files_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    for name in ("_SUCCESS", ".hidden.parquet", "b.parquet.part", ".a.parquet.crc", "_temporary/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("no table")
    assert opened(tmp_path).read().table.to_pydict() == {"x": [1]}
    assert opened(tmp_path / "*").read().table.to_pydict() == {"x": [1]}


def test_a_folder_without_tables_or_with_something_else_is_refused(tmp_path: Path) -> None:
    assert "holds no CSV or Parquet file" in refusal(tmp_path)
    write(tmp_path / "a.parquet", x=[1])
    (tmp_path / "notes.md").write_text("x\n1\n")
    assert "notes.md is no table by its name" in refusal(tmp_path)
    (tmp_path / "notes.md").rename(tmp_path / "b.csv")
    assert "a.parquet is a Parquet file and b.csv a CSV file" in refusal(tmp_path)


def test_a_pipe_among_the_files_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.parquet")
    assert "a.parquet is no plain file" in refusal(tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_that_a_file_lacks_or_has_besides_are_named(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"a.{suffix}", x=[1], y=[1])
    write(tmp_path / f"b.{suffix}", y=[1], z=[1])
    said = refusal(tmp_path)
    assert f"b.{suffix} lacks 'x' and has 'z' besides, where a.{suffix} has 2 columns" in said


def test_columns_in_another_order_are_put_in_that_of_the_first_file(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1], y=["p"])
    write(tmp_path / "b.parquet", y=["q"], x=[2])
    assert opened(tmp_path).read().table.to_pydict() == {"x": [1, 2], "y": ["p", "q"]}


def test_a_column_of_two_types_is_refused_with_both_files(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    write(tmp_path / "b.parquet", x=["1"])
    said = refusal(tmp_path)
    assert "the column 'x' holds int64 in a.parquet and string in b.parquet" in said
    write(tmp_path / "b.parquet", x=pa.array([True]))
    assert "int64 in a.parquet and bool in b.parquet" in refusal(tmp_path)
    write(tmp_path / "a.parquet", x=pa.array([0], pa.timestamp("us", "UTC")))
    write(tmp_path / "b.parquet", x=pa.array([0], pa.timestamp("us")))
    assert "timestamp[us, tz=UTC] in a.parquet" in refusal(tmp_path)


def test_types_that_one_column_can_hold_are_widened_and_never_rounded(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=pa.array([1], pa.int32()), g=pa.array([None], pa.null()))
    write(tmp_path / "b.parquet", x=pa.array([2**40], pa.int64()), g=["p"])
    write(tmp_path / "c.parquet", x=pa.array([0.5]), g=pa.array(["q"], pa.large_string()))
    table = opened(tmp_path).read().table
    assert table.to_pydict() == {"x": [1.0, 2.0**40, 0.5], "g": [None, "p", "q"]}
    write(tmp_path / "b.parquet", x=pa.array([2**53 + 1], pa.int64()), g=["p"])
    said = refusal(tmp_path)
    assert "'x' holds int64 in b.parquet and double elsewhere" in said


def test_the_digest_covers_names_and_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    write(tmp_path / "b.parquet", x=[2])
    source = opened(tmp_path)
    before = source.sha256
    assert source.read().sha256 == before
    (tmp_path / "b.parquet").rename(tmp_path / "c.parquet")
    renamed = opened(tmp_path).sha256
    write(tmp_path / "c.parquet", x=[3])
    assert len({before, renamed, opened(tmp_path).sha256}) == 3
    (tmp_path / "_SUCCESS").touch()
    assert opened(tmp_path).sha256 == opened(tmp_path).read().sha256


def test_a_damaged_member_is_refused_by_its_own_path(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=[1])
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    assert refusal(tmp_path).startswith(f"{tmp_path / 'b.parquet'}: is not a sound Parquet file")


def test_an_output_among_the_files_is_one_of_them(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.csv", x=[1])
    assert opened(tmp_path / "in").holds(tmp_path / "in" / "new.csv")
    assert not opened(tmp_path / "in").holds(tmp_path / "new.csv")
    assert opened(tmp_path / "in" / "*.csv").holds(tmp_path / "in" / ".." / "in" / "new.csv")
    assert not opened(tmp_path / "in" / "*.csv").holds(tmp_path / "in" / "new.parquet")
    assert opened(tmp_path / "in" / "a.csv").holds(tmp_path / "in" / "a.csv")


def test_a_folder_is_not_held_twice_while_it_is_read(tmp_path: Path) -> None:
    # A busy machine may have two or three of them in hand at once.
    for name in range(24):
        write(tmp_path / f"{name}.parquet", x=pa.array(range(200_000), pa.int64()))
    code = (
        "import sys, pyarrow; from pipelines.adapters.sources import open_files;"
        "table = open_files(sys.argv[1]).read().table;"
        "print(pyarrow.default_memory_pool().max_memory() / table.nbytes)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1.5


def test_two_asterisks_beside_other_characters_are_refused(tmp_path: Path) -> None:
    for pattern in ("**a.csv", "in**/a.csv"):
        said = refusal(tmp_path / pattern)
        assert "has ** beside other characters" in said
        assert "Write **/*.csv" in said


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        ("k=1/k=2", "the folder 'k=2' names a partition once more"),
        ("k=1/%6B=2", "the folder '%6B=2' names a partition once more"),
        ("k=%FF", "the folder 'k=%FF' is not UTF-8"),
        (os.fsdecode(b"k=\xff"), r"the folder 'k=\udcff' is not UTF-8"),
        ("=1", "the folder '=1' names no partition"),
    ],
)
def test_a_folder_that_names_no_partition_of_its_own_is_refused(
    tmp_path: Path, folders: str, said: str
) -> None:
    write(tmp_path / folders / "a.parquet", x=[1])
    assert said in refusal(tmp_path)
    with pytest.raises(DataError, match="Rename it"):
        opened(tmp_path).names()
