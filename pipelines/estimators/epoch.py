"""What a callback is told after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pipelines.estimators.loss import Floats

__all__ = ["Callback", "Epoch"]


class Epoch(NamedTuple):
    """An epoch of an MLPClassifier's fit, just done.

    Attributes
    ----------
    number : int
        From 1, within this call of `fit` or `partial_fit`.
    max_iter : int
        The last number there can be.
    loss : float
        The objective's mean over the epoch.
    validation_score : float or None
        Accuracy on the rows held out; None without early stopping.
    learning_rate : float
        Of the epoch's last step.
    coefs, intercepts : list of ndarray
        The weights now, read-only views that the next epoch changes: copy what is to last.
    """

    number: int
    max_iter: int
    loss: float
    validation_score: float | None
    learning_rate: float
    coefs: list[Floats]
    intercepts: list[Floats]


# Ends the fit after this epoch by returning True.
Callback = Callable[[Epoch], Any]
