"""How well a column alone tells the class, on terms under which chance tells nothing.

All shares are balanced: the mean over classes of the share of a class's rows that are told
rightly, so that a rare class counts as much as any. With n_k units of class k (distinct rows, or
groups) such a mean of K shares is about as certain as one share of K² / Σ 1/n_k rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.leaks.evidence import Column, wilson

__all__ = ["Judgement", "as_code", "by_neighbours", "by_value"]

# Classes with fewer rows where the column is filled in are left out.
FEWEST_TO_COUNT, FEWEST_TO_LEARN = 3, 10
NEIGHBOURS = 7
BINS = 64
HOPELESS = 0.9
FEWEST_SEEN = 0.9


@dataclass(frozen=True)
class Judgement:
    """A balanced share of the rows, its lower bound, and of how many rows, units, classes.

    It is about as certain as one share of `certain_as` rows.
    """

    share: float
    low: float
    certain_as: float
    rows: int
    units: int
    classes: int


def as_code(column: Column) -> Judgement | None:
    """How far each class has one value of its own, none that two classes share.

    Each row is a unit here unless there are groups: a table of few columns has few distinct
    rows.
    """
    classes = _classes(column, FEWEST_TO_COUNT)
    if len(classes) < 2:
        return None
    counts = _counts(column.value, column.codes, column)
    value = counts[:, classes].argmax(axis=0)
    if len(np.unique(value)) < len(classes):
        return None
    meant = np.full(len(column.known), -1, dtype=np.int64)
    meant[value] = classes
    unit = column.unit if column.grouped else np.arange(len(column.codes))
    return _judgement(meant[column.value], column.codes, unit, classes)


def by_value(column: Column) -> Judgement | None:
    """How often the class that a value mostly has in one half is right in the other.

    Of rows whose value the other half does not have nothing is known; where they are more
    than a tenth, None.
    """
    classes = _classes(column, FEWEST_TO_LEARN)
    if len(classes) < 2:
        return None
    guess = np.full(len(column.codes), -1, dtype=np.int64)
    for half in (False, True):
        learn, judge = column.second == half, column.second != half
        counts = _counts(column.value[learn], column.codes[learn], column)
        weights = counts / np.maximum(counts.sum(axis=0), 1)
        best = np.where(counts.any(axis=1), weights.argmax(axis=1), -1)
        guess[judge] = best[column.value[judge]]
    seen = guess >= 0
    if seen.mean() < FEWEST_SEEN:
        return None
    return _judgement(guess[seen], column.codes[seen], column.unit[seen], classes)


def by_neighbours(column: Column) -> Judgement | None:
    """How often the most frequent class among the nearest numbers of the other half is right."""
    classes = _classes(column, FEWEST_TO_LEARN)
    if len(classes) < 2 or not column.ordered or _hopeless(column, classes):
        return None
    numbers = column.known.to_numpy()[column.value]
    guess = np.empty(len(column.codes), dtype=np.int64)
    for half in (False, True):
        learn, judge = column.second == half, column.second != half
        rarest = np.bincount(column.codes[learn], minlength=column.classes)[classes].min()
        if not rarest:
            return None
        order = np.argsort(numbers[learn], kind="stable")
        near = _nearest(numbers[learn][order], numbers[judge], int(min(NEIGHBOURS, rarest)))
        guess[judge] = _most_frequent(column.codes[learn][order][near])
    return _judgement(guess, column.codes, column.unit, classes)


def _nearest(
    known: NDArray[np.float64], asked: NDArray[np.float64], count: int
) -> NDArray[np.int64]:
    """The places of the `count` nearest of the sorted numbers, the nearest first."""
    middle = sum(np.searchsorted(known, asked, side) for side in ("left", "right")) // 2
    wide = min(2 * count, len(known))
    first = np.clip(middle - wide // 2, 0, len(known) - wide)
    places: NDArray[np.int64] = first[:, None] + np.arange(wide)
    with np.errstate(over="ignore"):
        away = np.abs(known[places] - asked[:, None])
    return np.take_along_axis(places, np.argsort(away, axis=1, kind="stable")[:, :count], axis=1)


def _classes(column: Column, fewest: int) -> NDArray[np.int64]:
    return np.flatnonzero(np.bincount(column.codes, minlength=column.classes) >= fewest)


def _counts(
    value: NDArray[np.int64], codes: NDArray[np.int64], column: Column
) -> NDArray[np.int64]:
    """How often each value stands beside each class, shape (V, K)."""
    cells = len(column.known) * column.classes
    counts = np.bincount(value * column.classes + codes, minlength=cells)
    return counts.reshape(-1, column.classes)


def _hopeless(column: Column, classes: NDArray[np.int64]) -> bool:
    """Whether even bins that know the answer tell too few: it saves most columns' judging."""
    bins = max(BINS, 4 * len(classes))
    rank = np.empty(len(column.value), dtype=np.int64)
    rank[np.argsort(column.value, kind="stable")] = np.arange(len(rank)) * bins // len(rank)
    counts = np.bincount(rank * column.classes + column.codes, minlength=bins * column.classes)
    shares = counts.reshape(bins, -1)[:, classes]
    shares = shares / np.maximum(shares.sum(axis=0), 1)
    return bool(shares.max(axis=1).sum() / len(classes) < HOPELESS)


def _most_frequent(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most frequent code of each row; of several, the first."""
    votes = (codes[:, :, None] == codes[:, None, :]).sum(axis=2)
    return np.take_along_axis(codes, votes.argmax(axis=1)[:, None], axis=1)[:, 0]


def _judgement(
    guess: NDArray[np.int64],
    codes: NDArray[np.int64],
    unit: NDArray[np.int64],
    classes: NDArray[np.int64],
) -> Judgement | None:
    """How often the guesses are right; None where a class has no row among them."""
    most = int(codes.max()) + 1
    pairs = np.unique(unit * most + codes) % most
    sizes, hits, units = (
        np.bincount(each, minlength=int(classes.max()) + 1)[classes]
        for each in (codes, codes[guess == codes], pairs)
    )
    if not sizes.min():
        return None
    share = float((hits / sizes).mean())
    certain_as = len(classes) ** 2 / float((1 / units).sum())
    return Judgement(
        share=share,
        low=wilson(share, certain_as),
        certain_as=certain_as,
        rows=int(sizes.sum()),
        units=int(units.sum()),
        classes=len(classes),
    )
