"""Pointwise losses in raw-prediction space.

One convention for the whole module: n rows, K outputs; `y` holds class codes 0, 1, …,
shape (n,); `raw` holds the raw predictions (the linear predictor, the network's last layer
before its activation), shape (n, K). Every function is finite for any finite `raw` and
computes in the precision of `raw`. Fits call the compiled twin, `kernels.losses.loss_rows`,
with the loss's `code`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from pipelines.estimators.kernels.losses import (
    BINARY_LOG_LOSS,
    BINARY_SQUARED_ERROR,
    MULTINOMIAL_LOG_LOSS,
    MULTINOMIAL_SQUARED_ERROR,
)

__all__ = [
    "LOSSES",
    "BinaryLogLoss",
    "BinarySquaredError",
    "Loss",
    "MultinomialLogLoss",
    "MultinomialSquaredError",
    "log_loss_for",
    "squared_error_for",
]

Floats = NDArray[np.floating[Any]]
Codes = NDArray[np.integer[Any]]


class Loss(Protocol):
    """What an objective needs to know of a loss."""

    n_outputs: int
    code: int

    def value_and_gradient(self, y: Codes, raw: Floats) -> tuple[Floats, Floats]:
        """The loss of each row, shape (n,), and its derivative by `raw`, shape (n, K)."""
        ...

    def probabilities(self, raw: Floats) -> Floats:
        """The probability of each class, shape (n, n_classes)."""
        ...

    def log_probabilities(self, raw: Floats) -> Floats:
        """The logarithm of each class's probability, shape (n, n_classes)."""
        ...


class BinaryLogLoss:
    """Log loss of two classes with one output, the log odds r of class 1.

    With the margin m = r for y = 0 and m = −r for y = 1::

        ℓ(y, r) = log(1 + exp(m)) = max(m, 0) + log1p(exp(−|m|))
        ∂ℓ/∂r   = ±σ(m), the sign of m / r

    The second form never raises e to a positive power, and the gradient keeps its relative
    precision where σ(r) − y would cancel.
    """

    n_outputs = 1
    code = BINARY_LOG_LOSS

    def value_and_gradient(self, y: Codes, raw: Floats) -> tuple[Floats, Floats]:
        """The loss of each row, shape (n,), and its derivative by `raw`, shape (n, 1)."""
        sign = (1 - 2 * y).astype(raw.dtype)
        margin = sign * raw[:, 0]
        tail = np.exp(-np.abs(margin))
        value = np.maximum(margin, 0) + np.log1p(tail)
        gradient = sign * np.where(margin >= 0, 1, tail) / (1 + tail)
        return value, gradient[:, None]

    def probabilities(self, raw: Floats) -> Floats:
        """The probabilities σ(−r) and σ(r), shape (n, 2)."""
        pair: Floats = np.concatenate((expit(-raw), expit(raw)), axis=1)
        return pair

    def log_probabilities(self, raw: Floats) -> Floats:
        """Log σ(−r) and log σ(r), shape (n, 2)."""
        pair: Floats = np.concatenate((log_expit(-raw), log_expit(raw)), axis=1)
        return pair


class MultinomialLogLoss:
    """Log loss of K classes with one output a class.

    With p = softmax(raw)::

        ℓ(y, raw)   = log Σₖ exp(rawₖ) − raw_y
        ∂ℓ/∂rawₖ    = pₖ − [k = y]

    The row's maximum is taken off first, so that no exponential overflows.
    """

    code = MULTINOMIAL_LOG_LOSS

    def __init__(self, n_classes: int) -> None:
        self.n_outputs = n_classes

    def value_and_gradient(self, y: Codes, raw: Floats) -> tuple[Floats, Floats]:
        """The loss of each row, shape (n,), and its derivative by `raw`, shape (n, K)."""
        rows = np.arange(len(y))
        shifted = raw - raw.max(axis=1, keepdims=True)
        gradient = np.exp(shifted)
        total = gradient.sum(axis=1)
        value = np.log(total) - shifted[rows, y]
        gradient /= total[:, None]
        gradient[rows, y] -= 1
        return value, gradient

    def probabilities(self, raw: Floats) -> Floats:
        """The softmax of each row, shape (n, K)."""
        exponentials: Floats = np.exp(raw - raw.max(axis=1, keepdims=True))
        exponentials /= exponentials.sum(axis=1, keepdims=True)
        return exponentials

    def log_probabilities(self, raw: Floats) -> Floats:
        """Log softmax of each row, shape (n, K)."""
        logarithms: Floats = raw - raw.max(axis=1, keepdims=True)
        logarithms -= np.log(np.exp(logarithms).sum(axis=1, keepdims=True))
        return logarithms


class BinarySquaredError(BinaryLogLoss):
    """Squared error of two probabilities with one output, the log odds r of class 1.

    With q = σ(m) the probability of the wrong class, m = r for y = 0 and m = −r for y = 1::

        ℓ(y, r) = ½ ((1 − q) − 1)² + ½ q² = q²
        ∂ℓ/∂r   = ±2 q² (1 − q), the sign of m / r

    The error of both classes counts, so that this is MultinomialSquaredError with the raw
    predictions (0, r). Where the network is sure and wrong, q near 1, the slope vanishes;
    that of the log loss does not.
    """

    code = BINARY_SQUARED_ERROR

    def value_and_gradient(self, y: Codes, raw: Floats) -> tuple[Floats, Floats]:
        """The loss of each row, shape (n,), and its derivative by `raw`, shape (n, 1)."""
        sign = (1 - 2 * y).astype(raw.dtype)
        margin = sign * raw[:, 0]
        wrong, right = expit(margin), expit(-margin)
        return wrong**2, (2 * sign * wrong**2 * right)[:, None]


class MultinomialSquaredError(MultinomialLogLoss):
    """Squared error of K probabilities with one output a class.

    With p = softmax(raw) and e = p − [k = y]::

        ℓ(y, raw)   = ½ Σₖ eₖ²
        ∂ℓ/∂rawₖ    = pₖ (eₖ − Σⱼ eⱼ pⱼ)
    """

    code = MULTINOMIAL_SQUARED_ERROR

    def value_and_gradient(self, y: Codes, raw: Floats) -> tuple[Floats, Floats]:
        """The loss of each row, shape (n,), and its derivative by `raw`, shape (n, K)."""
        p = self.probabilities(raw)
        error = p.copy()
        error[np.arange(len(y)), y] -= 1
        gradient = p * (error - (error * p).sum(axis=1, keepdims=True))
        return 0.5 * (error**2).sum(axis=1), gradient


def log_loss_for(n_classes: int) -> BinaryLogLoss | MultinomialLogLoss:
    """The log loss with one output for two classes, with one output a class for more."""
    return BinaryLogLoss() if n_classes == 2 else MultinomialLogLoss(n_classes)


def squared_error_for(n_classes: int) -> BinarySquaredError | MultinomialSquaredError:
    """The squared error with one output for two classes, with one output a class for more."""
    return BinarySquaredError() if n_classes == 2 else MultinomialSquaredError(n_classes)


# The names that an estimator's `loss` may have.
LOSSES = {"log_loss": log_loss_for, "squared_error": squared_error_for}
