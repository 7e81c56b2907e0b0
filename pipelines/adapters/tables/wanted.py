"""The forms in which columns are wanted, because they are faster to read or to check."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AsTextError", "Wanted"]


class AsTextError(Exception):
    """A column of numbers holds something else: the file is to be read as text."""


@dataclass(frozen=True)
class Wanted:
    """What is known of the columns before they are read.

    Attributes
    ----------
    numbers : frozenset of str
        Columns of a CSV file to be read as float64, if all their cells are plain numbers or gaps.
    gaps : tuple of str
        The words that stand for a gap in them, beside the empty one.
    words : frozenset of str
        Columns of a Parquet file whose text may stay a dictionary.
    """

    numbers: frozenset[str] = frozenset()
    gaps: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
