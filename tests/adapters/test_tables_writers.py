from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.adapters import tables
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
