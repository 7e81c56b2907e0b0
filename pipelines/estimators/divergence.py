"""The error of a fit whose numbers left the range of floating point."""

from __future__ import annotations

__all__ = ["DivergenceError"]


class DivergenceError(ValueError):
    """A fit that ended in infinity or NaN.

    Attributes
    ----------
    epoch : int or None
        The epoch in which it was seen, from 1; None where there are no epochs.
    """

    def __init__(self, message: str, epoch: int | None = None) -> None:
        self.epoch = epoch
        super().__init__(message)
