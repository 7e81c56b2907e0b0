"""Passes over a dense matrix."""

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
from pipelines.estimators.kernels.dense import dense_curvature, dense_loss, dense_squares
from pipelines.estimators.loss import Codes, Floats
from pipelines.estimators.threads import Team

__all__ = ["DenseDesign"]

# BLAS multiplies without a copy of its operands while rows · d · K stays below this.
SMALL_PRODUCT = 600_000
MOST_ROWS = 1024
# The share of a mean loss that is lost in products of this precision.
ROUNDING = {np.dtype(np.float64): 1e-15, np.dtype(np.float32): 1e-8}


class DenseDesign:
    """A dense matrix of any layout, which is never copied as a whole.

    Rows that lie in C order in the wanted precision are used where they are; others, and
    some out of all rows, are copied block by block.

    Parameters
    ----------
    X : ndarray, shape (m, d)
    precision : dtype, optional
        Of the products; X's own by default.
    rows : ndarray of intp, shape (n,), optional
        Which rows of X, all by default.
    """

    def __init__(
        self, X: Floats, precision: Any = None, rows: NDArray[np.intp] | None = None
    ) -> None:
        self.X, self._rows = X, rows
        self.dtype = np.dtype(X.dtype if precision is None else precision)
        self.shape = (len(X) if rows is None else len(rows), X.shape[1])
        self.size = self.shape[0] * self.shape[1]
        self.rounding = ROUNDING[self.dtype]
        in_place = rows is None and X.flags.c_contiguous and X.dtype == self.dtype
        self._plain = plain_view(X) if in_place else None

    def _blocks(self, rows: slice) -> Iterator[tuple[slice, Floats]]:
        """The rows as C-ordered arrays with their places: all at once, or as copies."""
        if self._plain is not None:
            yield rows, self._plain[rows]
            return
        step = max(COPY_SIZE // max(self.shape[1], 1), FEWEST_ROWS)
        buffer = np.empty((min(step, rows.stop - rows.start), self.shape[1]), dtype=self.dtype)
        for start in range(rows.start, rows.stop, step):
            place = slice(start, min(start + step, rows.stop))
            block = buffer[: place.stop - place.start]
            if self._rows is None:
                np.copyto(block, self.X[place], casting="same_kind")
            elif self.X.dtype == self.dtype:
                np.take(self.X, self._rows[place], axis=0, out=block, mode="clip")
            else:
                np.copyto(block, self.X[self._rows[place]], casting="same_kind")
            yield place, block

    def _parts(self, outputs: int) -> list[slice]:
        return parts_of(self.shape[0], self.size, self.shape[1] * outputs)

    def _step(self, outputs: int) -> int:
        rows: int = SMALL_PRODUCT // max(self.shape[1] * outputs, 1)
        return min(max(rows, FEWEST_ROWS), MOST_ROWS)

    def loss(
        self, team: Team, code: int, y: Codes, weights: F64, W: F64, b: F64
    ) -> tuple[float, F64, F64]:
        """Σᵢ sᵢ ℓ(yᵢ, xᵢ W + b) and its gradients by W and b."""
        narrow = np.ascontiguousarray(W, dtype=self.dtype)
        step = self._step(W.shape[1])

        def work(rows: slice) -> tuple[float, F64, F64]:
            total, G, gb = 0.0, np.zeros(W.shape), np.zeros(W.shape[1])
            for place, block in self._blocks(rows):
                s = weights[place]
                total += dense_loss(code, block, y[place], s, narrow, b, G, gb, step)
            return total, G, gb

        value, G, gb = sum_of(team.map(work, self._parts(W.shape[1])))
        return value, G, gb

    def raw(self, team: Team, W: F64, b: F64) -> F64:
        """X W + b, shape (n, K), the product in the design's precision."""
        narrow = np.ascontiguousarray(W, dtype=self.dtype)
        raw = np.empty((self.shape[0], W.shape[1]))

        def work(rows: slice) -> None:
            for place, block in self._blocks(rows):
                np.add(block @ narrow, b, out=raw[place])

        team.map(work, self._parts(W.shape[1]))
        return raw

    def curvature(self, team: Team, P: F64, h: F64, V: F64, c: F64) -> tuple[F64, F64]:
        """The Hessian's product with (V, c)."""
        narrow = np.ascontiguousarray(V, dtype=self.dtype)
        step = self._step(V.shape[1])

        def work(rows: slice) -> tuple[F64, F64]:
            G, gb = np.zeros(V.shape), np.zeros(V.shape[1])
            for place, block in self._blocks(rows):
                dense_curvature(block, P[place], h[place], narrow, c, G, gb, step)
            return G, gb

        G, gb = sum_of(team.map(work, self._parts(V.shape[1])))
        return G, gb

    def squares(self, team: Team, H: F64) -> F64:
        """(X ∘ X)ᵀ H, shape (d, K)."""
        step = self._step(H.shape[1])

        def work(rows: slice) -> tuple[F64]:
            G = np.zeros((self.shape[1], H.shape[1]))
            for place, block in self._blocks(rows):
                dense_squares(block, H[place], G, step)
            return (G,)

        (G,) = sum_of(team.map(work, self._parts(H.shape[1])))
        return G  # type: ignore[no-any-return]

    def gram(self, team: Team, h: F64) -> tuple[F64, F64]:
        """Xᵀ diag(h) X and Xᵀ h, for h of at least zero."""
        parts = parts_of(self.shape[0], self.size, self.shape[1] ** 2)
        return gram_of(team, parts, self.shape[1], self.dtype, self._blocks, h)

    def pass_cost(self, outputs: int) -> float:
        """What a pass costs; see `Design`."""
        return float((15 + 4 * outputs) * self.size)

    def gram_cost(self) -> float:
        """What `gram` costs; see `Design`."""
        return float(self.size * self.shape[1])

    def take(self, rows: NDArray[np.intp]) -> DenseDesign:
        """Some of the rows, which stay where they are."""
        return DenseDesign(self.X, self.dtype, rows if self._rows is None else self._rows[rows])

    def in_double(self) -> DenseDesign:
        """The same matrix with products in float64; itself if they are."""
        return self if self.dtype == np.float64 else DenseDesign(self.X, np.float64, self._rows)

    def largest(self) -> float:
        """The largest number in absolute value."""
        return float(max(self.X.max(), -self.X.min()))
