"""Permutation importances: how much a model loses when a column tells it nothing.

Conventions: n rows, K classes; `answer` gives a DataFrame's probabilities, shape (n, K).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.metrics import Interval, log_losses
from pipelines.records.explanation import Importance

__all__ = ["REPEATS", "importances", "sampled", "strongest"]

REPEATS = 3
MOST_ROWS = 2_000
# Rows to answer in all: seconds even for an ensemble of a hundred trees.
MOST_ANSWERS = 30_000
SEED = 20_240_301
Z95 = 1.959963984540054

Answer = Callable[[pd.DataFrame], NDArray[np.float64]]


def sampled(digests: NDArray[np.uint64], columns: int) -> NDArray[np.intp]:
    """The places, in order, of the rows that are looked at: of many those of least digest.

    At most 2,000, and so few that all shuffles of all columns make 30,000 rows.
    """
    most = min(MOST_ROWS, max(1, MOST_ANSWERS // (REPEATS * columns)))
    return np.sort(np.argsort(digests, kind="stable")[:most])


def importances(
    answer: Answer, X: pd.DataFrame, codes: NDArray[np.int32], digests: NDArray[np.uint64]
) -> tuple[Importance, ...]:
    """Each column's rise of the mean log loss when its values are shuffled, greatest first.

    With δᵢⱼ the rise of row i's loss when it takes the value of row j, the rise is the mean of
    δᵢπ₍ᵢ₎ over `REPEATS` shuffles π. Each row counts twice, as the one that takes a value and
    as the one that gives it; the standard error is that of the sum of both parts, equal rows
    taken together. What the number of shuffles adds to it is within it.

    Source: Breiman, "Random forests", 2001, section 10; for the standard error Hoeffding,
    "A class of statistics with asymptotically normal distribution", 1948, section 7.

    Parameters
    ----------
    X : DataFrame, shape (n, columns)
    codes : ndarray of int32, shape (n,)
    digests : ndarray of uint64, shape (n,)
        Equal for equal rows.
    """
    before = log_losses(answer(X), codes)
    _, group = np.unique(digests, return_inverse=True)
    random = np.random.default_rng(SEED)
    givers = np.stack([random.permutation(len(X)) for _ in range(REPEATS)])
    found = [
        Importance(column, _rise(answer, X, column, codes, before, givers, group))
        for column in map(str, X.columns)
    ]
    return tuple(sorted(found, key=lambda each: -each.rise.value))


def _rise(
    answer: Answer,
    X: pd.DataFrame,
    column: str,
    codes: NDArray[np.int32],
    before: NDArray[np.float64],
    givers: NDArray[np.intp],
    group: NDArray[np.intp],
) -> Interval:
    n = len(X)
    values = X[column].to_numpy()
    shuffled = pd.concat([X] * len(givers), ignore_index=True)
    shuffled[column] = values[givers.ravel()]
    after = log_losses(answer(shuffled), np.tile(codes, len(givers)))
    rises = after.reshape(givers.shape) - before
    mean = float(rises.mean())
    given = np.zeros(n)
    np.add.at(given, givers.ravel(), rises.ravel())
    influence = rises.mean(axis=0) + given / len(givers) - 2 * mean
    error = float(np.sqrt((np.bincount(group, influence) ** 2).sum())) / n
    return Interval(mean, mean - Z95 * error, mean + Z95 * error)


def strongest(found: tuple[Importance, ...], among: Any) -> list[str]:
    """Two columns of these whose shuffling costs most; fewer where fewer cost anything."""
    costly = [each.column for each in found if each.rise.value > 0 and each.column in among]
    return costly[:2]
