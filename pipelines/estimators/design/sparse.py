"""Passes over a sparse matrix in CSR form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.design.parts import (
    COPY_SIZE,
    F64,
    FEWEST_ROWS,
    gram_of,
    parts_of,
    plain_view,
    sum_of,
)
from pipelines.estimators.kernels.sparse import (
    sparse_curvature,
    sparse_gram,
    sparse_loss,
    sparse_raw,
    sparse_squares,
)
from pipelines.estimators.loss import Codes, Floats
from pipelines.estimators.threads import Team

__all__ = ["SparseDesign"]

# Multiplications of a dense Gram matrix in the time of one of a pair of a row's numbers, and of
# one after its rows were made dense.
PAIR, DENSE = 60.0, 2.0


class SparseDesign:
    """A CSR matrix with float32 or float64 data, used where it lies; sums are float64."""

    rounding = 1e-15

    def __init__(self, X: Any) -> None:
        self.X = X
        self.dtype = X.dtype
        self.shape = (int(X.shape[0]), int(X.shape[1]))
        self.size = int(X.nnz)
        self._csr: tuple[Any, Any, Any] = (
            plain_view(X.data),
            plain_view(X.indices),
            plain_view(X.indptr),
        )

    def _parts(self, outputs: int) -> list[slice]:
        return parts_of(self.shape[0], self.size, self.shape[1] * outputs)

    def loss(
        self, team: Team, code: int, y: Codes, weights: F64, W: F64, b: F64
    ) -> tuple[float, F64, F64]:
        """Σᵢ sᵢ ℓ(yᵢ, xᵢ W + b) and its gradients by W and b."""
        W = np.ascontiguousarray(W)

        def work(rows: slice) -> tuple[float, F64, F64]:
            G, gb = np.zeros(W.shape), np.zeros(W.shape[1])
            ends = rows.start, rows.stop
            total = sparse_loss(code, *self._csr, *ends, y, weights, W, b, G, gb)
            return total, G, gb

        value, G, gb = sum_of(team.map(work, self._parts(W.shape[1])))
        return value, G, gb

    def raw(self, team: Team, W: F64, b: F64) -> F64:
        """X W + b, shape (n, K)."""
        W = np.ascontiguousarray(W)
        raw = np.empty((self.shape[0], W.shape[1]))

        def work(rows: slice) -> None:
            sparse_raw(*self._csr, rows.start, rows.stop, W, b, raw[rows])

        team.map(work, self._parts(W.shape[1]))
        return raw

    def curvature(self, team: Team, P: F64, h: F64, V: F64, c: F64) -> tuple[F64, F64]:
        """The Hessian's product with (V, c)."""
        V = np.ascontiguousarray(V)

        def work(rows: slice) -> tuple[F64, F64]:
            G, gb = np.zeros(V.shape), np.zeros(V.shape[1])
            sparse_curvature(*self._csr, rows.start, rows.stop, P, h, V, c, G, gb)
            return G, gb

        G, gb = sum_of(team.map(work, self._parts(V.shape[1])))
        return G, gb

    def squares(self, team: Team, H: F64) -> F64:
        """(X ∘ X)ᵀ H, shape (d, K)."""

        def work(rows: slice) -> tuple[F64]:
            G = np.zeros((self.shape[1], H.shape[1]))
            sparse_squares(*self._csr, rows.start, rows.stop, H, G)
            return (G,)

        (G,) = sum_of(team.map(work, self._parts(H.shape[1])))
        return G  # type: ignore[no-any-return]

    def _blocks(self, rows: slice) -> Iterator[tuple[slice, Floats]]:
        step = max(COPY_SIZE // max(self.shape[1], 1), FEWEST_ROWS)
        for start in range(rows.start, rows.stop, step):
            place = slice(start, min(start + step, rows.stop))
            yield place, self.X[place].toarray()

    def gram(self, team: Team, h: F64) -> tuple[F64, F64]:
        """Xᵀ diag(h) X and Xᵀ h, for h of at least zero; row by row, or as dense blocks."""
        n, d = self.shape
        if self._row_by_row() > self._dense_gram():
            return gram_of(team, parts_of(n, n * d, d * d), d, self.X.dtype, self._blocks, h)

        def work(rows: slice) -> tuple[F64, F64]:
            half, edge = np.zeros((d, d)), np.zeros(d)
            sparse_gram(*self._csr, rows.start, rows.stop, h, half, edge)
            return half, edge

        half, edge = sum_of(team.map(work, parts_of(n, self.size, d * d)))
        return half + half.T, edge

    def pass_cost(self, outputs: int) -> float:
        """What a pass costs; see `Design`."""
        return (150.0 + 15.0 * outputs) * self.size

    def gram_cost(self) -> float:
        """What `gram` costs; see `Design`."""
        return min(self._row_by_row(), self._dense_gram())

    def _row_by_row(self) -> float:
        return PAIR * float(np.square(np.diff(self.X.indptr), dtype=np.float64).sum()) / 2

    def _dense_gram(self) -> float:
        n, d = self.shape
        return DENSE * n * float(d) ** 2

    def take(self, rows: NDArray[np.intp]) -> SparseDesign:
        """Some of the rows."""
        return SparseDesign(self.X[rows])

    def in_double(self) -> SparseDesign:
        """Itself: the sums of sparse products are float64."""
        return self

    def largest(self) -> float:
        """The largest number in absolute value."""
        return float(np.abs(self.X.data).max(initial=0.0))
