from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.adapters import tables
from pipelines.adapters.tables import writers
from pipelines.records import DataError

ROWS = pa.table({"k": ["x", "y"], "n": [1.5, float("nan")], "t": ["a,b", None]})


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_the_file_appears_whole_when_the_block_ends(tmp_path: Path, name: str) -> None:
    with tables.Writer(tmp_path / name) as writer:
        writer.write(ROWS)
        writer.write(ROWS.to_batches()[0])
        assert not (tmp_path / name).exists()
    assert tables.read(tmp_path / name).table.num_rows == 4
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_nothing_is_left_when_the_block_fails(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"before")
    writer = tables.Writer(tmp_path / name)
    with pytest.raises(DataError), writer:
        list(map(writer.write, [ROWS, ROWS.select(["n"])]))
    assert (tmp_path / name).read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_csv_holds_gaps_as_empty_cells(tmp_path: Path) -> None:
    with tables.Writer(tmp_path / "out.csv") as writer:
        writer.write(ROWS)
    assert (tmp_path / "out.csv").read_text() == '"k","n","t"\n"x",1.5,"a,b"\n"y",,\n'


def test_nested_columns_are_refused_in_csv_and_written_to_parquet(tmp_path: Path) -> None:
    nested = pa.table({"list": [[1], [2]]})
    with (
        pytest.raises(DataError, match=r"'list' holds list.*\.parquet"),
        tables.Writer(tmp_path / "out.csv") as writer,
    ):
        writer.write(nested)
    with tables.Writer(tmp_path / "out.parquet") as writer:
        writer.write(nested)
    assert pq.read_table(tmp_path / "out.parquet").equals(nested)
    assert not (tmp_path / "out.csv").exists()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match="cannot be written"),
        tables.Writer(tmp_path / "absent" / "out.csv"),
    ):
        pass


FORMULA = b"=1+2"


@pytest.mark.parametrize(
    "column",
    [pa.array(["=1+2", None], kind) for kind in (pa.string(), pa.large_string(), pa.string_view())]
    + [
        pa.array([FORMULA, None], kind)
        for kind in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(4))
    ]
    + [pa.array(["=1+2", None]).dictionary_encode()],
    ids=lambda column: str(column.type),
)
def test_a_formula_is_disarmed_in_every_type_of_text(tmp_path: Path, column: pa.Array) -> None:
    with tables.Writer(tmp_path / "out.csv") as writer:
        writer.write(pa.table({"x": column, "n": [1, 2]}))
    assert (tmp_path / "out.csv").read_text() == '"x","n"\n"\'=1+2",1\n,2\n'


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(2)], ids=str)
def test_bytes_that_are_no_text_are_refused_in_csv(tmp_path: Path, kind: pa.DataType) -> None:
    bytes_ = pa.table({"raw": pa.array([b"\xff\xfe"], kind)})
    with (
        pytest.raises(DataError, match=r"'raw' holds .* that is no UTF-8 text.*\.parquet"),
        tables.Writer(tmp_path / "out.csv") as writer,
    ):
        writer.write(bytes_)
    assert list(tmp_path.iterdir()) == []


def test_a_type_that_csv_has_no_writing_for_is_refused(tmp_path: Path) -> None:
    spans = pa.table({"x": pa.array([(1, 2, 3)], pa.month_day_nano_interval())})
    with (
        pytest.raises(DataError, match=r"out\.csv: cannot hold this table .*month_day_nano"),
        tables.Writer(tmp_path / "out.csv") as writer,
    ):
        writer.write(spans)
    assert list(tmp_path.iterdir()) == []


def in_parts(path: Path, batches: int, killed_after: int | None = None) -> None:
    """Write batches in parts of two, as one Writer or as two of which the first was killed."""
    draft = path.with_name("draft")
    ends: list[int] = []
    if killed_after is not None:
        with tables.Writer(path, draft=path.with_name("dying"), metadata={"k": "v"}) as dying:
            for i in range(killed_after):
                dying.write(numbered(i))
                if i % 2:
                    ends = dying.part()
            shutil.copy(dying.draft, draft)  # as it is when the process is killed here
    with tables.Writer(path, draft=draft, ends=ends, metadata={"k": "v"}) as writer:
        for i in range(2 * len(ends), batches):
            writer.write(numbered(i))
            if i % 2:
                writer.part()


def numbered(i: int) -> pa.Table:
    return pa.table({"i": range(i * 50, i * 50 + 50), "t": [f"word {i % 3}", "=1"] * 25})


@pytest.mark.parametrize("killed_after", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_draft_that_is_gone_on_with_gives_the_same_bytes(
    tmp_path: Path, name: str, killed_after: int
) -> None:
    whole, again = tmp_path / f"whole_{name}", tmp_path / name
    in_parts(whole, 7)
    in_parts(again, 7, killed_after)
    assert again.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "draft").exists()
    table = tables.read(again).table
    assert table.column("i").to_pylist() == [x if "q" in name else str(x) for x in range(350)]


def test_a_parquet_file_of_several_parts_is_one_that_every_position_of_is_true(
    tmp_path: Path,
) -> None:
    path = tmp_path / "out.parquet"
    in_parts(path, 7)
    file = pq.ParquetFile(path, page_checksum_verification=True)
    assert file.metadata.num_row_groups == 4
    assert file.schema_arrow.metadata[b"k"] == b"v"
    for i in reversed(range(4)):
        batches = [numbered(j) for j in range(2 * i, min(2 * i + 2, 7))]
        assert file.read_row_group(i).equals(pa.concat_tables(batches))
    starts = [file.metadata.row_group(i).column(0).data_page_offset for i in range(4)]
    assert starts == sorted(starts)


def _interrupted(writer: tables.Writer) -> None:
    with writer:
        writer.write(ROWS)
        writer.part()
        raise KeyboardInterrupt


def test_small_pieces_make_one_row_group_until_it_is_large_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "ROW_GROUP", 80)
    pieces = [pa.table({"a": [i, i], "b": [0.5, i]}) for i in range(5)]  # of 32 bytes each
    with tables.Writer(tmp_path / "out.parquet") as writer:
        list(map(writer.write, pieces))
    file = pq.ParquetFile(tmp_path / "out.parquet")
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert groups == [6, 4]
    assert file.read().equals(pa.concat_tables(pieces))


def test_an_interrupted_writer_leaves_a_draft_that_was_named_and_no_other(tmp_path: Path) -> None:
    for draft, left in ((tmp_path / "kept", ["kept"]), (None, [])):
        writer = tables.Writer(tmp_path / "out.csv", draft=draft)
        with pytest.raises(KeyboardInterrupt):
            _interrupted(writer)
        assert [path.name for path in tmp_path.iterdir()] == left
        (tmp_path / "kept").unlink(missing_ok=True)
