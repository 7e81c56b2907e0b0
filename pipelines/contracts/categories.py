"""Categories, looked at once a distinct text and not once a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Category, Column
from pipelines.contracts.breaches import Breach, ColumnBreaches
from pipelines.contracts.native import as_text, is_text
from pipelines.contracts.parsing import to_numpy, words_in

__all__ = ["UNREADABLE", "Places", "Words", "looked_up", "places", "unreadable"]

UNREADABLE = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)
_NUL = ("text with a NUL character", "Remove the character.")
_UNLISTED = ("not among the listed values", "Correct them, or add them to values.")


@dataclass(frozen=True)
class Places:
    """Each row's place in a category's list, -1 where there is none; which are gaps; breaches."""

    values: NDArray[np.int64]
    gaps: NDArray[np.bool_]
    breaches: tuple[Breach, ...]


@dataclass(frozen=True)
class Words:
    """A category's cells by their distinct texts.

    Attributes
    ----------
    words : pyarrow.Array
        The distinct texts.
    codes : ndarray of int
        Each row's place among them; the one past the last is a null's.
    gap : ndarray of bool
        Which of the words, and a null, stand for a gap.
    breaches : tuple of Breach
    """

    words: pa.Array
    codes: NDArray[Any]
    gap: NDArray[np.bool_]
    breaches: tuple[Breach, ...]


def looked_up(
    name: str, values: pa.ChunkedArray, column: Category, missing: Sequence[str]
) -> Words:
    """The cells, looked at once a distinct text and not once a row."""
    words, codes = _coded(values)
    gap = np.append(words_in(words, missing), True)
    foul = np.append(to_numpy(pc.match_substring(words, "\0")), False)
    listed = np.append(to_numpy(pc.is_in(words, pa.array(column.values, words.type))), False)
    found = ColumnBreaches(name, values)
    gaps = gap[codes]
    found.gaps(column, gaps)
    if foul.any():
        found.add("type", foul[codes], *_NUL)
    unseen = ~(listed | gap | foul)
    if column.max_unseen is not None:
        found.share("value", unseen[codes], *_UNLISTED, "max_unseen", column.max_unseen, ~gaps)
    elif unseen.any():
        found.add("value", unseen[codes], *_UNLISTED)
    return Words(words, codes, gap, found.breaches)


def places(name: str, values: pa.ChunkedArray, column: Category, missing: Sequence[str]) -> Places:
    """What `typed` makes of a category, as places in its list instead of text."""
    try:
        cells = looked_up(name, values, column, missing)
    except UNREADABLE:
        nowhere = np.full(len(values), -1)
        breach = unreadable(name, values, column)
        return Places(nowhere, np.zeros(len(values), dtype=bool), (breach,))
    found = pc.index_in(cells.words, pa.array(column.values, cells.words.type))
    places = np.append(pc.fill_null(found, -1).to_numpy(), -1)
    places[cells.gap] = -1
    gaps = cells.gap[cells.codes]
    for breach in cells.breaches:
        gaps[breach.rows] = False  # told already
    return Places(places[cells.codes], gaps, cells.breaches)


def unreadable(name: str, values: pa.ChunkedArray, column: Column) -> Breach:
    """The breach of a column that as a whole cannot be read as the contract says."""
    nothing = np.zeros(0, dtype=np.int64)
    remedy = f"Give it as {column.type}, or leave it out of [columns]."
    what = f"holds {values.type}, where the contract says {column.type}"
    if is_text(values.type):
        what = "holds text that is not valid UTF-8"
    return Breach((name,), "type", what, remedy, nothing)


def _coded(values: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int64]]:
    """The distinct texts, and each row's position among them; of a null, the one past the last."""
    if pa.types.is_dictionary(values.type):
        encoded = values.unify_dictionaries().combine_chunks()
        words = as_text(pa.chunked_array([encoded.dictionary]))
    else:
        encoded = as_text(values).dictionary_encode()
        words = encoded.dictionary
    return words, pc.fill_null(encoded.indices, len(words)).to_numpy()
