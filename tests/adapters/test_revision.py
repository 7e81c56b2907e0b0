"""The git commit of a folder, with a real repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipelines.adapters.revision import revision


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("1")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_clean_checkout_gives_its_commit(repository: Path) -> None:
    found = revision(repository)
    assert found is not None
    assert found.commit == git(repository, "rev-parse", "HEAD")
    assert not found.dirty


def test_a_changed_file_makes_it_dirty_and_an_untracked_one_does_not(repository: Path) -> None:
    (repository / "other").write_text("2")
    found = revision(repository)
    assert found is not None
    assert not found.dirty
    (repository / "file").write_text("2")
    found = revision(repository)
    assert found is not None
    assert found.dirty


def test_a_state_that_git_cannot_tell_is_not_called_clean(repository: Path) -> None:
    (repository / ".git" / "index").write_bytes(b"broken")
    found = revision(repository)
    assert found is not None
    assert found.dirty


def test_outside_a_repository_before_the_first_commit_and_without_git_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert revision(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert revision(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert revision(tmp_path) is None
