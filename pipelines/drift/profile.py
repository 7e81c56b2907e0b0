"""What is kept of a table with the version that was trained on it: each column's distribution.

All rows of the table count, whatever their part: the version was fitted on some and proven on
the others, and it is the whole for which its figures were promised. Under a split by time the
training rows alone would be older than the rows that proved it.

A profile holds no row, but it tells about values: every category with its count, and up to
about a thousand values of each number column, the least and the greatest among them.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.records import Table

__all__ = [
    "BUCKETS",
    "Numbers",
    "Profile",
    "ProfileError",
    "Values",
    "bucket",
    "count",
    "label_text",
    "profile",
    "read_profile",
    "value_counts",
]

FORMAT = 1
# Distinct values up to which a number column is kept exactly, and quantile steps beyond.
MOST_POINTS = 1_000
BUCKETS = 256
FALSE, TRUE = "false", "true"


class ProfileError(ValueError):
    """A version's profile is missing or not the one that was kept with it; says what to do."""


@dataclass(frozen=True)
class Numbers:
    """Counts of a number column at and between points, as if on a ruler.

    Attributes
    ----------
    points : ndarray of float64, shape (m,)
        In rising order, each distinct.
    at : ndarray of int64, shape (m,)
        Rows whose value is a point.
    between : ndarray of int64, shape (m + 1,)
        Rows below the first point, between each two, and above the last.
    gaps : int
        Rows without a value.
    """

    points: NDArray[np.float64]
    at: NDArray[np.int64]
    between: NDArray[np.int64]
    gaps: int

    @property
    def cells(self) -> NDArray[np.int64]:
        """`between` and `at` in turn, shape (2m + 1,): the whole line from left to right."""
        cells = np.empty(2 * len(self.points) + 1, dtype=np.int64)
        cells[::2], cells[1::2] = self.between, self.at
        return cells


@dataclass(frozen=True)
class Values:
    """Counts of a column of categories, truth values or classes.

    Attributes
    ----------
    counts : mapping
        Value → rows, of the values that the profiled table has.
    gaps : int
        Rows without a value.
    unseen : mapping
        Other value → rows; the first distinct ones that came.
    rest : mapping
        `bucket` of any further value → rows.
    """

    counts: Mapping[str, int]
    gaps: int
    unseen: Mapping[str, int] = field(default_factory=dict)
    rest: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """A table's columns and target, counted, and the contract by which its cells were read."""

    rows: int
    columns: Mapping[str, Numbers | Values]
    target: Values
    contract: Mapping[str, Any]

    @property
    def content(self) -> bytes:
        """The profile as JSON; equal tables under equal contracts give equal bytes."""
        facts = {
            "format": FORMAT,
            "rows": self.rows,
            "target": _plain(self.target),
            "columns": {name: _plain(column) for name, column in self.columns.items()},
            "contract": dict(self.contract),
        }
        return json.dumps(facts, ensure_ascii=False, allow_nan=False).encode()


def bucket(value: str) -> int:
    """One of 256 numbers that depends on the value alone, for values too many to be kept."""
    return zlib.crc32(value.encode()) % BUCKETS


def profile(table: Table, contract: Mapping[str, Any]) -> Profile:
    """The profile of a validated table.

    Parameters
    ----------
    table : Table
    contract : mapping
        Target, classes, missing words and columns, as `pipelines.config.contract` gives them.
    """
    types = {name: column["type"] for name, column in contract["columns"].items()}
    columns = {
        name: _counted(table.features.column(name), types[name])
        for name in table.features.column_names
    }
    classes = np.bincount(table.codes, minlength=len(table.classes)).tolist()
    labels = [label_text(label) for label in table.classes]
    target = Values(dict(zip(labels, classes, strict=True)), gaps=0)
    return Profile(table.features.num_rows, columns, target, contract)


def read_profile(content: bytes, sha256: str) -> Profile:
    """The profile in the bytes that `Profile.content` gave.

    Raises
    ------
    ProfileError
        When the bytes have another digest, or another version of this project wrote them.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ProfileError(
            "its profile is not the one that was kept with it: the digest differs. Bring back "
            "profile.json in the version's MLflow run from a copy, or train once more."
        )
    facts = json.loads(content)
    if facts["format"] != FORMAT:
        raise ProfileError(
            f"its profile has format {facts['format']}, where this logitline reads {FORMAT}. "
            "Use the logitline that trained it, or train once more."
        )
    columns = {name: _from_plain(column) for name, column in facts["columns"].items()}
    target = Values(facts["target"]["counts"], facts["target"]["gaps"])
    return Profile(facts["rows"], columns, target, facts["contract"])


def label_text(label: object) -> str:
    """A class as the profile writes it: 3, true, Adelie."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def count(values: NDArray[np.float64], points: NDArray[np.float64]) -> Numbers:
    """The values counted at and between the points; NaN is a gap."""
    x = np.sort(values)  # NaN comes last
    n = len(x) - int(np.isnan(x).sum())
    x = x[:n]
    below, upto = (np.searchsorted(x, points, side) for side in ("left", "right"))
    between = np.append(below, n) - np.append(0, upto)
    return Numbers(points, upto - below, between, len(values) - n)


def _counted(column: pa.ChunkedArray, kind: str) -> Numbers | Values:
    if kind == "category":
        counts = value_counts(column)
        return Values(dict(sorted(counts.items())), column.length() - sum(counts.values()))
    x = column.to_numpy()
    if kind == "boolean":
        true, gaps = int((x == 1).sum()), int(np.isnan(x).sum())
        return Values({FALSE: len(x) - true - gaps, TRUE: true}, gaps)
    return count(x, _points(x))


def value_counts(column: pa.Array | pa.ChunkedArray) -> dict[str, int]:
    """Value → rows of a text column, its gaps, the empty text, left out."""
    pairs = pc.value_counts(column).to_pylist()
    return {pair["values"]: pair["counts"] for pair in pairs if pair["values"]}


def _points(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """All distinct values where they are few, else order statistics at even steps of rank."""
    x = np.sort(x[~np.isnan(x)])
    distinct = x[np.append(True, x[1:] > x[:-1])] if len(x) else x
    if len(distinct) <= MOST_POINTS:
        return distinct
    ranks = np.arange(MOST_POINTS + 1) * (len(x) - 1) // MOST_POINTS
    return np.unique(x[ranks])


def _plain(column: Numbers | Values) -> dict[str, Any]:
    if isinstance(column, Values):
        return {"counts": dict(column.counts), "gaps": column.gaps}
    lists = {name: getattr(column, name).tolist() for name in ("points", "at", "between")}
    return {**lists, "gaps": column.gaps}


def _from_plain(facts: Mapping[str, Any]) -> Numbers | Values:
    if "counts" in facts:
        return Values(facts["counts"], facts["gaps"])
    return Numbers(
        points=np.array(facts["points"], dtype=np.float64),
        at=np.array(facts["at"], dtype=np.int64),
        between=np.array(facts["between"], dtype=np.int64),
        gaps=facts["gaps"],
    )
