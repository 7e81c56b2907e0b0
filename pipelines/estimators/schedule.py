"""Learning rates over the epochs."""

from __future__ import annotations

import numpy as np

from pipelines.estimators.optimizers.optimizer import Rates

__all__ = ["SCHEDULES", "Schedule"]

SCHEDULES = ("constant", "invscaling", "adaptive", "cosine")
# What an adaptive rate is divided by, and where it is small enough to end the fit.
DIVISOR, SMALLEST = 5.0, 1e-6


class Schedule:
    """The learning rate of each step, from the initial rate η₀.

    ============ ====================================================================
    constant     η₀
    invscaling   η₀ / (t + 1)^power, t the rows seen before the epoch; η₀ in the first
    adaptive     η₀, divided by 5 each time the fit would end for want of progress,
                 as long as it is above 1e-6
    cosine       ½ η₀ (1 + cos(π u)), u the share of all epochs that is done, step by
                 step (Loshchilov and Hutter, 2017, equation 5, without restarts)
    ============ ====================================================================

    Parameters
    ----------
    kind : str
        One of SCHEDULES.
    initial : float
        η₀.
    power : float
        Of inverse scaling.
    epochs : int
        All epochs of the fit, after which the cosine is zero.
    before : int
        Those done before the first that `epoch` is asked for.

    Attributes
    ----------
    rate : float
        Of the last step that was asked for.
    """

    def __init__(
        self, kind: str, initial: float, *, power: float, epochs: int, before: int = 0
    ) -> None:
        self.kind, self.initial, self.power = kind, initial, power
        self.epochs, self.before = epochs, before
        self.rate = initial

    def epoch(self, number: int, n_steps: int, rows_seen: int) -> Rates:
        """The learning rates of an epoch's steps; epochs count from 0."""
        if self.kind == "cosine":
            number += self.before
            done = np.minimum((number + np.arange(n_steps) / n_steps) / self.epochs, 1.0)
            rates: Rates = 0.5 * self.initial * (1 + np.cos(np.pi * done))
        else:
            if self.kind == "invscaling" and rows_seen:
                # The positive power could overflow.
                self.rate = self.initial * (rows_seen + 1) ** -self.power
            rates = np.full(n_steps, self.rate)
        self.rate = float(rates[-1])
        return rates

    def goes_on(self) -> bool:
        """Whether the fit may go on without progress; then at a lower rate."""
        if self.kind != "adaptive" or self.rate <= SMALLEST:
            return False
        self.rate /= DIVISOR
        return True
