"""The latest rows test, those before them validate, and a gap between the parts is left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.config import TimeSplit
from pipelines.contracts.columns import DAY
from pipelines.digests import row_digests
from pipelines.records import DataError, Parts, Table
from pipelines.steps.split.placed import Bounds, Placed

__all__ = ["digested", "digests", "place", "remedy", "times"]


def digested(config: TimeSplit, columns: Sequence[str]) -> list[str]:
    """Every column and the time."""
    return ["time", config.column, *sorted(columns)]


def digests(table: Table, config: TimeSplit) -> NDArray[np.uint64]:
    """Of the row's values and its time: the same values at another time are another row."""
    name = config.column
    key = pa.array(times(table))
    known = name in table.features.column_names
    return row_digests(table.features if known else table.features.append_column(name, key))


def times(table: Table) -> NDArray[np.float64]:
    """The time of each row."""
    assert table.key is not None  # ingest reads the column that the split names
    return np.asarray(table.key.to_numpy(zero_copy_only=False), dtype=np.float64)


def place(table: Table, _digests: NDArray[np.uint64], config: TimeSplit) -> Placed:
    """The shares of the rows, as near as equal times let them be: they stay together.

    Every row of a part is later by `gap` at least than every row of the part before it.

    Raises
    ------
    DataError
        If all rows have one time, or a part has no row. Moved rows would be no answer to
        that: where the gap has taken a part, they would stand within it.
    """
    t = times(table)
    moments, counts = np.unique(t, return_counts=True)
    if len(moments) < 2:
        raise DataError(
            f"All rows have the same time in {config.column!r}, so none is later than another. "
            "Split by another column, or by hash."
        )
    gap = config.gap * table.key_unit
    part = np.full(len(t), -1, dtype=np.int8)
    bounds: dict[str, Bounds] = {}
    before = len(moments)
    shares = {"test": config.test, "validation": config.validation, "train": 1.0}
    names = [name for name, share in shares.items() if share > 0]
    for name in names:
        start = 0
        if name != "train":
            start = _start(counts[:before], shares[name] * len(t))
        if start < before:
            first, last = float(moments[start]), float(moments[before - 1])
            part[(t >= first) & (t <= last)] = Parts.NAMES.index(name)
            bounds[name] = (first, last)
            before = int(np.searchsorted(first - moments[:start] < gap, True))
    if empty := [name for name in reversed(names) if name not in bounds]:
        raise DataError(_emptied(empty, moments, table.key_unit, config))
    return Placed(part, t, bounds, f"points in time of {config.column!r}")


def remedy(config: TimeSplit) -> str:
    """What to do where a class is missing from a part."""
    smaller = " or a smaller gap" if config.gap else ""
    return (
        f'Choose other shares{smaller} in [split], set absent = "keep" to move the rows nearest '
        "in time, or give the table more rows."
    )


def _emptied(
    empty: Sequence[str], moments: NDArray[np.float64], unit: float, config: TimeSplit
) -> str:
    one = len(empty) == 1
    what = f"{' and '.join(empty)} {'has' if one else 'have'} no row at all"
    if not config.gap:
        return (
            f"{what}: {config.column!r} has {len(moments)} points in time, and rows of one time "
            "stay together. Choose other shares in [split], or give the table more rows."
        )
    span = (moments[-1] - moments[0]) / unit
    days = " days" if unit == DAY else ""
    return (
        f"{what}: the gap of {config.gap:g}{days} before each later part leaves nothing of a "
        f"table whose rows span {span:g}{days} in {config.column!r}. Choose a smaller gap or "
        "other shares in [split], or give the table more rows."
    )


def _start(counts: NDArray[np.int64], wanted: float) -> int:
    """Where the latest moments begin that together have nearest to `wanted` rows.

    At least one moment is left before them.
    """
    tails = counts[::-1].cumsum()[::-1][1:]
    return 1 + int(np.abs(tails - wanted).argmin()) if len(tails) else len(counts)
