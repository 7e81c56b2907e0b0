"""What every solver gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Solution"]


@dataclass(frozen=True)
class Solution:
    """The point where a solver stopped, with the certificate of how good it is.

    Attributes
    ----------
    weights : ndarray of float64
    value : float
        The objective there.
    gradient_norm : float
        The largest component of the gradient there, in absolute value.
    iterations : int
    converged : bool
        Whether `gradient_norm` is at most the tolerance that was asked for.
    loss_curve : ndarray of float64, shape (iterations + 1,)
        The objective at the start and after each iteration.
    """

    weights: NDArray[np.float64]
    value: float
    gradient_norm: float
    iterations: int
    converged: bool
    loss_curve: NDArray[np.float64]
