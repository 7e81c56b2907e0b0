"""Columns that part the classes without exception, in too few rows for a share's lower bound.

How seldom that is by chance, counting tells: n rows, n_k of class k, have n! / Π n_k! orders of
their labels, of which at most K^V give each of V values one class, and K! give each of K classes
one range of numbers. Their ratio times the number of columns must be less than 1e-6.

Chance is not all, for an honest number may part the classes of a small table too, as the petals
of iris do. So numbers count only

- as codes: V values in 5 V rows or more, and no more than two a class or more than 2 K changes
  of the class from one value to the next, as a measurement would not have;
- as ranges that lie farther apart than the widest of them is wide;
- as ranges of numbers that are all different, at even steps: the rows were counted by class.

Texts count as codes of any number of values, in five rows for each.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from pipelines.leaks.evidence import Column

__all__ = ["by_chance", "flawless", "hardly_by_chance"]

BY_CHANCE = 1e-6
FEWEST_OF_A_CLASS = 3
ROWS_A_VALUE, VALUES_A_CLASS = 5, 2
SAME_STEP = 1e-6


def flawless(column: Column, columns: int) -> str:
    """How the column, one of so many, parts the classes without exception; empty if it does not."""
    enough = np.bincount(column.codes, minlength=column.classes) >= FEWEST_OF_A_CLASS
    kept = enough[column.codes]
    value, codes, classes = column.value[kept], column.codes[kept], int(enough.sum())
    if classes < 2:
        return ""
    own = np.full(len(column.known), -1, dtype=np.int64)
    own[value] = codes
    if (own[value] != codes).any():
        return ""
    units = column.unit[kept] if column.grouped else np.arange(len(codes))
    unit_codes = np.unique(units * column.classes + codes) % column.classes
    sizes = np.bincount(unit_codes, minlength=column.classes)[enough]
    own = own[own >= 0]
    runs = 1 + int((np.diff(own) != 0).sum())
    rows = f"in {len(codes):,} of {len(codes):,} rows"

    measured = column.ordered and len(own) > VALUES_A_CLASS * classes and runs <= 2 * classes
    coded = not measured and len(codes) >= ROWS_A_VALUE * len(own)
    if coded and by_chance(len(own) * np.log(classes), sizes) * columns < BY_CHANCE:
        return (
            f"is the label in other words: each of its {len(own):,} values stands beside "
            f"one class, {rows}"
        )
    if not column.ordered or runs != classes:
        return ""
    if by_chance(np.log(float(factorial(classes))), sizes) * columns >= BY_CHANCE:
        return ""
    return _apart(column.known.to_numpy()[np.unique(value)], own, len(codes), rows)


def _apart(numbers: NDArray[np.float64], own: NDArray[np.int64], count: int, rows: str) -> str:
    """Whether the ranges of the sorted numbers are no measurement's, and why."""
    after = np.flatnonzero(np.diff(own))
    with np.errstate(over="ignore"):
        steps = np.diff(numbers)
        first, last = np.r_[0, after + 1], np.r_[after, len(own) - 1]
        if steps[after].min() > (numbers[last] - numbers[first]).max():
            return (
                "alone tells the class: each has a range of numbers of its own, farther apart "
                f"than any of them is wide, {rows}"
            )
    if len(numbers) == count and steps.max() - steps.min() <= SAME_STEP * steps.max():
        return f"counts the rows by class: it is even steps with a range for each, {rows}"
    return ""


def by_chance(logarithm: float, sizes: NDArray[np.int64]) -> float:
    """exp(logarithm) out of all orders of labels of which so many are of each class."""
    orders = gammaln(sizes.sum() + 1) - gammaln(sizes + 1).sum()
    return float(np.exp(min(logarithm - orders, 0.0)))


def hardly_by_chance(chosen: int, of_class: int, rows: int, columns: int) -> bool:
    """Whether chosen rows are all of one class, though of `rows` only `of_class` are.

    The chance is C(of_class, chosen) / C(rows, chosen), for each column.
    """
    if not 0 < chosen <= of_class < rows:
        return False
    fallen = gammaln(of_class + 1) - gammaln(of_class - chosen + 1)
    fallen -= gammaln(rows + 1) - gammaln(rows - chosen + 1)
    return bool(np.exp(fallen) * columns < BY_CHANCE)
