"""The population stability index, and the bins that it is taken over."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.drift.profile import BUCKETS, Numbers, Values, bucket

__all__ = ["Bins", "number_bins", "psi", "value_bins"]

SHARE = 0.1  # of the profiled rows that a bin of a number column holds, about
UNSEEN, MISSING = "never seen", "missing"
SECONDS = {"day": 86_400, "second": 1}


@dataclass(frozen=True)
class Bins:
    """Rows of both tables a bin; the last bin is that of the gaps.

    Attributes
    ----------
    names : tuple of str
    then, now : ndarray of int64
        Counts of the profiled table and of the new one.
    rest : ndarray of int64
        New rows with values never seen of which no name was kept, by bucket; or none.
    """

    names: tuple[str, ...]
    then: NDArray[np.int64]
    now: NDArray[np.int64]
    rest: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def buckets(self) -> NDArray[np.int64]:
        """The bucket of each bin, by its name."""
        return np.array([bucket(name) for name in self.names], dtype=np.int64)

    @property
    def pooled(self) -> Bins:
        """The bins that the profiled table has rows in, one for all never seen, one for gaps.

        For the index and for the eye. A test must look at each bin: that nothing was in it is
        why it counts as never seen, and all of them together would always have become more.
        """
        seen = np.flatnonzero(self.then[:-1])
        new = int(self.now[:-1].sum() - self.now[seen].sum() + self.rest.sum())
        return Bins(
            (*(self.names[at] for at in seen), UNSEEN, MISSING),
            np.append(self.then[seen], [0, self.then[-1]]),
            np.append(self.now[seen], [new, self.now[-1]]),
        )


def psi(then: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    """The population stability index Σ (q − p) ln(q / p) of two tables' counts in bins.

    p and q are the shares then and now, each table given one more row, spread over the bins by
    the shares of both together: an empty bin then gives no infinity, equal shares give 0
    whatever the numbers of rows, and n rows move a share by at most 1 / (n + 1).
    Source: Yurdakul, Naranjo, "Statistical properties of the population stability index", 2020.
    """
    n, m = int(then.sum()), int(now.sum())
    if not (n and m):
        return 0.0
    filled = (then + now) > 0
    spread = (then[filled] / n + now[filled] / m) / 2
    p, q = (then[filled] + spread) / (n + 1), (now[filled] + spread) / (m + 1)
    return max(0.0, float(((q - p) * np.log(q / p)).sum()))


def number_bins(then: Numbers, now: Numbers, unit: str | None = None) -> Bins:
    """Bins of about a tenth of the profiled rows each, some twenty at most.

    A value that a tenth of the rows share has a bin of its own, and so has each stretch beside
    it in which the table had no row. The profiled table alone decides.

    Parameters
    ----------
    unit : "day" or "second", optional
        What the numbers count since 1970, where they are dates.
    """
    runs = _runs(then.cells)
    names = (_range(then.points, start, end, unit) for start, end in runs)
    starts = [start for start, _ in runs]
    there, here = (
        np.append(np.add.reduceat(each.cells, starts), each.gaps) for each in (then, now)
    )
    return Bins((*names, MISSING), there, here)


def value_bins(then: Values, now: Values) -> Bins:
    """A bin for each value of either table, by name, and one for gaps."""
    names = sorted({*then.counts, *now.unseen})
    there = [then.counts.get(name, 0) for name in names]
    here = [now.counts.get(name, 0) + now.unseen.get(name, 0) for name in names]
    return Bins(
        (*names, MISSING),
        np.array([*there, then.gaps], dtype=np.int64),
        np.array([*here, now.gaps], dtype=np.int64),
        np.array([now.rest.get(at, 0) for at in range(BUCKETS)], dtype=np.int64),
    )


def _runs(cells: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First cell and end of each bin on the line of values."""
    enough = SHARE * int(cells.sum())
    ends, mass, wide = [0], 0, False
    for at, rows in enumerate(cells.tolist()):
        alone = at % 2 == 1 and 0 < rows >= enough
        if alone and ends[-1] < at:
            ends.append(at)
        mass = rows if alone else mass + rows
        if 0 < mass >= enough:
            ends.append(at + 1)
            mass, wide = 0, not alone
    if wide and not mass:
        ends[-1] = len(cells)  # the last bin has no upper end, as the first has no lower
    elif ends[-1] < len(cells):
        ends.append(len(cells))
    return list(pairwise(ends))


def _range(points: NDArray[np.float64], start: int, end: int, unit: str | None) -> str:
    """The bin in words: = 3, ≤ 3, 3 to 5, ≥ 5. Cell 2j + 1 is point j, 2j what lies before it."""
    if end - start == 1 and start % 2 == 1:
        return f"= {_shown(points[start // 2], unit)}"
    if start == 0 and end == 2 * len(points) + 1:
        return "any"
    low, high = (start - 1) // 2 if start % 2 == 0 else start // 2, (end - 1) // 2
    if start == 0:
        sign = "≤" if end % 2 == 0 else "<"
        return f"{sign} {_shown(points[(end - 1) // 2], unit)}"
    if end == 2 * len(points) + 1:
        sign = "≥" if start % 2 == 1 else ">"
        return f"{sign} {_shown(points[low], unit)}"
    return f"{_shown(points[low], unit)} to {_shown(points[high], unit)}"


def _shown(value: float, unit: str | None) -> str:
    if unit is None:
        return f"{value:.6g}"
    moment = np.datetime64(round(value * SECONDS[unit]), "s")
    return str(np.datetime_as_string(moment, "D" if unit == "day" else "m")).replace("T", " ")
