from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from pipelines.adapters import tables
from pipelines.config import Config
from pipelines.records import DataError
from pipelines.steps.ingest import ingest


def refusal(folder: Path, content: bytes, name: str = "t.csv") -> str:
    (folder / name).write_bytes(content)
    messages = []
    for attempt in (tables.read, lambda path: list(tables.batches(path, 10))):
        with pytest.raises(DataError) as caught:
            attempt(folder / name)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


def config(column: dict[str, object], **source: object) -> Config:
    return Config.model_validate(
        {
            "source": {"path": "t.csv", "target": "y", "classes": ["a", "b"], **source},
            "columns": {"x": column},
            "candidates": [{"name": "prior", "estimator": "prior"}],
            "registry": {"model": "m"},
        }
    )


def column_of(cells: list[str]) -> pa.Table:
    return pa.table({"x": cells, "y": (["a", "b"] * len(cells))[: len(cells)]})


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"  \n\n"])
def test_fault_19_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "is empty" in refusal(tmp_path, content)


@pytest.mark.parametrize("content", [b"a,b", b"a,b\r\n", b"a,b\n\n\n"])
def test_fault_19_a_header_alone_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "no rows" in refusal(tmp_path, content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_fault_20_unicode_with_a_mark_is_read_rightly(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_bytes("naïve,城\n1,é\n".encode(encoding))
    assert tables.read(tmp_path / "t.csv").table.to_pydict() == {"naïve": ["1"], "城": ["é"]}


@pytest.mark.parametrize("content", ["é,b\n1,2\n", "a,b\n1,2\n3,é\n"])
def test_fault_20_latin_1_is_refused_with_the_line_and_the_way_out(
    tmp_path: Path, content: str
) -> None:
    message = refusal(tmp_path, content.encode("latin-1"))
    line = 1 + content[: content.index("é")].count("\n")
    assert f"line {line} is not UTF-8" in message
    assert "iconv" in message


def test_fault_20_nul_bytes_are_refused_with_the_line(tmp_path: Path) -> None:
    assert "line 3 holds a NUL byte" in refusal(tmp_path, b"a,b\n1,2\n\x00,3\n")
    assert "NUL" in refusal(tmp_path, b"a\x00,b\n1,2\n")
    assert "NUL" in refusal(tmp_path, "a,b\n1,2\n".encode("utf-16-le"))


def test_fault_20_broken_utf_16_is_refused(tmp_path: Path) -> None:
    assert "UTF-16" in refusal(tmp_path, "a,b\n1,2\n".encode("utf-16")[:-1])


@pytest.mark.parametrize(
    ("content", "line", "cells"),
    [
        (b"a,b\n1,2\n3\n", 3, "1 cell "),
        (b"a,b,y\n1,2,0,9\n", 2, "4 cells "),
        (b'a,b\n"x\n\ny",2\n1,2,3\n', 5, "3 cells "),
        (b"a,b\n1,2,\n3,4,\n", 2, "3 cells "),
    ],
)
def test_fault_21_ragged_rows_are_refused_with_the_line(
    tmp_path: Path, content: bytes, line: int, cells: str
) -> None:
    assert f"line {line} has {cells}" in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'a,b\n1,2\n3,"4\n5,6\n', 3),
        (b'a,b\n1,"', 2),
        (b'a,b\n"1,2\n3,4\n', 2),
    ],
)
def test_fault_22_an_unclosed_quote_is_refused(tmp_path: Path, content: bytes, line: int) -> None:
    assert f"the row on line {line} does not end: a quote" in refusal(tmp_path, content)


def test_fault_22_an_unclosed_quote_in_the_header_is_refused(tmp_path: Path) -> None:
    assert "the header is not readable" in refusal(tmp_path, b'"a,b\n1,2\n')


MEMORY = """
import resource, sys
from pathlib import Path
from pipelines.adapters import tables

path = Path(sys.argv[1])
try:
    tables.read(path)
except tables.DataError as error:
    print(error)
status = Path("/proc/self/status")
# On Linux ru_maxrss also counts the parent before exec.
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if status.exists():
    peak = int(status.read_text().split("VmHWM:")[1].split()[0])
assert peak * 1024 < path.stat().st_size + 500 * 2**20, peak
"""


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_fault_22_a_field_of_100_mb_is_refused_within_the_memory(
    tmp_path: Path, quote: bytes
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1," + quote + b"x" * 100_000_000 + quote + b"\n")
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert "the row on line 2 does not end" in done.stdout
    assert "longer than 16 MB" in done.stdout


def test_fault_22_a_quote_that_swallows_a_large_file_is_refused(tmp_path: Path) -> None:
    content = b"a,b\n" + b"1,2\n" * 1_500_000 + b'1,"' + b"1,2\n" * 6_000_000
    assert "the row on line 1500002 does not end" in refusal(tmp_path, content)


def test_fault_23_duplicate_and_empty_names_are_refused_with_the_names(tmp_path: Path) -> None:
    message = refusal(tmp_path, b"a,b,a,,c,c\n1,2,3,4,5,6\n")
    assert "'a', 'c'" in message
    assert "position 4" in message


def test_fault_23_duplicate_names_in_parquet_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "t.parquet")
    assert "'a'" in refusal(tmp_path, (tmp_path / "t.parquet").read_bytes(), "t.parquet")


def test_fault_24_words_are_kept_or_missing_as_the_contract_says() -> None:
    words = ["NA", "None", "null", "x"]
    kept = config({"type": "category", "values": words})
    assert ingest(column_of(words), kept).features.column("x").to_pylist() == words
    gone = config({"type": "category", "values": ["x"], "missing": True}, missing=words[:3])
    assert ingest(column_of(words), gone).features.column("x").to_pylist() == ["", "", "", "x"]


FORMULAS = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", "=SUM(1,2)"]


def test_fault_25_formulas_come_in_as_they_are(tmp_path: Path) -> None:
    pcsv.write_csv(pa.table({"x": FORMULAS, "y": FORMULAS}), tmp_path / "t.csv")
    assert tables.read(tmp_path / "t.csv").table.column("x").to_pylist() == FORMULAS


def test_fault_25_formulas_go_out_escaped_and_numbers_do_not(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    texts = [*FORMULAS, "-3.5", "+1e5", "plain", "a=b"]
    with tables.Writer(path) as writer:
        writer.write(pa.table({"=name": texts, "n": [-1.0] * len(texts)}))
    table = tables.read(path).table
    assert table.column_names == ["'=name", "n"]
    assert table.column(0).to_pylist() == ["'" + text for text in FORMULAS] + texts[-4:]
    assert set(table.column("n").to_pylist()) == {"-1"}


def test_fault_26_parquet_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": list(range(1000)), "y": ["a"] * 1000}), path)
    whole = path.read_bytes()
    for length in range(8, len(whole), 97):
        assert "Parquet" in refusal(tmp_path, whole[:length], "t.parquet")


def test_fault_26_flipped_bits_in_pages_with_checksums_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"x": np.random.default_rng(0).normal(size=2000)})
    with tables.Writer(path) as writer:
        writer.write(table)
    whole = bytearray(path.read_bytes())
    for position in range(200, len(whole) - 2000, 997):
        damaged = bytes([*whole[:position], whole[position] ^ 4, *whole[position + 1 :]])
        assert "Parquet" in refusal(tmp_path, damaged, "t.parquet")


def test_fault_28_nan_is_a_gap_that_the_contract_must_allow() -> None:
    table = column_of(["1", "nan", "NaN", "2"])
    with pytest.raises(DataError, match="2 values are missing: row 2, row 3"):
        ingest(table, config({"type": "number"}))
    x = ingest(table, config({"type": "number", "missing": True})).features.column("x").to_numpy()
    np.testing.assert_array_equal(x, [1, np.nan, np.nan, 2])


def test_fault_28_infinities_are_refused_or_counted_as_the_contract_says() -> None:
    table = column_of(["1", "inf", "-Infinity", "1e400"])
    with pytest.raises(DataError, match=r"3 values are infinite.*row 2 'inf'.*row 4 '1e400'"):
        ingest(table, config({"type": "number"}))
    taken = ingest(table, config({"type": "number", "infinite": "missing"}))
    np.testing.assert_array_equal(taken.features.column("x").to_numpy(), [1, *[np.nan] * 3])
    assert any("3 infinite values" in note for note in taken.notes)


def test_fault_31_integers_beyond_2_to_the_53_are_refused() -> None:
    exact = column_of(["9007199254740992", "-9007199254740992"])
    assert ingest(exact, config({"type": "integer"})).features.num_rows == 2
    for cells in (["1", "9007199254740993"], ["1", "-90071992547409930"]):
        with pytest.raises(DataError, match=r"beyond ±2\*\*53"):
            ingest(column_of(cells), config({"type": "integer"}))
    native = pa.table({"x": [1, 2**53 + 1], "y": ["a", "b"]})
    with pytest.raises(DataError, match=r"beyond ±2\*\*53"):
        ingest(native, config({"type": "integer"}))


def test_a_pipe_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")  # a reader would wait for ever
    for attempt in (tables.read, tables.header, lambda path: list(tables.batches(path, 10))):
        with pytest.raises(DataError, match="is a pipe or a device, and no plain file"):
            attempt(tmp_path / "t.csv")
