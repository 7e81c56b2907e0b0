"""AdamW (Loshchilov and Hutter, 2019, Algorithm 2)."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.estimators.optimizers.adam import Adam
from pipelines.estimators.optimizers.optimizer import Rates

__all__ = ["AdamW"]


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam on coefficients that decay.

    With the decay λ, before each of Adam's steps::

        w ← w − η λ w

    The gradient of a penalty would be divided by √v, so that weights with large gradients
    would be held less than others; the decay treats all alike. Intercepts do not decay.

    Parameters
    ----------
    weight_decay : float
        λ.
    """

    weight_decay: float = 0.01

    def decays(self, learning_rates: Rates) -> Rates:
        """The share of its coefficients that each step takes off before the rule."""
        return learning_rates * self.weight_decay
