"""The content-addressed store: what a step made lies under the digest of what it was made from.

A key that is there is complete: an entry is written beside its place, flushed, and renamed.
Each entry carries the SHA-256 of its files and of its facts, checked whenever the entry is
opened; one that no longer fits is put aside and made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.digests import content_digest

__all__ = ["Entry", "Key", "Store", "file_sha256", "write_atomically", "write_folder"]

DRAFT = re.compile(r"\.(\d+)-[0-9a-f]{32}")  # of which process

MANIFEST = "entry"


@dataclass(frozen=True)
class Key:
    """What a step's result was made from; equal keys mean equal results.

    Attributes
    ----------
    step : str
        The step's name.
    data, config, code : str
        Digests of the step's inputs, of its part of the configuration, and of its code.
    """

    step: str
    data: str
    config: str
    code: str

    @property
    def digest(self) -> str:
        """The name of the entry."""
        return content_digest(asdict(self))

    def changes(self, earlier: Mapping[str, str]) -> list[str]:
        """Which of data, config and code differ from an earlier key's."""
        now = asdict(self)
        return [part for part in ("data", "config", "code") if now[part] != earlier.get(part)]


@dataclass(frozen=True)
class Entry:
    """A finished entry: its folder, and the facts that the step noted."""

    folder: Path
    facts: dict[str, Any]


class Store:
    """Entries under `root`/STEP/DIGEST."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, key: Key) -> Path:
        """Where the entry lies, or would."""
        return self.root / key.step / key.digest

    def drop(self, key: Key) -> None:
        """Forget the entry: what it stands for is no longer there."""
        _remove(self.folder(key))

    def get(self, key: Key) -> Entry | None:
        """The entry, its files verified, or None where there is none."""
        folder = self.folder(key)
        if not folder.is_dir():
            return None
        try:
            manifest = _unsealed((folder / MANIFEST).read_bytes())
            if all(file_sha256(folder / f) == d for f, d in manifest["files"].items()):
                return Entry(folder, manifest["facts"])
        except (FileNotFoundError, IsADirectoryError, ValueError):
            pass  # incomplete or changed: made again
        _remove(folder)
        return None

    @contextmanager
    def make(self, key: Key) -> Iterator[tuple[Path, dict[str, Any]]]:
        """An empty folder and empty facts to fill; the entry appears when the block ends.

        If the block raises, nothing remains. If another process made the same entry
        meanwhile, that one stays: equal keys mean equal results.
        """
        final = self.folder(key)
        final.parent.mkdir(parents=True, exist_ok=True)
        _sweep(final.parent)
        draft = _draft(final.parent)
        draft.mkdir()
        facts: dict[str, Any] = {}
        try:
            yield draft, facts
            files = {path.name: file_sha256(path) for path in sorted(draft.iterdir())}
            manifest = {"key": asdict(key), "files": files, "facts": facts}
            (draft / MANIFEST).write_bytes(_sealed(manifest))
            for path in (*draft.iterdir(), draft):
                _flush(path)
            try:
                draft.rename(final)
            except OSError:
                if not final.is_dir():
                    raise
            _flush(final.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        draft.write_bytes(content)
        _flush(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder so that it appears with all its files; one that is there is replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    draft = _draft(target.parent)
    draft.mkdir()
    try:
        for name, content in files.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(content)
            _flush(draft / name)
        _remove(target)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sealed(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as JSON under a first line with the JSON's SHA-256."""
    text = json.dumps(manifest, indent=1).encode()
    return hashlib.sha256(text).hexdigest().encode() + b"\n" + text


def _unsealed(content: bytes) -> dict[str, Any]:
    digest, _, text = content.partition(b"\n")
    if hashlib.sha256(text).hexdigest().encode() != digest:
        raise ValueError("the manifest is not what was written")
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def _draft(folder: Path) -> Path:
    """A name beside the entries that tells whose draft it is."""
    return folder / f".{os.getpid()}-{uuid.uuid4().hex}"


def _flush(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder for flushing
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(folder: Path) -> None:
    aside = _draft(folder.parent)
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove drafts whose process is gone: it was killed while writing."""
    for draft in folder.glob(".*-*"):
        named = DRAFT.fullmatch(draft.name)  # and so no folder of the user's own
        if named and not _alive(int(named[1])):
            shutil.rmtree(draft, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
