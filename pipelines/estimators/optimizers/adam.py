"""Adam (Kingma and Ba, 2015, Algorithm 1 in the order of its section 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pipelines.estimators.kernels.elementary import sqrt
from pipelines.estimators.optimizers.optimizer import Optimizer, Rates

__all__ = ["Adam", "adam"]


def adam(w: Any, g: Any, m: Any, v: Any, rate: Any, c: Any) -> Any:
    """The weight and its two averages after a step."""
    share_1, share_2, epsilon = c[0], c[1], c[2]
    m += share_1 * (g - m)
    v += share_2 * (g * g - v)
    w -= rate * m / (sqrt(v) + epsilon)
    return w, m, v


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps along the gradient's running mean, divided by its running root mean square.

    At step t, m and v zero before the first::

        m ← m + (1 − β₁) (g − m)
        v ← v + (1 − β₂) (g² − v)
        w ← w − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)

    The factor before m takes the bias of the zeros at the beginning out again.

    Parameters
    ----------
    beta_1, beta_2 : float
        The share of m and of v that a step keeps.
    epsilon : float
        Keeps the division finite.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    rule: ClassVar[Callable[..., Any]] = staticmethod(adam)

    def constants(self) -> tuple[float, ...]:
        """What the rule takes as c."""
        return 1 - self.beta_1, 1 - self.beta_2, self.epsilon

    def rates(self, learning_rates: Rates, steps_before: int) -> Rates:
        """The step sizes: the learning rates with the bias taken out."""
        t = steps_before + np.arange(1, len(learning_rates) + 1)
        rates: Rates = learning_rates * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        return rates
