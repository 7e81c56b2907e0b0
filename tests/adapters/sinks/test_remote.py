"""Files at fsspec addresses: there as a whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pytest
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from pipelines.adapters.sinks.delivered import DeliveredSink
from pipelines.adapters.sinks.elsewhere import open_delivery
from pipelines.records import DataError

ROWS = pa.table({"x": [1, 2], "y": ["p", None]})


class Server(DirFileSystem):  # type: ignore[misc]
    """A folder of this machine behind an address, as a file server has it."""

    protocol = "server"
    root = ""
    broken = False

    def __init__(self, **options: Any) -> None:
        super().__init__(path=self.root, fs=LocalFileSystem(skip_instance_cache=True))

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix("server://").lstrip("/")

    def put_file(self, lpath: str, rpath: str, **options: Any) -> None:
        super().put_file(lpath, rpath, **options)
        if self.broken:
            raise OSError("the line is cut; password hunter2secret")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that server:// shows."""
    root = tmp_path / "server"
    root.mkdir()
    monkeypatch.setattr(Server, "root", str(root))
    monkeypatch.setenv("SERVER_PASSWORD", "hunter2secret")
    fsspec.register_implementation("server", Server, clobber=True)
    yield root
    Server.clear_instance_cache()


@pytest.fixture(autouse=True)
def memory() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()


def deliver(folder: Path, address: str) -> None:
    delivery = open_delivery(address)
    assert delivery is not None
    whole = folder / f"whole{delivery.suffix}"
    with DeliveredSink(whole, folder / "whole.part", delivery, {}) as sink:
        sink.add(ROWS, "in.csv")


def refusal(folder: Path, address: str) -> str:
    with pytest.raises(DataError) as refused:
        deliver(folder, address)
    assert "hunter2secret" not in str(refused.value)
    return str(refused.value)


def test_a_file_at_a_server_appears_in_one_step_and_replaces_an_earlier_one(
    server: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        deliver(tmp_path, "server://day/answers.csv")
    assert [path.name for path in (server / "day").iterdir()] == ["answers.csv"]
    assert (server / "day" / "answers.csv").read_text() == '"x","y"\n1,"p"\n2,\n'


def test_a_broken_upload_leaves_the_earlier_file_and_nothing_beside_it(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server / "answers.csv").write_text("earlier")
    monkeypatch.setattr(Server, "broken", True)
    said = refusal(tmp_path, "server://answers.csv")
    assert "cannot be written (OSError: the line is cut" in said
    assert [path.name for path in server.iterdir()] == ["answers.csv"]
    assert (server / "answers.csv").read_text() == "earlier"


def test_an_object_store_is_given_the_file_under_its_own_name(
    tmp_path: Path, memory: MemoryFileSystem
) -> None:
    deliver(tmp_path, "memory://bucket/answers.parquet")
    assert memory.find("/") == ["/bucket/answers.parquet"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("memory://bucket/answers", "end it in .csv or .parquet"),
        ("memory://bucket/answers/", "end it in .csv or .parquet"),
        ("https://host/answers.csv", "no file can be put to https://"),
        ("simplecache::memory://bucket/a.csv", "no file can be put to"),
        ("s3://me:hunter2secret@bucket/a.csv", "a password stands in the address"),
        ("nosuch://bucket/a.csv", "Protocol not known: nosuch"),
        ("memory://${NO_VARIABLE}/a.csv", "has no NO_VARIABLE"),
        ("memory://folder.csv", "is a folder"),
    ],
)
def test_an_address_that_takes_no_file_is_one_sentence(
    tmp_path: Path, memory: MemoryFileSystem, address: str, words: str
) -> None:
    memory.pipe("/folder.csv/a", b"x")
    assert words in refusal(tmp_path, address)


def test_what_csv_cannot_hold_is_told_under_the_address(tmp_path: Path) -> None:
    delivery = open_delivery("memory://bucket/a.csv")
    assert delivery is not None
    sink = DeliveredSink(tmp_path / "whole.csv", tmp_path / "whole.part", delivery, {})
    with (
        pytest.raises(DataError, match=r"\Amemory://bucket/a.csv: the column .x. holds list"),
        sink,
    ):
        sink.add(pa.table({"x": [[1]]}), "in.csv")
