"""The objective of a linear classifier: a loss over the rows and a penalty on the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.loss import Codes, Floats, Loss
from pipelines.estimators.row_blocks import row_blocks

__all__ = ["LinearObjective"]


class LinearObjective:
    """Mean loss of a linear predictor with an L2 penalty, as a function of flat weights.

    For n rows of d columns, K outputs, row weights sᵢ with sum S, W of shape (d, K) and the
    intercept b of shape (K,)::

        F(W, b)  = (1/S) Σᵢ sᵢ ℓ(yᵢ, xᵢ W + b) + ‖W‖² / (2 C S)
        ∂F/∂W    = (1/S) Σᵢ sᵢ xᵢᵀ ℓ′ᵢ + W / (C S)
        ∂F/∂b    = (1/S) Σᵢ sᵢ ℓ′ᵢ

    This is scikit-learn's C Σ sᵢ ℓᵢ + ½ ‖W‖² divided by C S: the same optimum, and a
    gradient that does not grow with the table. The intercept is not penalised; C = inf
    leaves the penalty out.

    The flat vector is the matrix (d + 1, K), row after row, the intercept last; (d, K)
    without an intercept.

    X is read once an evaluation, in blocks of rows whose size depends on the shape alone;
    the blocks' sums are added in order, in float64.

    Parameters
    ----------
    loss : Loss
    X : ndarray of float32 or float64, shape (n, d)
        Never copied as a whole.
    y : ndarray of int, shape (n,)
        Class codes.
    C : float
        Inverse strength of the penalty.
    fit_intercept : bool
    sample_weight : ndarray of float64, shape (n,), optional
    precision : dtype, optional
        Of the products with X; that of X by default.
    """

    def __init__(
        self,
        loss: Loss,
        X: Floats,
        y: Codes,
        *,
        C: float,
        fit_intercept: bool,
        sample_weight: NDArray[np.float64] | None = None,
        precision: Any = None,
    ) -> None:
        self.loss = loss
        self.X = X
        self.y = y
        self.fit_intercept = fit_intercept
        self.sample_weight = sample_weight
        self.precision = np.dtype(X.dtype if precision is None else precision)
        self.total = float(len(y) if sample_weight is None else sample_weight.sum())
        self.penalty = 1.0 / (C * self.total)
        self.n_weights = (X.shape[1] + int(fit_intercept)) * loss.n_outputs

    def split(
        self, weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Views of W, shape (d, K), and of the intercept, shape (K,), zeros if there is none."""
        matrix = weights.reshape(-1, self.loss.n_outputs)
        d = self.X.shape[1]
        return matrix[:d], matrix[d] if self.fit_intercept else np.zeros(self.loss.n_outputs)

    def value_and_gradient(self, weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """F and its gradient, shape (n_weights,), at the flat `weights`."""
        W, b = self.split(weights)
        gradient = np.zeros_like(weights)
        gradient_W, gradient_b = self.split(gradient)
        factors = np.ascontiguousarray(W, dtype=self.precision)
        value = 0.0
        for block in row_blocks(self.X):
            X = self.X[block].astype(self.precision, copy=False)
            raw = (X @ factors).astype(np.float64, copy=False) + b
            losses, slopes = self.loss.value_and_gradient(self.y[block], raw)
            if self.sample_weight is not None:
                losses = losses * self.sample_weight[block]
                slopes = slopes * self.sample_weight[block, None]
            value += float(losses.sum())
            gradient_W += X.T @ slopes.astype(self.precision, copy=False)
            gradient_b += slopes.sum(axis=0)
        gradient /= self.total
        gradient_W += self.penalty * W
        return value / self.total + 0.5 * self.penalty * float(np.vdot(W, W)), gradient
