"""A fully connected network on flat weights: forward pass, loss and gradient in fixed buffers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from pipelines.estimators.activation import ACTIVATIONS
from pipelines.estimators.loss import Codes, Floats, Loss

__all__ = ["Network", "forward"]


def forward(X: Floats, coefs: list[Floats], intercepts: list[Floats], activation: str) -> Floats:
    """The raw predictions, shape (n_rows, n_outputs): the last layer before its activation."""
    a = X
    for last, (W, b) in enumerate(zip(coefs, intercepts, strict=True), start=1 - len(coefs)):
        a = a @ W
        a += b
        if last < 0:
            ACTIVATIONS[activation].apply(a)
    return a


class Network:
    """Mean loss of a network with an L2 penalty, as a function of flat weights.

    For a batch of n rows, layers l = 1 … L, the activation f between them::

        a₀ = X,  zₗ = aₗ₋₁ Wₗ + bₗ,  aₗ = f(zₗ)
        F  = (1/n) Σᵢ ℓ(yᵢ, z_L,ᵢ) + (α / 2n) Σₗ ‖Wₗ‖²

        δ_L = ℓ′ / n,  δₗ = (δₗ₊₁ Wₗ₊₁ᵀ) · f′(zₗ)
        ∂F/∂Wₗ = aₗ₋₁ᵀ δₗ + (α / n) Wₗ,  ∂F/∂bₗ = Σᵢ δₗ,ᵢ

    With one batch of all rows and no hidden layer this is LinearObjective with C = 1/α.

    Parameters
    ----------
    loss : Loss
    sizes : list of int
        Width of every layer: features, hidden layers, outputs.
    activation : str
        A name in ACTIVATIONS.
    alpha : float
    dtype : dtype
        float32 or float64, of weights, buffers and products.
    batch_size : int
        The most rows a batch will have; the buffers are made for it.

    Attributes
    ----------
    weights, gradient : ndarray of dtype, flat
    coefs, intercepts : list of ndarray
        Views into `weights`, one a layer: shapes (fan_in, fan_out) and (fan_out,).
    """

    def __init__(
        self,
        loss: Loss,
        sizes: list[int],
        activation: str,
        alpha: float,
        dtype: Any,
        batch_size: int,
    ) -> None:
        self.loss = loss
        self.sizes = sizes
        self.activation = activation
        self.alpha = alpha
        count = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
        self.weights = np.zeros(count, dtype=dtype)
        self.gradient = np.zeros(count, dtype=dtype)
        self.coefs, self.intercepts = self._layers(self.weights)
        self._coef_gradients, self._intercept_gradients = self._layers(self.gradient)
        self._activations = [np.empty((batch_size, width), dtype=dtype) for width in sizes[1:]]
        self._deltas = [np.empty((batch_size, width), dtype=dtype) for width in sizes[1:-1]]

    def _layers(self, flat: Floats) -> tuple[list[Floats], list[Floats]]:
        coefs, intercepts, start = [], [], 0
        for fan_in, fan_out in pairwise(self.sizes):
            middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
            coefs.append(flat[start:middle].reshape(fan_in, fan_out))
            intercepts.append(flat[middle:end])
            start = end
        return coefs, intercepts

    def initialise(self, random: RandomState) -> None:
        """Draw all weights from U(−h, h), h = √(6 / (fan_in + fan_out)); 2 for logistic units.

        Glorot and Bengio, 2010, as scikit-learn draws them.
        """
        factor = 2.0 if self.activation == "logistic" else 6.0
        for W, b in zip(self.coefs, self.intercepts, strict=True):
            bound = np.sqrt(factor / sum(W.shape))
            W[...] = random.uniform(-bound, bound, W.shape)
            b[...] = random.uniform(-bound, bound, b.shape)

    def value_and_gradient(self, X: Floats, y: Codes) -> tuple[float, Floats]:
        """F over a batch, and its gradient by the flat weights in a buffer that is reused."""
        n = len(X)
        f = ACTIVATIONS[self.activation]
        values: list[NDArray[Any]] = [X, *(buffer[:n] for buffer in self._activations)]
        last = len(values) - 1
        for layer in range(last):
            np.matmul(values[layer], self.coefs[layer], out=values[layer + 1])
            values[layer + 1] += self.intercepts[layer]
            if layer + 1 < last:
                f.apply(values[layer + 1])

        losses, delta = self.loss.value_and_gradient(y, values[last])
        delta /= n
        for layer in reversed(range(last)):
            np.matmul(values[layer].T, delta, out=self._coef_gradients[layer])
            np.sum(delta, axis=0, out=self._intercept_gradients[layer])
            if layer > 0:
                delta = np.matmul(delta, self.coefs[layer].T, out=self._deltas[layer - 1][:n])
                f.backpropagate(values[layer], delta)
        return float(losses.mean(dtype=np.float64)) + self._penalise(n), self.gradient

    def _penalise(self, n: int) -> float:
        """The penalty's value; its gradient is added to the buffer."""
        if self.alpha == 0:
            return 0.0
        squares = 0.0
        for W, gradient in zip(self.coefs, self._coef_gradients, strict=True):
            gradient += (self.alpha / n) * W
            squares += float(np.vdot(W, W))
        return 0.5 * self.alpha / n * squares
