"""Answers in one CSV or Parquet file on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.adapters.tables import Writer

__all__ = ["FileSink"]


class FileSink(Writer):
    """A file, whatever files the rows come from.

    Parameters
    ----------
    path, draft : Path
        The file, and where it is written before it takes its name.
    metadata : mapping
        Further texts for the schema of a Parquet file.
    state : mapping, optional
        What `part` gave last.
    """

    def __init__(
        self,
        path: Path,
        draft: Path,
        metadata: Mapping[str, str],
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self._told = state or {"ends": ()}
        super().__init__(path, draft=draft, ends=self._told["ends"], metadata=metadata)

    @property
    def can_go_on(self) -> bool:
        """Whether the draft, or the file that was made of it, still has all parts.

        The path may hold an older file, as large: only the draft's own inode tells them apart.
        """
        if not self._ends:
            return True
        held = self.draft if self.draft.exists() else self.path
        return super().can_go_on and held.stat().st_ino == self._told["inode"]

    def add(self, rows: pa.Table, file: str) -> None:  # noqa: ARG002 - all go into one
        """Add rows."""
        self.write(rows)

    def part(self) -> Any:
        """Where each part ends, and which file they are in."""
        return {"ends": super().part(), "inode": self.draft.stat().st_ino}
