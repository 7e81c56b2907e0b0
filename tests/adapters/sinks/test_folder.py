from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.adapters.sinks.folder import FolderSink

FILES = ["a.csv", "deep/b.csv", "c.csv"]
ROWS = pa.table({"x": [1, 2]})


def sink(tmp_path: Path, state: Any = None) -> FolderSink:
    return FolderSink(tmp_path / "out", tmp_path / "draft", FILES, {}, state)


@pytest.fixture
def noted(tmp_path: Path) -> Any:
    """What was noted before a kill: two files ended, the third begun."""
    begun = sink(tmp_path).__enter__()
    for file in FILES:
        begun.add(ROWS, file)
    return begun.part()


def test_a_folder_that_is_gone_on_with_has_all_its_files(tmp_path: Path, noted: Any) -> None:
    again = sink(tmp_path, noted)
    assert again.can_go_on
    with again:
        again.add(ROWS, "c.csv")
    found = {file: (tmp_path / "out" / file).read_text().split() for file in FILES}
    once = ['"x"', "1", "2"]
    assert found == {"a.csv": once, "deep/b.csv": once, "c.csv": [*once, "1", "2"]}


@pytest.mark.parametrize("file", ["a.csv", "deep/b.csv", ".c.csv.part"])
def test_a_folder_that_has_lost_or_changed_a_file_is_not_gone_on_with(
    tmp_path: Path, noted: Any, file: str
) -> None:
    lost = tmp_path / "draft" / file
    whole = lost.read_text()
    lost.write_text(whole[:-2])
    assert not sink(tmp_path, noted).can_go_on
    lost.unlink()
    assert not sink(tmp_path, noted).can_go_on
