"""Stochastic gradient descent with momentum (Sutskever et al., 2013, equations 1 to 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pipelines.estimators.optimizers.optimizer import Optimizer

__all__ = ["SGD", "sgd"]


def sgd(w: Any, g: Any, velocity: Any, _: Any, rate: Any, c: Any) -> Any:
    """The weight and its velocity after a step."""
    momentum, nesterov = c[0], c[1]
    velocity = momentum * velocity - rate * g
    w += momentum * velocity - rate * g if nesterov else velocity
    return w, velocity, _


@dataclass(frozen=True)
class SGD(Optimizer):
    """Steps along a velocity that the gradient changes.

    With the momentum μ::

        u ← μ u − η g
        w ← w + u                 plain
        w ← w + μ u − η g         Nesterov: where the velocity will have led to

    Parameters
    ----------
    momentum : float
        μ, from 0 to 1; 0 is plain gradient descent.
    nesterov : bool
    """

    momentum: float = 0.9
    nesterov: bool = True

    rule: ClassVar[Callable[..., Any]] = staticmethod(sgd)

    def constants(self) -> tuple[float, ...]:
        """What the rule takes as c."""
        return self.momentum, float(self.nesterov)
