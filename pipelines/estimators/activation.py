"""Activation functions of hidden layers, in place.

z is a layer's raw value, a = f(z) its activation. Fits call the compiled twins in
`kernels.network_layers`, with the activation's code; there f′ is a function of a, so that z
need not be kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pipelines.estimators.kernels.network_layers import IDENTITY, LOGISTIC, RELU, TANH

__all__ = ["ACTIVATIONS", "Activation"]

Layer = NDArray[np.floating[Any]]


class Activation(NamedTuple):
    """A function of a layer.

    Attributes
    ----------
    apply : callable
        z ← f(z).
    code : int
        The kernels' name for it.
    """

    apply: Callable[[Layer], None]
    code: int


def identity(z: Layer) -> None:
    """f(z) = z, f′ = 1."""


def relu(z: Layer) -> None:
    """f(z) = max(z, 0), f′ = [a > 0]."""
    np.maximum(z, 0, out=z)


def tanh(z: Layer) -> None:
    """f(z) = tanh z, f′ = 1 − a²."""
    np.tanh(z, out=z)


def logistic(z: Layer) -> None:
    """f(z) = σ(z), f′ = a (1 − a)."""
    expit(z, out=z)


ACTIVATIONS = {
    "identity": Activation(identity, IDENTITY),
    "relu": Activation(relu, RELU),
    "tanh": Activation(tanh, TANH),
    "logistic": Activation(logistic, LOGISTIC),
}
