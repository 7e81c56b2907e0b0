"""Files behind fsspec addresses, with the file systems that need no server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from pipelines.adapters.sources import open_files, open_source, remote
from pipelines.config import Address
from pipelines.records import DataError

CSV = b"x,y\n1,p\n2,q\n"


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty file system in memory; what is fetched goes below tmp_path."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def refusal(address: str) -> str:
    with pytest.raises(DataError) as refused:
        open_files(address).read()
    return str(refused.value)


def test_a_remote_file_is_read_as_the_same_file_here(memory: Any, tmp_path: Path) -> None:
    memory.pipe("/bucket/t.csv", CSV)
    (tmp_path / "t.csv").write_bytes(CSV)
    there, here = open_files("memory://bucket/t.csv"), open_files(str(tmp_path / "t.csv"))
    assert there.names() == here.names() == ["x", "y"]
    assert there.sha256 == here.sha256
    raw = there.read()
    assert raw.table.equals(here.read().table)
    assert (raw.sha256, raw.place(1)) == (here.sha256, "line 3")
    assert there.kind == "CSV file"
    batches = [batch.table for batch in there.batches(10)]
    assert pa.concat_tables(batches).equals(raw.table)


def test_what_was_fetched_is_removed_when_the_origin_is_closed(memory: Any, tmp_path: Path) -> None:
    memory.pipe("/bucket/t.csv", CSV)
    source = open_files("memory://bucket/t.csv")
    assert source.sha256
    assert [path.name for path in tmp_path.glob("logitline-*/*")] == ["t.csv"]
    source.close()
    assert list(tmp_path.iterdir()) == []


def test_the_bytes_are_fetched_once_for_digest_and_rows(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/bucket/t.csv", CSV)
    source = open_files("memory://bucket/t.csv")
    digest = source.sha256
    memory.pipe("/bucket/t.csv", b"x,y\n3,r\n")
    raw = source.read()
    assert raw.sha256 == digest
    assert raw.table.column("x").to_pylist() == ["1", "2"]
    source.close()
    assert source.read().sha256 != digest


@pytest.mark.parametrize("address", ["memory://bucket/in", "memory://bucket/in/*/*.parquet"])
def test_a_remote_folder_and_pattern_are_one_table(memory: Any, address: str) -> None:
    for year in (2023, 2024):
        with memory.open(f"/bucket/in/year={year}/a.parquet", "wb") as file:
            pq.write_table(pa.table({"x": [year]}), file)
    memory.pipe("/bucket/in/_SUCCESS", b"")
    source = open_files(address)
    assert source.names() == ["x", "year"]
    raw = source.read()
    assert raw.table.to_pydict() == {"x": [2023, 2024], "year": ["2023", "2024"]}
    assert raw.place(1) == "row 1 of year=2024/a.parquet"
    assert source.kind == "2 Parquet files"


def test_of_a_large_parquet_file_only_the_end_is_fetched_for_its_names(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with memory.open("/bucket/t.parquet", "wb") as file:
        pq.write_table(pa.table({"a": range(5000), "ä": range(5000)}), file)
    monkeypatch.setattr(remote, "CHUNK", 1000)
    monkeypatch.setattr(MemoryFileSystem, "get_file", None)
    assert open_files("memory://bucket/t.parquet").names() == ["a", "ä"]


def test_a_file_address_is_read_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(CSV)
    source = open_files(f"file://{tmp_path / 't.csv'}")
    assert source.read().table.num_rows == 2
    assert source.holds(tmp_path / "t.csv")
    chained = open_files(f"simplecache::file://{tmp_path / 't.csv'}")
    assert chained.read().table.num_rows == 2


def test_errors_name_the_address_and_never_where_it_was_fetched_to(
    memory: Any, tmp_path: Path
) -> None:
    assert refusal("memory://bucket/none.csv").startswith("memory://bucket/none.csv: there is no")
    memory.pipe("/bucket/t.csv", b"x,y\n1\n")
    said = refusal("memory://bucket/t.csv")
    assert said.startswith("memory://bucket/t.csv: line 2 has 1 cell")
    memory.pipe("/bucket/in/a.csv", CSV)
    memory.pipe("/bucket/in/b.csv", b"x,y\n1\n")
    assert refusal("memory://bucket/in").startswith("memory://bucket/in (b.csv): line 2")
    memory.pipe("/bucket/out/_SUCCESS", b"")
    assert "there is no CSV or Parquet file there" in refusal("memory://bucket/out")
    for address in ("memory://bucket/t.csv", "memory://bucket/in", "memory://bucket/out"):
        assert str(tmp_path) not in refusal(address)


def test_a_file_outside_of_its_folder_is_refused(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/bucket/in/a.csv", CSV)
    monkeypatch.setattr(
        MemoryFileSystem, "find", lambda *_, **__: ["/bucket/in/../../../etc/cron.d/x.csv"]
    )
    assert "would lie outside its folder" in refusal("memory://bucket/in")


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("s3://bucket/t.csv", 'pip install "logitline[s3]"'),
        ("gs://bucket/t.csv", 'pip install "logitline[gcs]"'),
        ("abfs://bucket/t.csv", "pip install adlfs"),
        ("nosuch://bucket/t.csv", "Protocol not known: nosuch"),
    ],
)
def test_without_its_library_an_address_tells_what_to_install(
    monkeypatch: pytest.MonkeyPatch, address: str, remedy: str
) -> None:
    for name in ("s3fs", "gcsfs", "adlfs"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    assert remedy in refusal(address)


def test_a_secret_of_the_environment_is_in_no_message(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUCKET_TOKEN", "s3cr3t/t0ken")

    def fail(_: Any, path: str, **__: Any) -> None:
        raise PermissionError(f"403 for {path} with key s3cr3t%2Ft0ken")

    monkeypatch.setattr(MemoryFileSystem, "info", fail)
    said = refusal("memory://bucket/t.csv?token=${BUCKET_TOKEN}")
    assert "s3cr3t" not in said
    assert "403 for" in said
    assert "${BUCKET_TOKEN}" in said


@pytest.mark.parametrize(
    "address",
    ["s3://key:secret@bucket/t.csv", "https://host/t.csv?token=abc", "https://h/t?a=1&X-Sig=abc"],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(DataError, match="a password stands in the address") as refused:
        open_files(address)
    assert "secret" not in str(refused.value)
    assert "abc" not in str(refused.value)


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_BUCKET", raising=False)
    for path in ("memory://${NO_SUCH_BUCKET}/t.csv", "${NO_SUCH_BUCKET}/t.csv"):
        with pytest.raises(DataError, match="the environment has no NO_SUCH_BUCKET"):
            open_source(Address(path=path), Path()).names()


def test_an_address_that_stands_whole_in_the_environment_stays_there(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_URL", "memory://bucket/t.csv?key=s3cr3t")
    source = open_files("${DATA_URL}")
    assert (source.place, source.location, source.name) == ("${DATA_URL}",) * 3
    said = refusal("${DATA_URL}")
    assert said.startswith("${DATA_URL}: there is no such file")
    monkeypatch.setenv("DATA_URL", "nosuch://user:s3c@r3t/t.csv")
    said = refusal("${DATA_URL}")
    assert said.startswith("${DATA_URL}: cannot be read")
    assert "s3c" not in said
    monkeypatch.setenv("DATA_URL", "memory://bucket/t.csv")
    memory.pipe("/bucket/t.csv", CSV)
    assert open_files("${DATA_URL}").read().table.num_rows == 2


def test_what_to_install_is_told_by_the_scheme_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    monkeypatch.setenv("DATA_URL", "S3://bucket/t.csv")
    assert 'pip install "logitline[s3]"' in refusal("${DATA_URL}")


@pytest.mark.parametrize("address", ["FILE://", "Local://", "${DATA_SCHEME}://"])
def test_a_scheme_of_this_machine_is_one_in_any_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DATA_SCHEME", "File")
    (tmp_path / "t.csv").write_bytes(CSV)
    assert open_files(f"{address}{tmp_path / 't.csv'}").holds(tmp_path / "t.csv")


def test_a_remote_scheme_is_one_in_any_case(memory: Any) -> None:
    memory.pipe("/bucket/T.csv", CSV)
    assert open_files("MEMORY://bucket/T.csv").read().table.num_rows == 2
    assert open_files("SimpleCache::Memory://bucket/T.csv").names() == ["x", "y"]


def test_a_value_that_looks_like_a_variable_is_not_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_NAME", "${NO_SUCH_NAME}.csv")
    (tmp_path / "${NO_SUCH_NAME}.csv").write_bytes(CSV)
    source = open_source(Address(path="${DATA_NAME}"), tmp_path)
    assert source.names() == ["x", "y"]
