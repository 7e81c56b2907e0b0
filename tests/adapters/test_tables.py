from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.adapters import tables
from pipelines.adapters.tables import csv_blocks as csv_reader
from pipelines.adapters.tables import encoding
from pipelines.records import DataError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def read(file: Path, content: bytes) -> tables.Raw:
    file.write_bytes(content)
    return tables.read(file)


def refusal(file: Path, content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        read(file, content)
    assert caught.value.path == str(file)
    return str(caught.value)


def test_cells_come_as_text_exactly_as_written(file: Path) -> None:
    raw = read(file, b'a,b,c\n007, 1.50,NA\n"x ""y""",,None\n')
    assert raw.table.to_pydict() == {"a": ["007", 'x "y"'], "b": [" 1.50", ""], "c": ["NA", "None"]}


def test_digest_is_that_of_the_files_bytes(file: Path) -> None:
    content = b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n\r\n"
    assert read(file, content).sha256 == hashlib.sha256(content).hexdigest()


def test_digest_covers_every_block_of_a_large_file(file: Path) -> None:
    content = b"a,b\n" + b"1,2\n" * 3_000_000
    raw = read(file, content)
    assert raw.table.num_rows == 3_000_000
    assert raw.sha256 == hashlib.sha256(content).hexdigest()


def test_semicolons_and_tabs_separate_where_the_header_has_no_comma(file: Path) -> None:
    expected = {"a, b": ["1,5"], "c": ["2"]}
    assert read(file, b'"a, b";c\n1,5;2\n').table.to_pydict() == expected
    assert read(file, b'"a, b"\tc\n1,5\t2\n').table.to_pydict() == expected


def test_place_counts_the_lines_inside_quotes(file: Path) -> None:
    raw = read(file, b'"a\n1",b\n"x\ny\n",2\n3,4\n')
    assert [raw.place(row) for row in range(2)] == ["line 3", "line 6"]


def test_trailing_blank_lines_are_no_rows(file: Path) -> None:
    assert read(file, b"a,b\n1,2\n\r\n\n").table.num_rows == 1


def test_a_blank_row_is_refused_with_its_line(file: Path) -> None:
    assert "line 3 holds no value" in refusal(file, b"a,b\n1,2\n\n3,4\n")
    assert "line 3 holds no value" in refusal(file, b"a,b\n1,2\n,\n3,4\n")


def test_a_single_column_may_have_gaps(file: Path) -> None:
    assert read(file, b"a\n1\n\n2\n").table.to_pydict() == {"a": ["1", "", "2"]}


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be opened"):
        tables.read(tmp_path / "absent.csv")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be opened"):
        tables.header(tmp_path)


@pytest.mark.parametrize(
    ("start", "word"),
    [
        (b"PK\x03\x04", "spreadsheet"),
        (b"\x1f\x8b", "gzip"),
        (b"PK\x05\x06", "zip"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x80\x05\x95", "pickle"),
        ("a,b\n1,2\n".encode("utf-32"), "UTF-32"),
        (b"ARROW1", "Arrow"),
        (b"<!DOCTYPE html>", "web page"),
        (b"SQLite format 3\0", "sqlite:///FILE"),
    ],
)
def test_other_formats_are_refused_by_name(file: Path, start: bytes, word: str) -> None:
    assert word in refusal(file, start + b"rest")


def test_header_gives_the_names_of_both_formats(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b'\xef\xbb\xbf"a ""1""",b\n1,2\n')
    pq.write_table(pa.table({"a": [1], "ä": [2]}), tmp_path / "t.parquet")
    assert tables.header(tmp_path / "t.csv") == ['a "1"', "b"]
    assert tables.header(tmp_path / "t.parquet") == ["a", "ä"]


def test_batches_hold_the_rows_of_read_in_order(tmp_path: Path) -> None:
    content = pa.table({"a": [str(i) for i in range(1000)], "b": ["x\ny"] * 1000})
    pq.write_table(content, tmp_path / "t.parquet", row_group_size=300)
    with tables.Writer(tmp_path / "t.csv") as writer:
        writer.write(content)
    for name in ("t.csv", "t.parquet"):
        parts = list(tables.batches(tmp_path / name, 64))
        assert max(part.table.num_rows for part in parts) <= 64
        assert pa.concat_tables([part.table for part in parts]).equals(
            tables.read(tmp_path / name).table
        )
        whole = tables.read(tmp_path / name)
        assert parts[3].place(1) == whole.place(3 * 64 + 1)


def test_batches_name_the_line_of_a_ragged_row_far_into_the_file(file: Path) -> None:
    file.write_bytes(b'a,b\n"x\ny",2\n' + b"1,2\n" * 3_000_000 + b"1\n1,2\n")
    with pytest.raises(DataError, match="line 3000004 has 1 cell where the header names 2"):
        list(tables.batches(file, 100_000))


def test_dictionaries_are_decoded_and_pandas_row_labels_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["x", "y"]), "n": [1, 2]}, index=[5, 9])
    frame.to_parquet(tmp_path / "t.parquet")
    table = tables.read(tmp_path / "t.parquet").table
    assert table.column_names == ["c", "n"]
    assert table.column("c").to_pylist() == ["x", "y"]
    assert not pa.types.is_dictionary(table.column("c").type)


def test_a_named_row_label_of_pandas_is_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["p", "q"], name="person"))
    frame.to_parquet(tmp_path / "t.parquet")
    assert tables.header(tmp_path / "t.parquet") == ["n", "person"]


@pytest.mark.parametrize("told", [0, 100])
def test_parquet_is_read_to_its_end_whatever_size_the_system_tells(
    told: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": list(range(1_000))}), path)
    monkeypatch.setattr("os.fstat", lambda _: SimpleNamespace(st_size=told))
    raw = tables.read(path)
    assert raw.table.column("a").to_pylist() == list(range(1_000))
    assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_parquet_without_rows_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="no rows"):
        tables.read(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="no rows"):
        list(tables.batches(tmp_path / "t.parquet", 10))


CELL = st.text(st.sampled_from('ab1,"\n;é='), max_size=4)
ROWS = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5)


@given(rows=ROWS)
def test_what_a_csv_writer_quotes_is_read_back(
    rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    quoted = ["a,b"] + [
        ",".join('"' + cell.replace('"', '""') + '"' for cell in ("x" + first, second))
        for first, second in rows
    ]
    raw = read(file, "\n".join(quoted).encode())
    assert raw.table.column("a").to_pylist() == ["x" + first for first, _ in rows]
    assert raw.table.column("b").to_pylist() == [second for _, second in rows]
    lines = "\n".join(quoted).split("\n")
    for row in range(len(rows)):
        line = int(raw.place(row).removeprefix("line "))
        assert lines[line - 1].startswith('"x')


def test_the_row_limit_leaves_long_texts_alone(file: Path) -> None:
    long = b"x" * (csv_reader.ROW_LIMIT // 2)
    assert read(file, b"a,b\n" + long + b",2\n").table.column("a")[0].as_py() == long.decode()


@pytest.mark.parametrize("dictionary", [False, True])
def test_rows_of_long_texts_come_in_fewer_at_a_time(tmp_path: Path, dictionary: bool) -> None:
    texts = [f"{row % 7:05d}" * 2_000 for row in range(3_000)]  # 10 kB each, 30 MB in all
    whole = pa.table({"n": range(3_000), "t": texts})
    pq.write_table(whole, tmp_path / "long.parquet", use_dictionary=dictionary)
    parts = list(tables.batches(tmp_path / "long.parquet", 65_536))
    assert max(part.table.nbytes for part in parts) <= 5_000_000
    assert len(parts) < 12
    assert pa.concat_tables([part.table for part in parts]).equals(whole)
    starts = [0, *np.cumsum([part.table.num_rows for part in parts])]
    assert [part.place(0) for part in parts] == [f"row {start + 1}" for start in starts[:-1]]


ODD_CELL = st.sampled_from(
    ["1", "", 'a 5" b', '"x,y"', '"two\nlines"', '"""quoted"""', '"\n\n"', "é"]
)


@given(
    rows=st.lists(st.tuples(ODD_CELL, ODD_CELL), min_size=1, max_size=30), size=st.integers(4, 40)
)
def test_the_rows_do_not_depend_on_where_the_file_is_cut(
    rows: list[tuple[str, str]], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "cut.csv"
    content = "a,b,c\n" + "".join(f"{first},{second},0\n" for first, second in rows)
    whole = read(file, content.encode())
    assert whole.table.num_rows == len(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "CHUNK", size)
        cut = tables.read(file)
    assert cut.table.equals(whole.table)
    assert cut.sha256 == whole.sha256
    assert cut.lines.tolist() == whole.lines.tolist()


def test_a_file_of_several_megabytes_is_read_to_its_last_row(tmp_path: Path) -> None:
    # Beyond a megabyte Arrow takes another path through the bytes than in small files.
    path = tmp_path / "long.csv"
    row = ",".join(["0.123456789012345"] * 9)
    path.write_text("\n".join([",".join("abcdefghi"), *[row] * 30_000]) + "\n")
    raw = tables.read(path)
    assert raw.table.num_rows == 30_000
    assert raw.table.column("i")[29_999].as_py() == "0.123456789012345"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'a,b\n1,"x"y\n', 2),
        (b'a,b\n1,"x"\n2,"x" \n', 3),
        (b'a,b\r\n"1"2,x\r\n', 2),
        (b'a;b\n1;"x","y"\n', 2),
        (b'a,b\n5" wide,"two\nlines"\n1,"q""q"z\n', 4),
    ],
)
def test_a_cell_that_goes_on_behind_its_quote_is_refused_with_its_line(
    file: Path, content: bytes, line: int
) -> None:
    file.write_bytes(content)
    with pytest.raises(DataError, match=f"on line {line} a cell goes on behind"):
        tables.read(file)


@pytest.mark.parametrize("cell", [b'5" wide', b'a "b" c', b'"x,""y"""', b'"x"', b'""'])
def test_quotes_within_plain_cells_and_doubled_ones_are_no_such_thing(
    file: Path, cell: bytes
) -> None:
    assert read(file, b"a,b\n1," + cell + b'\n2,"z"\n').table.num_rows == 2


def test_a_second_byte_order_mark_is_refused(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,2\n")
    with pytest.raises(DataError, match="byte-order mark"):
        tables.read(file)
