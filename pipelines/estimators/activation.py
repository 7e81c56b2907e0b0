"""Activation functions of hidden layers and their derivatives, in place.

z is a layer's raw value, a = f(z) its activation, δ the loss's gradient by a. Each
derivative is a function of a, so that z need not be kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

__all__ = ["ACTIVATIONS", "Activation"]

Layer = NDArray[np.floating[Any]]


class Activation(NamedTuple):
    """A function and its derivative's product, both in place.

    Attributes
    ----------
    apply : callable
        z ← f(z).
    backpropagate : callable
        (a, δ): δ ← δ · f′(z), written with a = f(z).
    """

    apply: Callable[[Layer], None]
    backpropagate: Callable[[Layer, Layer], None]


def identity(z: Layer) -> None:
    """f(z) = z, f′ = 1."""


def identity_gradient(a: Layer, delta: Layer) -> None:
    """Leaves δ as it is."""


def relu(z: Layer) -> None:
    """f(z) = max(z, 0), f′ = [a > 0]."""
    np.maximum(z, 0, out=z)


def relu_gradient(a: Layer, delta: Layer) -> None:
    """Sets δ to zero where the unit is off."""
    delta *= a > 0


def tanh(z: Layer) -> None:
    """f(z) = tanh z, f′ = 1 − a²."""
    np.tanh(z, out=z)


def tanh_gradient(a: Layer, delta: Layer) -> None:
    """Multiplies δ by 1 − a²."""
    delta *= 1 - a * a


def logistic(z: Layer) -> None:
    """f(z) = σ(z), f′ = a (1 − a)."""
    expit(z, out=z)


def logistic_gradient(a: Layer, delta: Layer) -> None:
    """Multiplies δ by a (1 − a)."""
    delta *= a * (1 - a)


ACTIVATIONS = {
    "identity": Activation(identity, identity_gradient),
    "relu": Activation(relu, relu_gradient),
    "tanh": Activation(tanh, tanh_gradient),
    "logistic": Activation(logistic, logistic_gradient),
}
