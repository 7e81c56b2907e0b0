"""How far to go along a direction in which a convex function falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Function", "Point", "line_search", "start_at"]

F64 = NDArray[np.float64]
Function = Callable[[F64], tuple[float, F64]]

# The share of the decrease that the slope promises which a step must bring (Armijo).
SUFFICIENT = 1e-4
# The share of the slope that may be left where the slope decides (Wolfe).
FLATTER = 0.9
SHORTEST = 1e-12


@dataclass(frozen=True)
class Point:
    """A point with the function's value and gradient there.

    Attributes
    ----------
    weights : ndarray of float64
    value : float
    gradient : ndarray of float64
    """

    weights: F64
    value: float
    gradient: F64

    @property
    def gradient_norm(self) -> float:
        """The largest component of the gradient in absolute value."""
        return float(np.abs(self.gradient).max(initial=0.0))

    @property
    def finite(self) -> bool:
        """Whether the value and the gradient are numbers."""
        return bool(np.isfinite(self.value) and np.isfinite(self.gradient).all())


def start_at(function: Function, weights: F64) -> Point:
    """The point at `weights`."""
    return Point(weights, *function(weights))


def line_search(function: Function, here: Point, direction: F64, rounding: float) -> Point | None:
    """A point along `direction` where the function is sufficiently lower; None if there is none.

    From t = 1 on, t is made smaller until with φ(t) = f(w + t p)::

        φ(t) ≤ φ(0) + 10⁻⁴ t φ′(0)

    The next t is the minimum of the parabola through φ(0), φ′(0) and φ(t), kept within
    [t/10, t/2]. Where the difference of the values drowns in rounding, the slope decides:
    |φ′(t)| ≤ 0.9 |φ′(0)| (Hager and Zhang, 2005, section 2, in a simpler form).

    Parameters
    ----------
    function : callable
        Value and gradient at flat weights.
    here : Point
    direction : ndarray of float64
        Along which the function falls.
    rounding : float
        The share of a value that is not known for rounding.
    """
    slope = float(here.gradient @ direction)
    if not slope < 0:
        return None
    noise = rounding * max(1.0, abs(here.value))
    t = 1.0
    while t >= SHORTEST:
        there = start_at(function, here.weights + t * direction)
        rise = there.value - here.value
        if rise <= SUFFICIENT * t * slope:
            return there if there.finite else None
        if rise <= noise and abs(float(there.gradient @ direction)) <= -FLATTER * slope:
            return there
        bend = rise - t * slope
        lowest = -0.5 * slope * t * t / bend if np.isfinite(bend) else 0.0
        t = min(max(lowest, 0.1 * t), 0.5 * t)
    return None
