"""What every calibrator reads and gives: log odds in, probabilities that sum to one out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FLOOR",
    "STEEPEST",
    "Floats",
    "Uncalibrated",
    "log_odds",
    "log_probabilities",
    "one_vs_rest",
    "smoothed_targets",
]

Floats = NDArray[np.float64]

# Below it a probability says no more: the log loss stops there too.
FLOOR = 1e-6
# The most that a calibrated probability may rise per unit of log odds. A graph in float32 moves
# the odds by some 2e-7 where they are small, and the proof allows 1e-5 of a probability.
STEEPEST = 8.0


@dataclass(frozen=True)
class Uncalibrated:
    """The classifier's own probabilities."""

    def __call__(self, P: Floats) -> Floats:
        """P itself."""
        return P

    def numbers(self) -> dict[str, Any]:
        """Nothing was fitted."""
        return {}

    def __str__(self) -> str:
        return "as the estimator gives them"


def log_probabilities(P: NDArray[Any]) -> Floats:
    """The logarithm of p, the probability floored at 1e-6, shape (n, K)."""
    logs: Floats = np.log(np.maximum(np.asarray(P, dtype=np.float64), FLOOR))
    return logs


def log_odds(P: NDArray[Any]) -> Floats:
    """Log odds, log pₖ − log Σ pⱼ over all other j; of two classes the positive one's alone.

    Shape (n, 1) for two classes, else (n, K). The others are summed because 1 − p near zero
    has few digits left in float32, and the ONNX graph must find the same odds.
    """
    P = np.asarray(P, dtype=np.float64)
    zeros = np.zeros((len(P), 1))
    before = np.cumsum(np.hstack([zeros, P[:, :-1]]), axis=1)
    after = np.cumsum(np.hstack([zeros, P[:, :0:-1]]), axis=1)[:, ::-1]
    odds = log_probabilities(P) - log_probabilities(before + after)
    return odds[:, 1:] if P.shape[1] == 2 else odds


def one_vs_rest(q: Floats) -> Floats:
    """Probabilities of all classes from each one's against the rest.

    (1 − q, q) where q has one column; else each row divided by its sum.

    Source: Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass
    probability estimates", 2002, section 4.
    """
    if q.shape[1] == 1:
        return np.hstack([1 - q, q])
    out: Floats = q / q.sum(axis=1, keepdims=True)
    return out


def smoothed_targets(positive: NDArray[np.bool_]) -> Floats:
    """(N₊ + 1) / (N₊ + 2) for a positive row and 1 / (N₋ + 2) for a negative one.

    No probability fitted to them is zero or one, so that no log loss is infinite.

    Source: Platt, "Probabilistic outputs for support vector machines and comparisons to
    regularized likelihood methods", 1999, section 2.2.
    """
    count = int(positive.sum())
    return np.where(positive, (count + 1) / (count + 2), 1 / (len(positive) - count + 2))
