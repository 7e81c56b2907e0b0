"""The objective of a linear classifier: a loss over the rows and a penalty on the weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pipelines.estimators.design import Design
from pipelines.estimators.design.parts import F64, parts_of
from pipelines.estimators.loss import Codes, Loss
from pipelines.estimators.threads import Team

__all__ = ["LinearObjective"]


@dataclass(frozen=True)
class LinearObjective:
    """Mean loss of a linear predictor with an L2 penalty, as a function of flat weights.

    For n rows of d columns, K outputs, row weights sᵢ with sum S, W of shape (d, K) and the
    intercept b of shape (K,)::

        F(W, b)  = (1/S) Σᵢ sᵢ ℓ(yᵢ, xᵢ W + b) + (λ/2) ‖W‖²
        ∂F/∂W    = (1/S) Σᵢ sᵢ xᵢᵀ ℓ′ᵢ + λ W
        ∂F/∂b    = (1/S) Σᵢ sᵢ ℓ′ᵢ

    With λ = (1 − l1_ratio) / (C S) this is the smooth part of scikit-learn's objective
    divided by C S: the same optimum, and a gradient that does not grow with the table. The
    intercept is not penalised.

    The curvature of a row is that of the log loss: with p = softmax(raw), the K × K matrix
    sᵢ (diag(p) − p pᵀ); with one output sᵢ p (1 − p).

    The flat vector is the matrix (d + 1, K), row after row, the intercept last; (d, K)
    without an intercept.

    Attributes
    ----------
    loss : Loss
    design : Design
        The rows.
    y : ndarray of int, shape (n,)
        Class codes.
    penalty : float
        λ.
    fit_intercept : bool
    team : Team
        The threads that pass over the rows.
    sample_weight : ndarray of float64, shape (n,) or (0,)
        Empty for ones.
    """

    loss: Loss
    design: Design
    y: Codes
    penalty: float
    fit_intercept: bool
    team: Team
    sample_weight: F64 = field(default_factory=partial(np.empty, 0))

    @property
    def n_outputs(self) -> int:
        """K."""
        return self.loss.n_outputs

    @property
    def n_weights(self) -> int:
        """Length of the flat vector."""
        return (self.design.shape[1] + int(self.fit_intercept)) * self.n_outputs

    @property
    def total(self) -> float:
        """S, the sum of the row weights."""
        s = self.sample_weight
        return float(s.sum()) if len(s) else float(len(self.y))

    def take(self, rows: NDArray[np.intp]) -> LinearObjective:
        """The objective over some of the rows; their losses' mean, the same penalty."""
        s = self.sample_weight
        return replace(
            self,
            design=self.design.take(rows),
            y=self.y[rows],
            sample_weight=s[rows] if len(s) else s,
        )

    def split(self, weights: F64) -> tuple[F64, F64]:
        """Views of W, shape (d, K), and of the intercept, shape (K,), zeros if there is none."""
        matrix = weights.reshape(-1, self.n_outputs)
        d = self.design.shape[1]
        return matrix[:d], matrix[d] if self.fit_intercept else np.zeros(self.n_outputs)

    def join(self, W: F64, b: F64) -> F64:
        """The flat vector of W and b."""
        return np.concatenate((W.ravel(), b)) if self.fit_intercept else W.ravel()

    def value_and_gradient(self, weights: F64) -> tuple[float, F64]:
        """F and its gradient, shape (n_weights,), at the flat `weights`."""
        W, b = self.split(weights)
        value, G, gb = self.design.loss(self.team, self.loss.code, self.y, self.sample_weight, W, b)
        gradient = self.join(G / self.total + self.penalty * W, gb / self.total)
        return value / self.total + 0.5 * self.penalty * float(np.vdot(W, W)), gradient

    def row_curvatures(self, weights: F64) -> tuple[F64, F64]:
        """P, shape (n, K), and h, shape (n,): what the rows' curvatures are made of.

        With K outputs, the probabilities and sᵢ / S; with one, h = sᵢ p (1 − p) / S.
        """
        raw = self.design.raw(self.team, *self.split(weights))
        s = self.sample_weight
        h = s / self.total if len(s) else np.full(len(raw), 1 / self.total)
        if self.n_outputs > 1:
            self.team.map(partial(_softmax, raw), parts_of(len(raw), raw.size, 0))
            return raw, h
        p = expit(raw)
        h *= p[:, 0]
        h *= 1 - p[:, 0]
        return p, h

    def hessian_product(self, weights: F64) -> Callable[[F64], F64]:
        """The function v → ∇²F(weights) v; one pass over the rows a call."""
        return partial(self._times_hessian, *self.row_curvatures(weights))

    def _times_hessian(self, P: F64, h: F64, vector: F64) -> F64:
        V, c = self.split(vector)
        G, gb = self.design.curvature(self.team, P, h, V, np.ascontiguousarray(c))
        return self.join(G + self.penalty * V, gb)

    def diagonal(self, weights: F64) -> F64:
        """The diagonal of ∇²F(weights), shape (n_weights,)."""
        P, h = self.row_curvatures(weights)
        H = h[:, None] * P * (1 - P) if self.n_outputs > 1 else h[:, None]
        return self.join(self.design.squares(self.team, H) + self.penalty, H.sum(axis=0))

    def class_block(self, P: F64, h: F64, k: int, other: int) -> F64:
        """The block of ∇²F between outputs k and `other`, shape (d + 1, d + 1) or (d, d).

        P and h are from `row_curvatures`. Between two outputs it is negative.
        """
        if self.n_outputs == 1:
            rows = h
        elif k == other:
            rows = h * P[:, k] * (1 - P[:, k])
        else:
            rows = h * P[:, k] * P[:, other]
        block, edge = self.design.gram(self.team, rows)
        if k == other:
            block[np.diag_indices_from(block)] += self.penalty
        if self.fit_intercept:
            gram, block = block, np.empty((len(block) + 1, len(block) + 1))
            block[:-1, :-1], block[-1, :-1], block[:-1, -1] = gram, edge, edge
            block[-1, -1] = rows.sum()
        if k != other:
            np.negative(block, out=block)
        return block

    def hessian(self, weights: F64) -> F64:
        """∇²F(weights), shape (n_weights, n_weights); K (K + 1) / 2 products of XᵀX's size."""
        P, h = self.row_curvatures(weights)
        K = self.n_outputs
        size = self.n_weights // K
        whole = np.empty((size, K, size, K))
        for k in range(K):
            for other in range(k + 1):
                whole[:, k, :, other] = self.class_block(P, h, k, other)
                whole[:, other, :, k] = whole[:, k, :, other]
        return whole.reshape(self.n_weights, self.n_weights)


def _softmax(raw: F64, rows: slice) -> None:
    """Raw predictions to probabilities, in place."""
    block = raw[rows]
    block -= block.max(axis=1, keepdims=True)
    np.exp(block, out=block)
    block /= block.sum(axis=1, keepdims=True)
