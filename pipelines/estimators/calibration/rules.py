"""Rules that make labels of probabilities, in float32 as the ONNX graph has them.

A rule's margin is how far, in units of probability, a row is from another label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.calibration.scores import Floats

__all__ = ["Argmax", "Costs", "Threshold"]

Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Argmax:
    """The most probable class; the first where two are equal."""

    def codes(self, P: NDArray[Any]) -> Codes:
        """Each row's label as its place among the classes."""
        best: Codes = np.asarray(P, dtype=np.float32).argmax(axis=1)
        return best

    def margins(self, P: NDArray[Any]) -> Floats:
        """The greatest probability less the next."""
        best = np.sort(np.asarray(P, dtype=np.float64), axis=1)
        return best[:, -1] - best[:, -2]

    def numbers(self) -> dict[str, Any]:
        """Nothing was fitted."""
        return {}

    def __str__(self) -> str:
        return "that of the most probable class"


@dataclass(frozen=True)
class Threshold:
    """The positive one of two classes where its probability is at least `value`.

    Attributes
    ----------
    value : float
        A number that float32 holds.
    precision, recall, f1 : float
        On the rows that it was chosen on.
    rows : int
        How many these were.
    taken : int
        How many of them it labels positive.
    """

    value: float
    precision: float
    recall: float
    f1: float
    rows: int
    taken: int

    def codes(self, P: NDArray[Any]) -> Codes:
        """Each row's label as its place among the classes."""
        positive = np.asarray(P, dtype=np.float32)[:, 1] >= np.float32(self.value)
        return positive.astype(np.intp)

    def margins(self, P: NDArray[Any]) -> Floats:
        """The distance of the positive class's probability from the threshold."""
        gaps: Floats = np.abs(np.asarray(P, dtype=np.float64)[:, 1] - self.value)
        return gaps

    def numbers(self) -> dict[str, Any]:
        """The threshold, and what it gives on the rows it was chosen on."""
        names = ("value", "precision", "recall", "f1", "rows", "taken")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        return (
            f"the second from {self.value:.4g} on (precision {self.precision:.3f}, recall "
            f"{self.recall:.3f}, F1 {self.f1:.3f}; {self.taken} of {self.rows} rows)"
        )


@dataclass(frozen=True)
class Costs:
    """The label of least expected cost, argminⱼ Σᵢ pᵢ Cᵢⱼ; the first where two are equal.

    Source: Elkan, "The foundations of cost-sensitive learning", 2001, section 1.

    Attributes
    ----------
    matrix : ndarray of float64, shape (K, K)
        The cost of each label (column) for a row of each true class (row).
    """

    matrix: Floats

    def codes(self, P: NDArray[Any]) -> Codes:
        """Each row's label as its place among the classes."""
        least: Codes = self.expected(P).argmin(axis=1)
        return least

    def expected(self, P: NDArray[Any]) -> Floats:
        """The expected cost of each label, shape (n, K)."""
        # Row by row, for BLAS may add in another order where there are more rows.
        p = np.asarray(P, dtype=np.float32).astype(np.float64)
        costs: Floats = (p[:, :, None] * self.matrix).sum(axis=1)
        return costs

    def margins(self, P: NDArray[Any]) -> Floats:
        """The least expected cost's distance from the next, over the greatest cost."""
        costs = np.sort(self.expected(P), axis=1)
        gaps: Floats = (costs[:, 1] - costs[:, 0]) / self.matrix.max()
        return gaps

    def numbers(self) -> dict[str, Any]:
        """The matrix; of two classes also the probability from which the second is cheaper."""
        told: dict[str, Any] = {"matrix": self.matrix.tolist()}
        if len(self.matrix) == 2:
            alarm, miss = self.matrix[0, 1] - self.matrix[0, 0], self.matrix[1, 0]
            told["value"] = float(alarm / (alarm + miss - self.matrix[1, 1]))
        return told

    def __str__(self) -> str:
        return f"that of least expected cost under {self.matrix.tolist()}"
