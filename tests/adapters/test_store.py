"""The store under exceptions, kills, races and flipped bits: complete and true, or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.adapters.store import Entry, Key, Store, write_atomically, write_folder

KEY = Key("split", "data", "config", "code")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def fill(store: Store, content: bytes = b"content", key: Key = KEY) -> Entry:
    with store.make(key) as (folder, facts):
        (folder / "file").write_bytes(content)
        facts["rows"] = 3
    entry = store.get(key)
    assert entry is not None
    return entry


def names(store: Store) -> list[str]:
    return sorted(path.name for path in (store.root / KEY.step).iterdir())


def test_what_was_made_is_found_again_with_its_facts(store: Store) -> None:
    assert store.get(KEY) is None
    entry = fill(store)
    assert entry.facts == {"rows": 3}
    assert (entry.folder / "file").read_bytes() == b"content"
    assert entry.folder == store.folder(KEY)
    assert Store(store.root).get(KEY) == entry


@pytest.mark.parametrize("part", ["data", "config", "code"])
def test_a_key_with_another_part_is_another_entry_and_names_the_change(
    store: Store, part: str
) -> None:
    fill(store)
    other = replace(KEY, **{part: "other"})
    assert store.get(other) is None
    assert other.changes(vars(KEY)) == [part]
    assert KEY.changes(vars(KEY)) == []
    assert KEY.changes({}) == ["data", "config", "code"]


def test_facts_that_are_no_numbers_come_back_as_such(store: Store) -> None:
    with store.make(KEY) as (_, facts):
        facts["loss"] = float("nan")
    entry = store.get(KEY)
    assert entry is not None
    assert entry.facts["loss"] != entry.facts["loss"]


def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    with (  # noqa: PT012 - the block is what is tested
        pytest.raises(RuntimeError, match="half way"),
        store.make(KEY) as (folder, _),
    ):
        (folder / "file").write_bytes(b"half")
        raise RuntimeError("half way")
    assert store.get(KEY) is None
    assert names(store) == []


def test_facts_that_json_cannot_hold_leave_nothing(store: Store) -> None:
    with pytest.raises(TypeError), store.make(KEY) as (_, facts):
        facts["path"] = Path("x")
    assert names(store) == []


def test_a_draft_is_not_an_entry_while_it_is_filled(store: Store) -> None:
    with store.make(KEY) as (folder, _):
        (folder / "file").write_bytes(b"half")
        assert store.get(KEY) is None
        assert folder.parent == store.root / KEY.step  # a rename within one folder is atomic
    assert store.get(KEY) is not None


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.adapters.store import Key, Store
with Store(Path(sys.argv[1])).make(Key("split", "data", "config", "code")) as (folder, facts):
    (folder / "file").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_in_the_middle_leaves_no_entry_and_its_draft_is_swept(
    store: Store,
) -> None:
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(store.root)], cwd=root)
    assert killed.returncode == -signal.SIGKILL
    (draft,) = names(store)
    assert draft.startswith(".")
    assert store.get(KEY) is None
    fill(store)
    assert names(store) == [KEY.digest]


def test_the_draft_of_a_living_process_is_not_swept(store: Store) -> None:
    other = replace(KEY, data="other")
    with store.make(KEY) as (folder, _):
        (folder / "file").write_bytes(b"mine")
        fill(store, key=other)
        assert (folder / "file").exists()
    assert store.get(KEY) is not None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_entry_with_one_flipped_bit_anywhere_is_not_used_and_can_be_made_again(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    store = Store(tmp_path_factory.getbasetemp() / f"flips-{os.getpid()}")
    entry = store.get(KEY) or fill(store)
    path = data.draw(st.sampled_from(sorted(entry.folder.iterdir())))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    assert store.get(KEY) is None
    assert names(store) == []
    assert fill(store).facts == {"rows": 3}


@pytest.mark.parametrize("name", ["file", "entry"])
@pytest.mark.parametrize("change", ["removed", "cut", "empty", "a folder"])
def test_an_entry_with_a_file_gone_or_cut_is_not_used(store: Store, name: str, change: str) -> None:
    path = fill(store).folder / name
    content = path.read_bytes()
    path.unlink()
    if change == "a folder":
        path.mkdir()
    elif change != "removed":
        path.write_bytes(content[:-1] if change == "cut" else b"")
    assert store.get(KEY) is None
    fill(store)


def test_an_entry_that_is_dropped_is_not_there_and_dropping_nothing_does_nothing(
    store: Store,
) -> None:
    store.drop(KEY)
    fill(store)
    store.drop(KEY)
    assert store.get(KEY) is None
    assert names(store) == []


def race(root: Path, number: int, barrier: Any) -> None:
    store = Store(root)
    with store.make(KEY) as (folder, facts):
        (folder / "file").write_bytes(b"the same")
        barrier.wait(timeout=30)
        facts["maker"] = number


def test_two_processes_that_make_one_key_at_once_leave_one_whole_entry(store: Store) -> None:
    context = get_context("fork")
    for _ in range(5):
        barrier = context.Barrier(2)
        makers = [context.Process(target=race, args=(store.root, i, barrier)) for i in (0, 1)]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join(30)
        assert [maker.exitcode for maker in makers] == [0, 0]
        entry = store.get(KEY)
        assert entry is not None
        assert (entry.folder / "file").read_bytes() == b"the same"
        assert names(store) == [KEY.digest]
        store.drop(KEY)


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "file"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"

    def full(self: Path, content: bytes) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"third")
    assert path.read_bytes() == b"second"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_folder_is_replaced_with_all_its_files(tmp_path: Path) -> None:
    target = tmp_path / "exports" / "1"
    write_folder(target, {"old": b"1", "both": b"1"})
    write_folder(target, {"both": b"2", "new": b"2"})
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {
        "both": b"2",
        "new": b"2",
    }
    assert [path.name for path in target.parent.iterdir()] == ["1"]


def test_a_folder_that_cannot_be_written_whole_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "1"
    write_folder(target, {"a": b"1"})
    with pytest.raises(FileExistsError):
        write_folder(target, {"a": b"2", "a/within a file": b"2"})
    assert (target / "a").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["1"]
