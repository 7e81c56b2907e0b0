"""The slices of the test rows: values of a category, ranges of a number, gaps of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.config import Column, Date, Slice

__all__ = ["MISSING", "sliced"]

Rows = NDArray[np.bool_]
Values = NDArray[np.float64]
MISSING = "missing"
QUANTILES = 4
# Values of one category that are slices of their own; each costs a pass over the resamples.
MOST_VALUES = 30
UNITS = {"day": "D", "second": "s"}


def sliced(
    features: pa.Table, slices: Sequence[Slice], columns: Mapping[str, Column]
) -> dict[str, dict[str, Rows]]:
    """Column → its slices' words → which rows they have.

    A category or a boolean has a slice a value, beyond the 30 most frequent ones all together;
    any other column has ranges of about equally many rows, four unless the config says
    otherwise. Gaps are a slice of their own. A slice without rows is left out.

    Parameters
    ----------
    features : pyarrow.Table
        The rows, as in `Table.features`.
    columns : mapping
        Column name → its contract.
    """
    out = {}
    for each in slices:
        values = features[each.column].to_numpy()
        find = FINDERS.get(columns[each.column].type, _ranges)
        found = find(values, columns[each.column], each.quantiles or QUANTILES)
        out[each.column] = {words: rows for words, rows in found if rows.any()}
    return out


def _categories(values: NDArray[Any], _: Column, __: int) -> Iterator[tuple[str, Rows]]:
    texts, counts = np.unique(values[values != ""].astype(object), return_counts=True)
    frequent = sorted(texts[np.argsort(-counts, kind="stable")[:MOST_VALUES]])
    for text in frequent:
        yield f"{text}", values == text
    others = len(texts) - len(frequent)
    if others:
        rare = (values != "") & ~np.isin(values.astype(object), frequent)
        yield f"the {others} other values", rare
    yield _name_apart(MISSING, frequent), values == ""


def _name_apart(name: str, taken: Sequence[str]) -> str:
    """The name, in brackets where a value of the column is called so."""
    while name in taken:
        name = f"({name})"
    return name


def _booleans(values: Values, _: Column, __: int) -> Iterator[tuple[str, Rows]]:
    yield "false", values == 0
    yield "true", values == 1
    yield MISSING, np.isnan(values)


def _ranges(values: Values, column: Column, quantiles: int) -> Iterator[tuple[str, Rows]]:
    """Each but the first without its lower end; ends are values that stand in the rows."""
    known = values[~np.isnan(values)]
    if known.size:
        shares = np.arange(1, quantiles) / quantiles
        inner = np.unique(np.quantile(known, shares, method="inverted_cdf"))
        ends = [-np.inf, *inner[inner < known.max()], np.inf]
        for low, high in pairwise(ends):
            yield _words(low, high, _writer(column, ends[1:-1])), (values > low) & (values <= high)
    yield MISSING, np.isnan(values)


def _words(low: float, high: float, write: Callable[[float], str]) -> str:
    if low == -np.inf and high == np.inf:
        return "all values"
    if low == -np.inf:
        return f"up to {write(high)}"
    if high == np.inf:
        return f"over {write(low)}"
    return f"over {write(low)} up to {write(high)}"


def _writer(column: Column, ends: Sequence[float]) -> Callable[[float], str]:
    """How a bound is written: dates as such, numbers in as few digits as tell them apart."""
    if isinstance(column, Date):
        moment = f"datetime64[{UNITS[column.unit]}]"
        return lambda x: str(np.array(np.floor(x)).astype(np.int64).astype(moment))
    for digits in (4, 6, 9, 17):
        if len({f"{end:.{digits}g}" for end in ends}) == len(ends):
            break
    return lambda x: f"{x:.{digits}g}" if x != int(x) else f"{int(x)}"


FINDERS: dict[str, Callable[..., Iterator[tuple[str, Rows]]]] = {
    "category": _categories,
    "boolean": _booleans,
}
"""Column type → its slices; the others have ranges."""
