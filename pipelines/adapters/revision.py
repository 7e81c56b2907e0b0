"""The git commit that the code or the data belong to, where there is one."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Revision", "revision"]


@dataclass(frozen=True)
class Revision:
    """A commit, and whether the files differ from it."""

    commit: str
    dirty: bool


def revision(folder: Path) -> Revision | None:
    """The commit checked out in the folder, or None outside a repository or without git."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Revision(commit, dirty=status != "")  # what git cannot tell is not called clean


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
