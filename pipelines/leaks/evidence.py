"""The rows that the check for the label in a column looks at, and what a column holds there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.digests import uniform
from pipelines.records import Parts, Table

__all__ = ["Column", "Evidence", "column", "gaps", "rows", "wilson"]

# Of larger tables, as many rows a class as make this many in all; but never fewer than these.
MOST_ROWS, FEWEST_A_CLASS = 20_000, 200
SAMPLE_SALT, HALF_SALT = 1_000_003, 1_000_033
ONE_SIDED_95 = 1.6449


@dataclass(frozen=True)
class Evidence:
    """The rows looked at.

    Attributes
    ----------
    rows : ndarray of int64
        Their positions in the table.
    codes : ndarray of int64
        Their classes.
    second : ndarray of bool
        Which half each is in: what one half teaches is judged on the other.
    unit : ndarray of int64
        What each belongs to: rows of one content, or of one group, are no further evidence.
    grouped : bool
        Whether the units are more than equal rows.
    classes : int
    """

    rows: NDArray[np.int64]
    codes: NDArray[np.int64]
    second: NDArray[np.bool_]
    unit: NDArray[np.int64]
    grouped: bool
    classes: int


@dataclass(frozen=True)
class Column:
    """A column where it is filled in: each row's value as a number from 0, in their order.

    The other attributes are those of Evidence for these rows; but where the value changes
    within a unit, each row is one.
    """

    value: NDArray[np.int64]
    codes: NDArray[np.int64]
    second: NDArray[np.bool_]
    unit: NDArray[np.int64]
    grouped: bool
    known: pa.Array
    classes: int

    @property
    def ordered(self) -> bool:
        """Whether the values are numbers."""
        return not pa.types.is_string(self.known.type)


def rows(table: Table, parts: Parts, content: NDArray[np.uint64]) -> Evidence:
    """All rows of the parts; of a large table those of each class with the least digests."""
    chosen = np.flatnonzero(parts.part >= 0)
    classes = len(table.classes)
    if len(chosen) > MOST_ROWS:
        most = max(FEWEST_A_CLASS, MOST_ROWS // classes)
        number = uniform(parts.digests, SAMPLE_SALT)
        chosen = np.sort(
            np.concatenate([_least(number, chosen[table.codes[chosen] == code], most)
                            for code in range(classes)])
        )  # fmt: skip
    digests = parts.digests[chosen]
    return Evidence(
        rows=chosen,
        codes=table.codes[chosen].astype(np.int64),
        second=uniform(digests, HALF_SALT) < 0.5,
        unit=np.unique(digests, return_inverse=True)[1].astype(np.int64),
        grouped=bool((digests != content[chosen]).any()),
        classes=classes,
    )


def _least(number: NDArray[np.float64], members: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    if len(members) <= most:
        return members
    return members[np.argpartition(number[members], most)[:most]]


def gaps(values: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    """Which cells are not filled in."""
    if pa.types.is_string(values.type):
        empty = pc.equal(values, "").to_numpy(zero_copy_only=False)
    else:
        empty = np.isnan(values.to_numpy())
    return np.asarray(empty, dtype=np.bool_)


def column(values: pa.ChunkedArray, evidence: Evidence) -> Column:
    """The column in the evidence's rows."""
    cells = values.take(pa.array(evidence.rows)).combine_chunks()
    filled = np.flatnonzero(~gaps(cells))
    cells = cells.take(pa.array(filled))
    if pa.types.is_string(cells.type):
        encoded = cells.dictionary_encode()
        value, known = encoded.indices.to_numpy().astype(np.int64), encoded.dictionary
    else:
        numbers, value = np.unique(cells.to_numpy(), return_inverse=True)
        known = pa.array(numbers)
    return Column(
        value=value,
        codes=evidence.codes[filled],
        second=evidence.second[filled],
        unit=_units(evidence.unit[filled], value),
        grouped=evidence.grouped,
        known=known,
        classes=evidence.classes,
    )


def _units(unit: NDArray[np.int64], value: NDArray[np.int64]) -> NDArray[np.int64]:
    """The units in which the value is the same throughout; in the others each row is its own."""
    if not unit.size:
        return unit
    first = np.zeros(int(unit.max()) + 1, dtype=np.int64)
    first[unit] = value
    varied = np.bincount(unit, value != first[unit]) > 0
    return np.where(varied[unit], len(first) + np.arange(len(unit)), unit)


def wilson(share: float, count: float) -> float:
    """The lower end of the one-sided 95 % Wilson interval of a share of `count` rows."""
    if count <= 0:
        return 0.0
    z = ONE_SIDED_95
    middle = share + z * z / (2 * count)
    spread = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return float((middle - spread) / (1 + z * z / count))
