"""When an epoch counts as progress, and which weights were the best."""

from __future__ import annotations

import numpy as np

from pipelines.estimators.loss import Floats

__all__ = ["Patience"]


class Patience:
    """Counts the epochs without progress and keeps the best epoch's weights.

    An epoch's mark is its loss, or minus its score on rows held out: lower is better. It is
    progress where mark ≤ best mark so far − `tol`.

    Parameters
    ----------
    tol : float
    epochs : int
        More epochs in a row than this without progress exhaust it.
    best : float
        The lowest mark of earlier fits that this one goes on from.
    keeps_weights : bool
        Whether `best_weights` are wanted.

    Attributes
    ----------
    best : float
        The lowest mark.
    waited : int
        Epochs since the last progress.
    best_weights : ndarray or None
    """

    def __init__(
        self, tol: float, epochs: float, *, best: float = np.inf, keeps_weights: bool = False
    ) -> None:
        self.tol, self.epochs, self.keeps_weights = tol, epochs, keeps_weights
        self.best, self.waited = best, 0
        self.best_weights: Floats | None = None

    def is_exhausted(self, mark: float, weights: Floats) -> bool:
        """Whether an epoch with this mark and these weights is one too many."""
        self.waited = self.waited + 1 if mark > self.best - self.tol else 0
        if mark < self.best:
            self.best = mark
            if self.keeps_weights:
                self.best_weights = weights.copy()
        return self.waited > self.epochs
