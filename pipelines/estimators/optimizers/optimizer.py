"""What the network asks of an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Optimizer", "Rates"]

# One number a step, for consecutive steps.
Rates = NDArray[np.float64]


class Optimizer:
    """A rule and its constants; the weights and the rule's state belong to the caller."""

    rule: ClassVar[Callable[..., Any]]

    def constants(self) -> tuple[float, ...]:
        """What the rule takes as c."""
        raise NotImplementedError

    def rates(self, learning_rates: Rates, steps_before: int) -> Rates:  # noqa: ARG002 - Adam's
        """The rule's step sizes, after so many steps done: the learning rates themselves."""
        return learning_rates

    def decays(self, learning_rates: Rates) -> Rates:
        """The share of its coefficients that each step takes off before the rule: none."""
        return np.zeros_like(learning_rates)
