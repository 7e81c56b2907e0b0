"""Temperature scaling: all log probabilities divided by one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import softmax

from pipelines.estimators.calibration.scores import Floats, log_probabilities

__all__ = ["Temperature", "fit_temperature"]

LOWEST, HIGHEST = 0.05, 20.0


@dataclass(frozen=True)
class Temperature:
    """softmax(log p / T): sharper below one, flatter above; the best class stays the best.

    A softmax's log probabilities are its raw values less a number that all classes share, so
    this is softmax(raw / T).
    """

    temperature: float

    def __call__(self, P: NDArray[Any]) -> Floats:
        """The calibrated probabilities, shape (n, K)."""
        out: Floats = softmax(log_probabilities(P) / self.temperature, axis=1)
        return out

    def numbers(self) -> dict[str, Any]:
        """What was fitted."""
        return {"temperature": self.temperature}

    def __str__(self) -> str:
        return f"softmax of the log probabilities divided by {self.temperature:.4g}"


def fit_temperature(P: NDArray[Any], codes: NDArray[Any]) -> Temperature:
    """The temperature of least log loss, between 0.05 and 20.

    With β = 1/T and l = log p, the mean loss is convex in β; its slope, the mean over rows of
    Σ pₖ(β) lₖ − l of the true class, has one root or none.

    Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", 2017,
    section 4.2.
    """
    logs = log_probabilities(P)
    true = logs[np.arange(len(codes)), codes]

    def slope(beta: float) -> float:
        return float(((softmax(beta * logs, axis=1) * logs).sum(axis=1) - true).mean())

    low, high = 1 / HIGHEST, 1 / LOWEST
    if slope(low) >= 0:
        return Temperature(HIGHEST)
    if slope(high) <= 0:
        return Temperature(LOWEST)
    return Temperature(1 / float(brentq(slope, low, high, xtol=1e-14)))
