"""A fully connected network on flat weights, with the buffers for its gradient."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from scipy.sparse import issparse

from pipelines.estimators.activation import ACTIVATIONS
from pipelines.estimators.kernels.network import BLOCK, Shape, Space, rows_gradient
from pipelines.estimators.loss import Floats, Loss
from pipelines.estimators.network_rows import NetworkRows
from pipelines.estimators.row_blocks import row_blocks
from pipelines.estimators.threads import Team, one_blas_thread

__all__ = ["Network", "forward", "raw_predictions"]

# A batch is split into shares for threads from this many multiplications on, some 30 µs' work
# for one of them, and into no smaller and no more shares than these.
WORTH_SHARING = 2**19
FEWEST_ROWS, MOST_SHARES = 100, 4
# Weights a part: an optimizer's arrays of a part stay in the second-level cache.
PART = 2**14
# Rows whose gradient is summed in the weights' precision before it is added in float64.
PIECE = 2**13


def forward(X: Floats, coefs: list[Floats], intercepts: list[Floats], activation: str) -> Floats:
    """The raw predictions, shape (n_rows, n_outputs): the last layer before its activation."""
    a = X
    for last, (W, b) in enumerate(zip(coefs, intercepts, strict=True), start=1 - len(coefs)):
        a = a @ W
        a += b
        if last < 0:
            ACTIVATIONS[activation].apply(a)
    return a


def raw_predictions(
    X: Any, coefs: list[Floats], intercepts: list[Floats], activation: str
) -> Floats:
    """The raw predictions for dense or CSR rows, a block of which is dense at a time."""
    dtype = np.result_type(X.dtype, coefs[0].dtype)
    raw = np.empty((X.shape[0], len(intercepts[-1])), dtype=dtype)
    with one_blas_thread():
        for block in row_blocks(X):
            rows = X[block].toarray() if issparse(X) else X[block]  # type: ignore[index]
            raw[block] = forward(rows, coefs, intercepts, activation)
    return raw


class Network:
    """Mean loss of a network with an L2 penalty, as a function of flat weights.

    For a batch of rows with weights sᵢ that sum to S, layers l = 1 … L, the activation f
    between them::

        a₀ = X,  zₗ = aₗ₋₁ Wₗ + bₗ,  aₗ = f(zₗ)
        F  = (1/S) Σᵢ sᵢ ℓ(yᵢ, z_L,ᵢ) + (α / 2S) Σₗ ‖Wₗ‖²

        δ_L = s ℓ′ / S,  δₗ = (δₗ₊₁ Wₗ₊₁ᵀ) · f′(zₗ)
        ∂F/∂Wₗ = aₗ₋₁ᵀ δₗ + (α / S) Wₗ,  ∂F/∂bₗ = Σᵢ δₗ,ᵢ

    With one batch of all rows and no hidden layer this is LinearObjective with C = 1/α.

    With dropout p a hidden unit is left out of a row with probability p and counts
    1 / (1 − p) times where it stays (Srivastava et al., 2014), so that predictions need no
    correction.

    Parameters
    ----------
    loss : Loss
    sizes : list of int
        Width of every layer: features, hidden layers, outputs.
    activation : str
        A name in ACTIVATIONS.
    dtype : dtype
        float32 or float64, of weights, buffers and products.
    alpha : float
    dropout : float
    batch_size : int
        Rows of a batch; how it is split into shares depends on it.

    Attributes
    ----------
    weights : ndarray of dtype, flat
    coefs, intercepts : list of ndarray
        Views into `weights`, one a layer: shapes (fan_in, fan_out) and (fan_out,).
    """

    def __init__(
        self,
        loss: Loss,
        sizes: list[int],
        activation: str,
        dtype: Any,
        *,
        alpha: float,
        dropout: float,
        batch_size: int,
    ) -> None:
        self.sizes, self.activation, self.alpha = sizes, activation, float(alpha)
        count = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
        self.weights = np.zeros(count, dtype=dtype)
        self.coefs, self.intercepts = self.layers(self.weights)
        self.shape = Shape(np.array(sizes), ACTIVATIONS[activation].code, loss.code, float(dropout))
        self.shares = 1
        if batch_size * count >= WORTH_SHARING:
            self.shares = min(max(batch_size // FEWEST_ROWS, 1), MOST_SHARES)
        self.share_size = -(-batch_size // self.shares)
        room = (self.shares, BLOCK * sum(sizes))
        self.space = Space(
            gradient=np.zeros((self.shares, count), dtype=dtype),
            extra=np.zeros((self.shares, count), dtype=dtype),
            activations=np.zeros(room, dtype=dtype),
            deltas=np.zeros(room, dtype=dtype),
            labels=np.zeros((self.shares, BLOCK), dtype=np.intp),
            weights=np.zeros((self.shares, BLOCK)),
        )
        self.parts = self._parts()

    def layers(self, flat: Floats) -> tuple[list[Floats], list[Floats]]:
        """Views of each layer's coefficients and intercepts in a flat array of weights."""
        coefs, intercepts, start = [], [], 0
        for fan_in, fan_out in pairwise(self.sizes):
            middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
            coefs.append(flat[start:middle].reshape(fan_in, fan_out))
            intercepts.append(flat[middle:end])
            start = end
        return coefs, intercepts

    def _parts(self) -> NDArray[np.int64]:
        """Start, end, and whether it holds coefficients, of each part of the weights."""
        parts, start = [], 0
        for fan_in, fan_out in pairwise(self.sizes):
            for length, coefficients in ((fan_in * fan_out, 1), (fan_out, 0)):
                end = start + length
                parts += [
                    (each, min(each + PART, end), coefficients) for each in range(start, end, PART)
                ]
                start = end
        return np.array(parts, dtype=np.int64)

    def initialise(self, random: RandomState) -> None:
        """Draw all weights from U(−h, h), h = √(6 / (fan_in + fan_out)); 2 for logistic units.

        Glorot and Bengio, 2010, as scikit-learn draws them.
        """
        factor = 2.0 if self.activation == "logistic" else 6.0
        for W, b in zip(self.coefs, self.intercepts, strict=True):
            bound = np.sqrt(factor / sum(W.shape))
            W[...] = random.uniform(-bound, bound, W.shape)
            b[...] = random.uniform(-bound, bound, b.shape)

    def value_and_gradient(
        self, rows: NetworkRows, team: Team, seed: int = 0
    ) -> tuple[float, NDArray[np.float64]]:
        """F over all rows, and its gradient by the flat weights, both in float64."""
        loss, gradient, done = 0.0, np.zeros(self.weights.size), 0
        for piece in rows.pieces(np.arange(len(rows)), PIECE):
            n = len(piece.order)
            share = -(-n // self.shares)

            def part(
                index: int, piece: Any = piece, n: int = n, share: int = share, done: int = done
            ) -> float:
                begin, end = min(index * share, n), min((index + 1) * share, n)
                return rows_gradient(
                    piece,
                    self.shape,
                    self.space,
                    index,
                    self.weights,
                    begin,
                    end,
                    np.uint64(seed),
                    done + begin,
                )

            loss += sum(team.map(part, range(self.shares)))
            for share_gradient in self.space.gradient:
                gradient += share_gradient
            done += n
        squares = 0.0
        for W, slope in zip(self.coefs, self.layers(gradient)[0], strict=True):
            slope += self.alpha * W
            squares += float(np.vdot(W, W))
        gradient /= rows.total
        return (loss + 0.5 * self.alpha * squares) / rows.total, gradient
