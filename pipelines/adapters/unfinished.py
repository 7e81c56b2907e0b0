"""What is known of work that a kill or Ctrl-C ended, so that the same work goes on from there.

Work has a key, the digest of all that its result depends on, and a folder `root`/KEY while it
runs: a lock that the system frees when its holder dies, and a journal, a line of JSON for each
point from which it can go on. The folder is gone when the work has ended, well or in an error.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipelines.records import DataError

__all__ = ["Unfinished", "unfinished"]

LOCK, JOURNAL = "lock", "journal"


class Unfinished:
    """The journal of work that runs."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    @property
    def last(self) -> Any:
        """What was noted last, or None: plain values. A line cut short by a kill is none."""
        return (_lines(self._journal)[1:] or [None])[-1]

    def note(self, point: Any) -> None:
        """Note a point to go on from; what it speaks of is on the disk."""
        with self._journal.open("ab") as file:
            file.write(json.dumps(point).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def unfinished(
    root: Path, key: str, output: str, drafts: Sequence[Path] = ()
) -> Iterator[Unfinished]:
    """The journal of the work with this key, which nobody else does meanwhile.

    Where the same output was begun from something else and not ended, its drafts are removed.

    Raises
    ------
    DataError
        When another process does the same work at this moment.
    """
    folder = root / key
    with _lock(folder, output):
        journal = folder / JOURNAL
        begun = _lines(journal)[:1]
        if not begun:
            first = {"output": output, "drafts": [str(each.absolute()) for each in drafts]}
            journal.write_bytes(json.dumps(first).encode() + b"\n")
        _cut(journal)
        _sweep(root, key, output)
        try:
            yield Unfinished(journal)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _lines(journal: Path) -> list[Any]:
    """The lines up to the first that is none: a machine that goes down may leave anything."""
    lines: list[Any] = []
    with suppress(OSError, ValueError):
        for line in journal.read_bytes().split(b"\n")[:-1]:
            if not isinstance(found := json.loads(line), dict):
                break
            lines.append(found)
    return lines


def _cut(journal: Path) -> None:
    """Cut off what stands behind the last line that can be read."""
    whole = journal.read_bytes().split(b"\n", len(_lines(journal)))
    os.truncate(journal, sum(len(line) + 1 for line in whole[:-1]))


@contextmanager
def _lock(folder: Path, output: str) -> Iterator[None]:
    while (held := _held(folder, output)) is None:
        pass  # who held it has removed the folder meanwhile
    try:
        yield
    finally:
        os.close(held)


def _held(folder: Path, output: str) -> int | None:
    """The locked file, or None where it was removed before it could be locked."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
            return file
    except FileNotFoundError:
        pass
    except BlockingIOError:
        os.close(file)
        raise DataError(
            "is being written by another logitline score at this moment. Wait for it, or name "
            "another output.",
            path=output,
        ) from None
    os.close(file)
    return None


def _sweep(root: Path, key: str, output: str) -> None:
    """Remove what other work left that was to become the same output, unless it still runs."""
    for folder in root.iterdir():
        (first, *_) = _lines(folder / JOURNAL) or [{}]
        if folder.name == key or first.get("output") != output:
            continue
        with suppress(DataError), _lock(folder, output):
            for draft in map(Path, first["drafts"]):
                shutil.rmtree(draft, ignore_errors=True)
                with suppress(OSError):
                    draft.unlink()
            shutil.rmtree(folder, ignore_errors=True)
