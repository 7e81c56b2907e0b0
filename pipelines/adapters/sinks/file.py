"""Answers in one CSV or Parquet file on this machine."""

from __future__ import annotations

import pyarrow as pa

from pipelines.adapters.tables import Writer

__all__ = ["FileSink"]


class FileSink(Writer):
    """A file, whatever files the rows come from."""

    def add(self, rows: pa.Table, file: str) -> None:  # noqa: ARG002 - all go into one
        """Add rows."""
        self.write(rows)
