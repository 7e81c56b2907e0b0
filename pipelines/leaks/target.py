"""The label in disguise: a column that alone, or by its gaps, almost determines the class.

A column is a leak by the first of these that holds; balanced shares and their lower bounds
(one-sided, 95 %) are those of `judging`, taken where the column is filled in:

1. code: each class has a value of its own, for a share of at least 0.95 even at its lower
   bound; or, of few rows but 20 at least, without exception;
2. value, 3. number: learned on one half of the rows and judged on the other, a share of at
   least 0.97 at its lower bound, by the value itself or by the nearest numbers; numbers only
   where the share is as certain as one of 200 rows, for the petals of iris tell one of its
   species from the others without exception;
4. gaps: the rows where it is filled in (or those where it is not) are of one class, with at
   most a tenth of the exceptions that chance would give, at the upper bound.

The bounds are out of reach of honest columns: the best of iris has 0.96, a normal feature
with an area under the ROC curve of 0.98 has 0.93, and 0.97 takes an area of 0.997. Noise in
one or two cells of a hundred is seen through from some hundreds of rows of the rarest class on.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import gammaln

from pipelines.leaks.evidence import Column, Evidence, column, gaps, rows, wilson
from pipelines.leaks.flawless import by_chance, flawless, hardly_by_chance
from pipelines.leaks.judging import Judgement, as_code, by_neighbours, by_value
from pipelines.records import Leak, Parts, Table

__all__ = ["find"]

FEWEST, FEW_BY_CHANCE = 20, 1e-2
FEWEST_MEASURED = 200
CODE, LEARNED = 0.95, 0.97
OF_CHANCE, MOST_COMMON = 0.1, 0.8


def find(
    table: Table, parts: Parts, content: NDArray[np.uint64], known: Collection[str]
) -> list[Leak]:
    """The columns that give the label away, but for those that are `known` to leak."""
    evidence = rows(table, parts, content)
    used = parts.part >= 0
    columns = table.features.num_columns
    found = []
    for name in table.features.column_names:
        if name in known:
            continue
        values = table.features.column(name)
        said = _by_values(values, evidence, columns) or _by_gaps(values, table, evidence, used)
        if said:
            found.append(Leak("target", (name,), f"The column {name!r} {said}."))
    return found


def _by_values(values: pa.ChunkedArray, evidence: Evidence, columns: int) -> str:
    held = column(values, evidence)
    code = as_code(held)
    if code and _enough(code, held, columns) and (code.share == 1 or code.low >= CODE):
        return f"is the label in other words: each class has a value of its own in {_of(code)}"
    fewest = FEWEST_MEASURED if held.ordered else 0
    for judge, means in ((by_value, "its value"), (by_neighbours, "the nearest numbers")):
        found = judge(held)
        if found and found.low >= LEARNED and found.certain_as >= fewest:
            return (
                f"alone tells the class, by {means} in the other half of the rows, in {_of(found)}"
            )
    return flawless(held, columns)


def _enough(code: Judgement, held: Column, columns: int) -> bool:
    """Whether the code holds in so many units, or of few groups so well, that it counts."""
    if code.units >= FEWEST:
        return True
    if code.share < 1 or code.rows < FEWEST:
        return False
    groups = np.unique(held.unit * held.classes + held.codes) % held.classes
    orders = by_chance(float(gammaln(code.classes + 1)), np.bincount(groups))
    return orders * columns < FEW_BY_CHANCE


def _of(judged: Judgement) -> str:
    return (
        f"{judged.share:.1%} of {judged.rows:,} rows (chance {1 / judged.classes:.1%}), "
        "every class counting alike"
    )


def _by_gaps(
    values: pa.ChunkedArray, table: Table, evidence: Evidence, used: NDArray[np.bool_]
) -> str:
    everywhere = gaps(values)
    missing = everywhere[evidence.rows]
    if not missing.any():
        return ""
    common = np.bincount(table.codes, minlength=evidence.classes) / len(table.codes)
    columns = table.features.num_columns
    for side, what in ((~missing, "is filled in"), (missing, "is empty")):
        codes = evidence.codes[side]
        if not codes.size:
            continue
        units = len(np.unique(evidence.unit[side])) if evidence.grouped else len(codes)
        counts = np.bincount(codes, minlength=evidence.classes)
        code = int(counts.argmax())
        most = 1 - OF_CHANCE * (1 - common[code])
        if common[code] > MOST_COMMON:
            continue
        wherever = table.codes[used & (everywhere == bool(missing[side][0]))]
        if _alone(code, units, evidence, columns) and (wherever == code).all():
            return (
                f"{what} only where the label is {table.classes[code]!r}: in {len(wherever):,} of "
                f"{len(wherever):,} rows, where chance gives {common[code]:.1%}"
            )
        if units >= FEWEST and wilson(counts[code] / len(codes), units) >= most:
            return (
                f"{what} almost only where the label is {table.classes[code]!r}: in "
                f"{counts[code]:,} of {len(codes):,} rows, where chance gives {common[code]:.1%}"
            )
    return ""


def _alone(code: int, units: int, evidence: Evidence, columns: int) -> bool:
    """Whether chance would hardly put so many units into this class."""
    codes = evidence.codes
    if evidence.grouped:
        codes = np.unique(evidence.unit * evidence.classes + codes) % evidence.classes
    return hardly_by_chance(units, int((codes == code).sum()), len(codes), columns)
