"""Files of few bytes that stand for many: refused before they are unpacked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.adapters import tables
from pipelines.adapters.tables import parquet
from pipelines.records import DataError

ROOT = Path(__file__).parents[2]
# What reading takes beyond the imports, in MB, and what became of it.
READ = """
import sys
from pathlib import Path
from pipelines.adapters import tables
from pipelines.adapters.tables import parquet
from pipelines.records import DataError

def peak():
    # The kernel's own high-water mark; getrusage would count the parent before exec, too.
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

before = peak()
try:
    if sys.argv[2] == "read":
        tables.read(Path(sys.argv[1]))
    else:
        for _ in tables.batches(Path(sys.argv[1]), 65_536):
            pass
    said = "read"
except DataError as error:
    said = str(error)
print(peak() - before)
print(said)
"""


def attempt(path: Path, how: str = "read") -> tuple[float, str]:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), how],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    memory, said = done.stdout.split("\n", 1)
    return float(memory), said


def one_value(rows: int) -> pa.Table:
    return pa.table({"x": np.zeros(rows, dtype=np.int8), "y": np.zeros(rows, dtype=np.int8)})


def one_long_text(rows: int) -> pa.Table:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 1_000_000])
    return pa.table({"x": text, "y": ["a", "b"] * (rows // 2)})


@pytest.mark.parametrize("how", ["read", "batches"])
def test_a_text_of_a_megabyte_in_every_row_is_refused_within_the_memory(
    tmp_path: Path, how: str
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(one_long_text(10_000), path)
    memory, said = attempt(path, how)
    assert "unpacks to 10,000 MB" in said
    assert "less compression" in said
    assert memory < path.stat().st_size / 1e6 + 500


def test_one_number_over_and_over_is_refused_within_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with pq.ParquetWriter(path, one_value(1).schema, compression="zstd") as writer:
        for _ in range(30):
            writer.write_table(one_value(10_000_000))
    assert path.stat().st_size < 3_000_000
    memory, said = attempt(path)
    assert "unpacks to 2,400 MB" in said
    assert memory < 500


def test_a_repetitive_table_of_honest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"x": np.zeros(1_000_000), "y": ["a", "b"] * 500_000})
    pq.write_table(table, path)
    assert path.stat().st_size < 200_000
    assert tables.read(path).table.equals(table)


def test_a_page_that_tells_a_wrong_size_is_refused_within_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    rng = np.random.default_rng(0)
    pq.write_table(pa.table({"x": rng.normal(size=20_000), "y": ["a", "b"] * 10_000}), path)
    whole = path.read_bytes()
    # The first page's header stands right behind the magic; every byte of it, at its largest.
    for position in range(4, 40):
        path.write_bytes(whole[:position] + b"\xff" + whole[position + 1 :])
        try:
            tables.read(path)
        except DataError:
            continue
        assert tables.read(path).table.num_rows == 20_000
    path.write_bytes(whole[:4] + b"\x15\x00\x15\xfe\xff\xff\xff\x0f" + whole[12:])
    memory, said = attempt(path)
    assert "not a sound Parquet file" in said
    assert memory < 500


def structs(rows: int) -> pa.Array:
    return pa.StructArray.from_arrays([pa.array(np.zeros(rows))] * 20, [f"f{i}" for i in range(20)])


NESTED = {
    "a list of zeros": lambda: pa.array([np.zeros(60_000_000, np.int64)]),
    "lists of zeros of one length": lambda: pa.FixedSizeListArray.from_arrays(
        pa.array(np.zeros(60_000_000)), 100_000
    ),
    "structs of zeros": lambda: structs(3_000_000),
    "one text of 500 MB": lambda: pa.array(["x" * 500_000_000]),
    "plain texts of a megabyte": lambda: pa.array(["x" * 1_000_000] * 500),
}


@pytest.mark.parametrize("kind", list(NESTED))
@pytest.mark.parametrize("how", ["read", "batches"])
def test_nested_and_long_cells_are_refused_within_the_memory(
    tmp_path: Path, kind: str, how: str
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"x": NESTED[kind]()}), path, compression="zstd", use_dictionary="zeros" in kind
    )
    memory, said = attempt(path, how)
    if kind == "structs of zeros" and how == "batches":
        assert said == "read\n"  # some rows at a time they are small
    else:
        assert "unpacks to" in said
    assert memory < path.stat().st_size / 1e6 + 500


def test_a_damaged_index_of_a_dictionary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": ["a", "b", "c"] * 3_000}), path, compression="none")
    whole, met = path.read_bytes(), set()
    for position in range(4, len(whole) // 2):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        for attempt_at in (tables.read, lambda each: list(tables.batches(each, 1_000))):
            try:
                attempt_at(path)
            except DataError as error:
                met.add("index" in str(error).lower())
    assert True in met


def test_a_table_of_many_columns_is_read_in_time_that_grows_with_their_number(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({f"x{i}": [1.0, 2.0] for i in range(3_000)}), path)
    asked = 0

    class Counting:
        def __getattr__(self, name: str) -> object:
            nonlocal asked
            asked += name == "schema_arrow"
            return getattr(file, name)

    file = pq.ParquetFile(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_open", lambda *_, **__: Counting())
        assert tables.read(path).table.num_columns == 3_000
    assert asked == 1
