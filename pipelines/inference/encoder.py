"""Turns rows into the matrices that a graph's inner form takes.

What a column needs is worked out once: its place, its reader, and where each of its texts has
its one-hot column. A row is then read cell by cell in plain Python, and many rows column by
column, texts by Arrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.inference.binding import read_column
from pipelines.inference.cells import Reader, reader
from pipelines.inference.columns import is_arrow

__all__ = ["CODES", "PROBABILITIES", "Dense", "Encoder", "Feeds"]

PROBABILITIES, CODES = "probabilities", "codes"

Feeds = dict[str, NDArray[Any]]
NOWHERE = -1  # the place of a text that has no one-hot column


@dataclass(frozen=True)
class Dense:
    """The inner form of a graph, and what it wants.

    Attributes
    ----------
    model : bytes
        Gives `probabilities`, float32 (N, K), and `codes`, int64 (N,), the label's place.
    matrices : tuple of (str, dtype, tuple of str)
        An input (N, n_columns) each: its name, its precision, its columns in order.
    one_hot : str
        The input of the categories, float32 (N, n_values); "" where there is none.
    values : dict of str to tuple of str
        Category column → the texts that have a one-hot column, one column after the other.
    """

    model: bytes
    matrices: tuple[tuple[str, Any, tuple[str, ...]], ...]
    one_hot: str
    values: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Texts:
    """One category column: its reader, and the place of each text among the one-hot columns.

    `raw` has the words for a gap, too, and is for cells as they come; `read` is for features.
    """

    name: str
    reader: Reader
    raw: Mapping[str, int]
    read: Mapping[str, int]


class Encoder:
    """From rows to the inputs of `dense`; `contract` and `words` are the model's.

    Attributes
    ----------
    width : int
        Values a row in all matrices.
    """

    def __init__(self, dense: Dense, contract: Mapping[str, Any], words: frozenset[str]) -> None:
        self._specs: Mapping[str, Any] = contract["columns"]
        self._words = words
        self._matrices = [
            (name, precision, [(c, reader(self._specs[c], words)) for c in columns])
            for name, precision, columns in dense.matrices
        ]
        self._one_hot = dense.one_hot
        self._hot_width = 0
        self._texts = [self._placed(name, values) for name, values in dense.values.items()]
        used = {name for _, _, columns in dense.matrices for name in columns} | {*dense.values}
        idle = [name for name in self._specs if name not in used]
        self._idle = [(name, reader(self._specs[name], words)) for name in idle]
        self.width = self._hot_width + sum(len(columns) for _, _, columns in dense.matrices)

    def _placed(self, name: str, values: tuple[str, ...]) -> Texts:
        places = {value: self._hot_width + code for code, value in enumerate(values)}
        self._hot_width += len(values)
        read = {"": NOWHERE, **places}
        raw = {**read, **dict.fromkeys(self._words, read[""])}
        return Texts(name, reader(self._specs[name], self._words), raw, read)

    def row(self, row: Mapping[str, Any]) -> Feeds:
        """The inputs for one row of single values.

        Raises KeyError, TypeError, ValueError or ArithmeticError where the row is no such row.
        """
        feeds = {}
        with np.errstate(over="ignore"):  # beyond float32 a number becomes infinite
            for name, precision, cells in self._matrices:
                feeds[name] = np.array([[read(row[column]) for column, read in cells]], precision)
        for column, read in self._idle:
            read(row[column])
        if self._one_hot:
            hot = feeds[self._one_hot] = np.zeros((1, self._hot_width), dtype=np.float32)
            for texts in self._texts:
                value = row[texts.name]
                place = texts.raw.get(value) if type(value) is str else None
                if place is None:
                    place = texts.read.get(texts.reader(value), NOWHERE)
                if place >= 0:
                    hot[0, place] = 1.0
        return feeds

    def rows(self, columns: Mapping[str, Any], first: int) -> Feeds:
        """The inputs for columns as `as_column` gives them; `first` is their first row's number.

        Raises InputError for a value that is not of its column's type.
        """
        for name, _ in self._idle:
            self._number(name, columns[name], first)
        return self._encoded(
            len(next(iter(columns.values()))),
            lambda name: self._number(name, columns[name], first),
            lambda texts: self._places(texts, columns[texts.name], first),
        )

    def features(self, columns: Mapping[str, Any]) -> Feeds:
        """The inputs for columns that are features already; nothing is checked."""
        return self._encoded(
            len(next(iter(columns.values()))),
            lambda name: np.asarray(columns[name]),
            lambda texts: _known_places(columns[texts.name], texts.read),
        )

    def _number(self, name: str, values: Any, first: int) -> NDArray[Any]:
        return read_column(name, values, self._specs[name], self._words, first)

    def _places(self, texts: Texts, values: Any, first: int) -> NDArray[np.int64]:
        found = _arrow_places(values, texts.raw)
        if found is None:
            read = read_column(texts.name, values, self._specs[texts.name], self._words, first)
            return _known_places(read, texts.read)
        return found

    def _encoded(self, count: int, number: Any, places: Any) -> Feeds:
        feeds: Feeds = {}
        with np.errstate(over="ignore"):
            for name, precision, cells in self._matrices:
                matrix = feeds[name] = np.empty((count, len(cells)), dtype=precision)
                for place, (column, _) in enumerate(cells):
                    matrix[:, place] = number(column)
        if self._one_hot:
            hot = feeds[self._one_hot] = np.zeros((count, self._hot_width), dtype=np.float32)
            starts = np.arange(count) * self._hot_width
            for texts in self._texts:
                at = places(texts)
                flat = starts + at
                hot.ravel()[flat if at.min(initial=0) >= 0 else flat[at >= 0]] = 1.0
        return feeds


def _known_places(values: Any, known: Mapping[str, int]) -> NDArray[np.int64]:
    """The places of texts, by Arrow where they stand in Arrow, else one by one."""
    if not isinstance(values, np.ndarray):
        found = _arrow_places(values, known)
        if found is not None:
            return found
    texts = np.asarray(values, dtype=object).tolist()
    return np.fromiter((known.get(text, NOWHERE) for text in texts), np.int64, len(texts))


def _arrow_places(values: Any, known: Mapping[str, int]) -> NDArray[np.int64] | None:
    """The places of a column's texts, a gap's being that of ""; None where it holds others."""
    try:
        texts = values if is_arrow(values) else pa.array(_texts_only(values), from_pandas=True)
        if pa.types.is_dictionary(texts.type):
            texts = texts.cast(texts.type.value_type)
        if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
            return None
    except (TypeError, ValueError, OverflowError, pa.ArrowException):
        return None
    names = pa.array([*known, None], texts.type)
    order = np.array([*known.values(), known[""], NOWHERE], dtype=np.int64)
    found = pc.index_in(texts, value_set=names).fill_null(len(order) - 1)
    places: NDArray[np.int64] = order[found.to_numpy(zero_copy_only=False)]
    return places


def _texts_only(values: Any) -> Any:
    """The values, where they may be texts at all."""
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if isinstance(values, list | tuple) or kind != "O":
        raise TypeError
    return values
