"""What a table is: its typed rows, their parts, and what leaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["DataError", "Leak", "Parts", "Table"]


class DataError(ValueError):
    """The data cannot be used as they are: what is wrong, what it means, what to do.

    Attributes
    ----------
    problems : tuple of str
        One sentence or two a problem: place, what is wrong, what to do.
    path : str or None
        The file, as the user named it.
    undone : str
        What, with several problems, did not happen for them.
    """

    def __init__(
        self, *problems: str, path: object = None, undone: str = "nothing was run"
    ) -> None:
        self.problems = problems
        self.path = None if path is None else str(path)
        self.undone = undone
        text = problems[0] if len(problems) == 1 else f"{len(problems)} problems, {undone}."
        lines = [f"  {problem}" for problem in problems] if len(problems) > 1 else []
        super().__init__("\n".join([text if path is None else f"{path}: {text}", *lines]))


@dataclass(frozen=True)
class Table:
    """A validated table in the types that the models are fitted on.

    Attributes
    ----------
    features : pyarrow.Table
        One column a column of the contract, in the contract's order: float64 with NaN for a
        gap (numbers, integers, booleans as 0/1, dates as days or seconds since 1970-01-01),
        or string with "" for a gap (categories). No Arrow nulls.
    codes : ndarray of int32, shape (n_rows,)
        The label of each row as its position in `classes`.
    rows : ndarray of int64, shape (n_rows,)
        The position of each row in the source, from 0; rows without a label may be left out.
    classes : tuple
        The labels, sorted: all int, all bool or all str.
    key : pyarrow.Array or None
        The column that the split reads, where the config names one: text, or float64 for a
        split by time (seconds since 1970-01-01 UTC where it holds dates).
    key_unit : float
        What a split by time counts its gap in, in units of `key`: 86,400 (a day) where the
        column holds dates, else 1.
    outcome : ndarray of float64, shape (n_rows,), or None
        When each row's label was known, in seconds since 1970-01-01 UTC, NaN for a gap; from
        the column that source.outcome_time names.
    notes : tuple of str
        What a reader of the report should know: infinities taken as gaps, dropped rows.
    """

    features: pa.Table
    codes: NDArray[np.int32]
    rows: NDArray[np.int64]
    classes: tuple[Any, ...]
    key: pa.Array | None = None
    key_unit: float = 1.0
    outcome: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def labels(self) -> NDArray[Any]:
        """The label of each row itself."""
        return np.array(self.classes)[self.codes]


@dataclass(frozen=True)
class Parts:
    """Which rows train, validate and test.

    Attributes
    ----------
    part : ndarray of int8, shape (n_rows,)
        Position in `NAMES`; −1 for a row in none, as in the gap of a split by time.
    digests : ndarray of uint64, shape (n_rows,)
        The digest of each row; equal rows have equal digests.
    notes : tuple of str
        What a reader of the report should know: rows that were moved to keep a class.
    """

    NAMES: ClassVar[tuple[str, str, str]] = ("train", "validation", "test")

    part: NDArray[np.int8]
    digests: NDArray[np.uint64]
    notes: tuple[str, ...] = ()

    def where(self, name: str) -> NDArray[np.bool_]:
        """True for the rows of a part."""
        rows: NDArray[np.bool_] = self.part == self.NAMES.index(name)
        return rows


@dataclass(frozen=True)
class Leak:
    """Something by which the label, or a test row, is known before it should be.

    Attributes
    ----------
    kind : "target", "identifier", "duplicates" or "time"
        A column that alone almost determines the label or is the label in disguise; one that
        names the row; equal rows in several parts; a value dated after the outcome.
    columns : tuple of str
        Those that leak; none for duplicates, where all of them do.
    detail : str
        What was found, with figures, in a sentence.
    """

    kind: Literal["target", "identifier", "duplicates", "time"]
    columns: tuple[str, ...]
    detail: str
