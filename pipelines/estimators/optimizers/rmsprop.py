"""RMSprop (Tieleman and Hinton, 2012, Coursera lecture 6.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pipelines.estimators.kernels.elementary import sqrt
from pipelines.estimators.optimizers.optimizer import Optimizer

__all__ = ["RMSprop", "rmsprop"]


def rmsprop(w: Any, g: Any, v: Any, _: Any, rate: Any, c: Any) -> Any:
    """The weight and its mean square after a step."""
    share, epsilon = c[0], c[1]
    v += share * (g * g - v)
    w -= rate * g / (sqrt(v) + epsilon)
    return w, v, _


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Steps along the gradient divided by its running root mean square.

    With the memory ρ::

        v ← v + (1 − ρ) (g² − v)
        w ← w − η g / (√v + ε)

    Parameters
    ----------
    rho : float
        ρ, the share of the mean square that a step keeps.
    epsilon : float
        Keeps the division finite.
    """

    rho: float = 0.9
    epsilon: float = 1e-8

    rule: ClassVar[Callable[..., Any]] = staticmethod(rmsprop)

    def constants(self) -> tuple[float, ...]:
        """What the rule takes as c."""
        return 1 - self.rho, self.epsilon
