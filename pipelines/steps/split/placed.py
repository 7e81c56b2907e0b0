"""Where the rows of a table stand before the parts are looked at for missing classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Placed"]

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Placed:
    """The part of each row, and the line on which the parts are intervals.

    Attributes
    ----------
    part : ndarray of int8
        As in Parts.
    position : ndarray of float64
        The row's place on that line; rows at one place stand and move together.
    bounds : mapping
        Part → the least and the greatest position in it.
    unit : str
        What rows at one place are, in the plural.
    """

    part: NDArray[np.int8]
    position: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    unit: str = ""
