"""When a trial is stopped: after a part of its folds, clearly worse than the best one.

Optuna's pruners do not fit here. The median pruner takes a trial's best value so far, which
supposes a learning curve, while folds differ in how hard they are. The Wilcoxon pruner
compares folds in pairs, but among five of them no difference is sure before the fourth, and
over rows it would test a median where the mean log loss decides: a bolder model is better on
most rows and may still lose by the few that it gets badly wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_FOLDS", "clearly_worse"]

# One fit may be unlucky; a trial is judged by two at least.
LEAST_FOLDS = 2
# About one in a thousand for a trial that is as good as the best.
STANDARD_ERRORS = 3.0


def clearly_worse(mine: Sequence[NDArray[np.float64]], best: Sequence[NDArray[np.float64]]) -> bool:
    """Whether a trial is worse than the best one on every fold so far, and that beyond chance.

    With d the row-wise differences of the two trials' losses over all these folds, n of them:
    mean(d) > 3 · std(d) / √n, a paired test as in racing algorithms.

    Parameters
    ----------
    mine, best : sequence of ndarray
        The losses of the rows of each fold, the same folds and rows in both.

    References
    ----------
    Birattari, Stützle, Paquete, Varrentrapp, "A racing algorithm for configuring
    metaheuristics", GECCO 2002.
    """
    differences = [a - b for a, b in zip(mine, best, strict=True)]
    if len(differences) < LEAST_FOLDS or any(d.mean() <= 0 for d in differences if d.size):
        return False
    d = np.concatenate(differences)
    return bool(d.size > 1 and d.mean() > STANDARD_ERRORS * d.std(ddof=1) / np.sqrt(d.size))
