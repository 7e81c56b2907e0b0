"""A table as it was read, before any contract is applied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["Batch", "Kind", "Raw"]

Kind = Literal["csv", "parquet", "rows"]


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a file.

    Attributes
    ----------
    table : pyarrow.Table
        From CSV every column is text, exactly as written, or float64 where it was read so;
        from Parquet it has the file's types, dictionaries decoded.
    kind : "csv", "parquet" or "rows"
        The last for rows of no file: an answer of a database or a function.
    first_line : int
        Where row 0 stands: the line of the CSV file, or the row of the Parquet file,
        both counted from 1.
    """

    table: pa.Table
    kind: Kind
    first_line: int

    @property
    def file(self) -> str:
        """The name of the file that the rows are of, where they come from several; or ""."""
        return ""

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """The line on which each row begins, and after them the line that follows."""
        steps = np.ones(self.table.num_rows + 1, dtype=np.int64)
        steps[0] = self.first_line
        if self.kind == "csv":
            for column in filter(lambda each: pa.types.is_string(each.type), self.table.columns):
                steps[1:] += pc.count_substring(column, "\n").to_numpy()
        return np.cumsum(steps)

    def place(self, row: int) -> str:
        """The words that name a row to the person who has the file open: `line 7`."""
        return f"line {self.lines[row]}" if self.kind == "csv" else f"row {self.first_line + row}"


@dataclass(frozen=True)
class Raw(Batch):
    """A whole file.

    Attributes
    ----------
    sha256 : str
        Digest of the file's bytes, taken over the very bytes that were parsed.
    """

    sha256: str
