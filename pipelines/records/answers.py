"""What a version answers on its test rows: what later versions are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answers"]


@dataclass(frozen=True, eq=False)
class Answers:
    """A version's probabilities and labels of its test rows, and the truth.

    Attributes
    ----------
    classes : tuple
        The labels in the order of the probabilities.
    digests : ndarray of uint64, shape (n,)
        What tells the rows apart, as in the split.
    codes : ndarray of int32, shape (n,)
        The rows' classes, as positions.
    P : ndarray of float64, shape (n, K)
        Probabilities.
    labels : ndarray of int32, shape (n,)
        The predicted classes, as positions.
    """

    classes: tuple[Any, ...]
    digests: NDArray[np.uint64]
    codes: NDArray[np.int32]
    P: NDArray[np.float64]
    labels: NDArray[np.int32]

    def at(self, places: NDArray[np.intp]) -> Answers:
        """The answers to the rows at these places."""
        return Answers(
            self.classes,
            self.digests[places],
            self.codes[places],
            self.P[places],
            self.labels[places],
        )
