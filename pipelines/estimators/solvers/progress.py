"""Whether a solver's steps still bring anything that rounding lets see."""

from __future__ import annotations

__all__ = ["Progress"]

# So many steps in a row may bring neither a lower value, as far as rounding lets see, nor a
# clearly smaller gradient.
PATIENCE, CLEARLY = 10, 0.9


class Progress:
    """Counts the steps in a row that brought nothing.

    Parameters
    ----------
    norm : float
        The largest component of the gradient at the start.
    patience : int
        Steps in a row without progress that end it.
    """

    def __init__(self, norm: float, patience: int = PATIENCE) -> None:
        self.best, self.idle, self.patience = norm, 0, patience

    def step(self, fall: float, noise: float, norm: float) -> None:
        """Takes note of a step.

        Parameters
        ----------
        fall : float
            By how much the value fell.
        noise : float
            The difference of values that rounding hides.
        norm : float
            The largest component of the gradient after it.
        """
        if fall > noise or norm < CLEARLY * self.best:
            self.best, self.idle = min(self.best, norm), 0
        else:
            self.idle += 1

    @property
    def ended(self) -> bool:
        """Whether too many steps have brought nothing."""
        return self.idle >= self.patience
