"""Adam (Kingma and Ba, 2015, Algorithm 1 in the order of its section 2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Adam"]


class Adam:
    """Steps along the gradient's running mean, divided by its running root mean square.

    With the gradient g at step t, all operations elementwise::

        m ← β₁ m + (1 − β₁) g
        v ← β₂ v + (1 − β₂) g²
        w ← w − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)

    m and v begin at zero; the factor before m takes the bias of that beginning out again.

    Parameters
    ----------
    weights : ndarray of float32 or float64
        Changed in place by `step`; m and v are of its shape and precision.
    learning_rate : float
        η, the step size.
    beta_1, beta_2 : float
        Memory of m and v.
    epsilon : float
        Keeps the division finite.
    """

    def __init__(
        self,
        weights: NDArray[np.floating[Any]],
        *,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        self.weights = weights
        self.learning_rate = learning_rate
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.m = np.zeros_like(weights)
        self.v = np.zeros_like(weights)
        self.t = 0
        self._scratch = np.empty_like(weights)

    def step(self, gradient: NDArray[np.floating[Any]]) -> None:
        """Change the weights by one step. `gradient` is used as scratch and lost."""
        self.t += 1
        m, v, g, s = self.m, self.v, gradient, self._scratch

        m *= self.beta_1
        m += np.multiply(1 - self.beta_1, g, out=s)

        v *= self.beta_2
        v += np.multiply(1 - self.beta_2, np.square(g, out=g), out=g)

        rate = self.learning_rate * np.sqrt(1 - self.beta_2**self.t) / (1 - self.beta_1**self.t)
        np.sqrt(v, out=s)
        s += self.epsilon
        np.divide(m, s, out=s)
        self.weights -= np.multiply(float(rate), s, out=s)
