"""The loss of each row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOOR", "brier_scores", "log_losses"]

Floats = NDArray[np.float64]
FLOOR = 1e-6


def log_losses(P: NDArray[Any], codes: NDArray[np.int32]) -> Floats:
    """−log of the true class's probability, in float64, the probability floored at 1e-6."""
    true = P[np.arange(len(codes)), codes].astype(np.float64)
    losses: Floats = -np.log(np.maximum(true, FLOOR))
    return losses


def brier_scores(P: NDArray[Any], codes: NDArray[np.int32]) -> Floats:
    """Σₖ (pₖ − [y = k])², and half of it for two classes, which is (p₁ − y)².

    Source: Brier, "Verification of forecasts expressed in terms of probability", 1950.
    """
    gap = np.asarray(P, dtype=np.float64) - np.eye(P.shape[1])[codes]
    squares: Floats = (gap**2).sum(axis=1)
    return squares / 2 if P.shape[1] == 2 else squares
