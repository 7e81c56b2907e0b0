"""The rows that a network learns from, whatever holds them, read a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from pipelines.estimators.kernels.network import Rows
from pipelines.estimators.loss import Codes, Floats

__all__ = ["NetworkRows"]

# Numbers of X in the copy of a piece, where one is needed.
COPIED = 2**20


class NetworkRows:
    """Rows, class codes and row weights, as the kernels read them.

    C-contiguous arrays, memory-mapped ones among them, are read where they are. Of others
    (sparse, Fortran order, columns of a wider table) some batches at a time are copied.

    Parameters
    ----------
    X : ndarray or sparse matrix, float32 or float64, shape (n, d)
    y : ndarray of int, shape (n,)
        Class codes.
    weights : ndarray of float64, shape (n,), or (0,) for ones
    """

    def __init__(self, X: Any, y: Codes, weights: NDArray[np.float64]) -> None:
        self.X = X
        self.y = np.ascontiguousarray(y, dtype=np.intp)
        self.weights = np.ascontiguousarray(weights)
        self.total = float(weights.sum() if len(weights) else len(y))
        flags = None if issparse(X) else X.flags
        self.in_place = flags is not None and flags.c_contiguous and flags.aligned

    def __len__(self) -> int:
        return len(self.y)

    def totals(self, order: NDArray[np.intp], batch_size: int) -> NDArray[np.float64]:
        """The sum of the row weights in each batch of the order."""
        starts = np.arange(0, len(order), batch_size)
        if len(self.weights):
            sums: NDArray[np.float64] = np.add.reduceat(self.weights[order], starts)
            return sums
        return np.minimum(batch_size, len(order) - starts).astype(np.float64)

    def pieces(self, order: NDArray[np.intp], size: int) -> Iterator[Rows]:
        """The rows in the order, in pieces of a multiple of `size` rows, the last one less."""
        copied = size * max(1, COPIED // (size * self.X.shape[1]))
        step = len(order) if self.in_place else copied
        for start in range(0, len(order), step):
            picked = order[start : start + step]
            if self.in_place:
                yield Rows(read_only(self.X), self.y, self.weights, picked)
            else:
                weights = self.weights[picked] if len(self.weights) else self.weights
                X = read_only(dense_rows(self.X, picked))
                yield Rows(X, self.y[picked], weights, np.arange(len(picked)))


def dense_rows(X: Any, picked: Any) -> Floats:
    """A copy of some rows as a C-contiguous array."""
    rows: Floats = X[picked].toarray() if issparse(X) else np.take(X, picked, axis=0)  # type: ignore[index]
    return np.ascontiguousarray(rows)


def read_only(X: Floats) -> Floats:
    """The array as one that cannot be written: one form for the kernels to compile."""
    view = X.view(np.ndarray)
    view.flags.writeable = False
    return view
