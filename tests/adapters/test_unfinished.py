"""What is known of unfinished work, also where a machine went down while it was noted."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipelines.adapters.unfinished import unfinished

DAMAGED = [b"\0\0", b"\0\0\n", b'{"output": "o", "dra\n', b"[1]\n", b"\xff\xfe\n"]


def begin_and_stop(root: Path, batches: int, told: Any = None) -> None:
    with suppress(KeyboardInterrupt), unfinished(root, "mine", "out.csv") as journal:
        assert journal.last == told
        journal.note({"batches": batches})
        raise KeyboardInterrupt


@pytest.mark.parametrize("content", DAMAGED, ids=repr)
def test_what_other_work_left_unreadable_stops_no_work(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "journal").write_bytes(content)
    with unfinished(tmp_path, "mine", "out.csv") as journal:
        assert journal.last is None


@pytest.mark.parametrize("content", DAMAGED, ids=repr)
def test_the_last_line_that_can_be_read_is_gone_on_from(tmp_path: Path, content: bytes) -> None:
    begin_and_stop(tmp_path, 2)
    with (tmp_path / "mine" / "journal").open("ab") as file:
        file.write(content)
    begin_and_stop(tmp_path, 4, told={"batches": 2})
    with unfinished(tmp_path, "mine", "out.csv") as journal:
        assert journal.last == {"batches": 4}
