"""Columns that separate a class from all others alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils.sparsefuncs import min_max_axis

from pipelines.estimators.loss import Codes

__all__ = ["Threshold", "thresholds"]

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Threshold:
    """A column with a class on one side of a border and all other rows on the other.

    Attributes
    ----------
    column, code : int
        The column, and the class's code.
    sign : int
        1 where the class has the larger values, −1 where it has the smaller.
    near, far : float
        The class's value and the others' value next to the border.
    n_rows, own_rows : int
        Rows that are not on the border, and those of them of the class.
    """

    column: int
    code: int
    sign: int
    near: float
    far: float
    n_rows: int
    own_rows: int


def ranges(X: Any, y: Codes, n_classes: int) -> tuple[F64, F64]:
    """The least and the greatest value of each column in each class, shape (n_classes, d)."""
    low = np.full((n_classes, X.shape[1]), np.inf)
    high = -low
    for code in range(n_classes):
        rows = np.flatnonzero(y == code)
        if len(rows):
            picked = X[rows]
            if issparse(X):
                low[code], high[code] = min_max_axis(picked, axis=0)
            else:
                low[code], high[code] = picked.min(axis=0), picked.max(axis=0)
    return low, high


def thresholds(X: Any, y: Codes, n_classes: int, fit_intercept: bool) -> list[Threshold]:
    """The columns that separate a class from the others alone, most rows first.

    A column that is constant but within one class is among them, such as the dummy column of
    a level that only one class has. Without an intercept the border can only be zero.
    """
    low, high = ranges(X, y, n_classes)
    varies = low.min(axis=0) < high.max(axis=0)
    # In CSR form each column would cost a pass over all numbers.
    sparse: bool = issparse(X)
    by_column = X.tocsc() if sparse else X
    found: dict[int, Threshold] = {}
    for code, sign in product(np.unique(y).tolist(), (1, -1)):
        others = np.arange(n_classes) != code
        mine = y == code
        near = low[code] if sign > 0 else high[code]
        far = high[others].max(axis=0) if sign > 0 else low[others].min(axis=0)
        separates = varies & (sign * (near - far) >= 0)
        if not fit_intercept:
            separates &= (sign * near >= 0) & (sign * far <= 0)
        for column in np.flatnonzero(separates).tolist():
            off = off_border(by_column, column, near[column], far[column], fit_intercept)
            counts = int(np.count_nonzero(off)), int(np.count_nonzero(off & mine))
            each = Threshold(column, code, sign, float(near[column]), float(far[column]), *counts)
            if column not in found or counts > (found[column].n_rows, found[column].own_rows):
                found[column] = each
    return sorted(found.values(), key=lambda each: (-each.n_rows, each.column))


def off_border(
    X: Any, column: int, near: float, far: float, fit_intercept: bool
) -> NDArray[np.bool_]:
    """Which rows of X, dense or CSC, are not on the border; all where it lies between values."""
    if fit_intercept and near != far:
        return np.ones(X.shape[0], dtype=bool)
    sparse: bool = issparse(X)
    if sparse:
        place = slice(X.indptr[column], X.indptr[column + 1])
        values = np.zeros(X.shape[0])
        values[X.indices[place]] = X.data[place]
    else:
        values = X[:, column]
    apart: NDArray[np.bool_] = values != (far if fit_intercept else 0)
    return apart
