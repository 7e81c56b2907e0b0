"""What every solver gives back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOAT64", "Solution", "after", "solution_at"]

# The share of a value that rounding hides where everything is computed in float64.
FLOAT64 = 1e-15


class Reached(Protocol):
    """A point with the objective there, and the certificate of how good it is."""

    @property
    def weights(self) -> NDArray[np.float64]:
        """The point."""

    @property
    def value(self) -> float:
        """The objective there."""

    @property
    def gradient_norm(self) -> float:
        """The largest component of the gradient there, in absolute value."""


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


def solution_at(point: Reached, curve: list[float], tol: float) -> Solution:
    """The solution that ends at `point`; `curve` holds the values from the start on."""
    return Solution(
        weights=point.weights,
        value=point.value,
        gradient_norm=point.gradient_norm,
        iterations=len(curve) - 1,
        converged=point.gradient_norm <= tol,
        loss_curve=np.array(curve),
    )


def after(first: Solution, second: Solution) -> Solution:
    """`second`, begun where `first` ended, told as one run of both."""
    return replace(
        second,
        iterations=first.iterations + second.iterations,
        loss_curve=np.concatenate((first.loss_curve, second.loss_curve[1:])),
    )
