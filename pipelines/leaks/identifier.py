"""Columns that name the row, from which nothing is learned for another row.

- A text (category) that differs in at least 95 % of the rows.
- Whole numbers that differ in at least 95 % of the rows and repeat so seldom as only numbers
  do that were dealt out: n independent numbers out of R, evenly spread, would give about
  n² / 2R pairs of equal ones, and more if spread unevenly; where that is at least 20 and a
  tenth of it or less is found, they are a key. Measurements repeat, or lie too far apart to
  tell; then a name such as `customerId` or `policy_number` decides where no two are equal.
- Whole numbers or dates one after the other in the rows' order, at nearly even steps.

Numbers with fractions name no row, however different they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.config import Boolean, Column, Date
from pipelines.contracts.naming import names_the_row
from pipelines.leaks.evidence import gaps
from pipelines.records import Leak, Table

__all__ = ["find"]

FEWEST = 20
NEARLY_ALL = 0.95
LARGEST = 2.0**53  # beyond, every float is whole
EXPECTED_PAIRS, OF_EXPECTED = 20, 0.1
EVEN, STEP_FACTOR = 0.9, 3


def find(table: Table, columns: Mapping[str, Column]) -> list[Leak]:
    """The columns that name the row."""
    found = []
    for name in table.features.column_names:
        column = columns.get(name)
        if column is None or isinstance(column, Boolean):
            continue
        values = table.features.column(name)
        said = _said(name, values, isinstance(column, Date))
        if said:
            found.append(Leak("identifier", (name,), f"The column {name!r} names the row: {said}."))
    return found


def _said(name: str, values: pa.ChunkedArray, dates: bool) -> str:
    filled = values.filter(pa.array(~gaps(values)))
    count = len(filled)
    if count < max(FEWEST, len(values) / 2):
        return ""
    if pa.types.is_string(values.type):
        different = pc.count_distinct(filled).as_py()
        if different >= NEARLY_ALL * count:
            return f"{different:,} different texts in {count:,} rows"
        return ""
    x = np.asarray(filled.to_numpy())
    if not dates and (x[: 10 * FEWEST] != np.rint(x[: 10 * FEWEST])).any():
        return ""  # the first rows of a measurement show it; the others need not be looked at
    if not dates and ((x != np.rint(x)).any() or np.abs(x).max() > LARGEST):
        return ""
    if _in_sequence(x):
        return f"{count:,} {'dates' if dates else 'whole numbers'} that follow each other"
    if dates:
        return ""
    return _as_key(name, x)


def _in_sequence(x: NDArray[np.float64]) -> bool:
    steps = np.diff(x)
    if not ((steps > 0).all() or (steps < 0).all()):
        return False
    steps = np.abs(steps)
    usual = float(np.median(steps))
    even = (steps <= STEP_FACTOR * usual) & (steps >= usual / STEP_FACTOR)
    return bool(even.mean() >= EVEN)


def _as_key(name: str, x: NDArray[np.float64]) -> str:
    ordered = np.sort(x)
    steps = np.diff(ordered)
    count, repeats = len(x), int((steps == 0).sum())
    if count - repeats < NEARLY_ALL * count:
        return ""
    grid = float(np.gcd.reduce(steps[steps > 0].astype(np.int64)))
    expected = count * (count - 1) / 2 / ((ordered[-1] - ordered[0]) / grid + 1)
    said = f"{count - repeats:,} different whole numbers in {count:,} rows"
    if expected >= EXPECTED_PAIRS and repeats <= OF_EXPECTED * expected:
        return f"{said}, where chance would repeat some {expected:,.0f} times"
    return said if not repeats and names_the_row(name, different=True) else ""
