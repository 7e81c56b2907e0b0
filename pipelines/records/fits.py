"""What was fitted: the candidates, and the champion as evaluate sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CandidateFit", "Champion", "Trial"]


@dataclass(frozen=True)
class Trial:
    """What became of one set of parameters that a search tried.

    Attributes
    ----------
    number : int
        From 0, in the order in which the search proposed them.
    parameters : mapping
        Those that are searched, without the fixed ones.
    state : "complete", "pruned" or "failed"
        Fitted on all folds, stopped before the last, or not fitted.
    reason : str
        Why it was stopped or failed; empty for a complete one.
    loss : float or None
        Mean log loss over all rows held out, by which trials are ranked; of a complete one.
    fold_losses : tuple of float
        The mean log loss of each fold that was fitted, or of the validation rows.
    seconds : float
        Time of all its fits together.
    """

    number: int
    parameters: dict[str, Any]
    state: str
    reason: str = ""
    loss: float | None = None
    fold_losses: tuple[float, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class CandidateFit:
    """What became of one candidate.

    Attributes
    ----------
    name, estimator : str
        As in the configuration.
    reason : str
        Why it failed; empty for a fitted candidate.
    pipeline : fitted scikit-learn Pipeline or None
        Fitted on all training rows.
    selection_loss : float
        Mean log loss on rows the fits did not see: out-of-fold or validation rows.
    fit_seconds : float
        Time of the fit on all training rows.
    curve : tuple of float
        The training loss an epoch or iteration, where the estimator keeps one.
    warnings : tuple of str
        What the estimator warned of.
    parameters : dict
        What the estimator was given: the fixed ones, and the best that a search found.
    trials : tuple of Trial
        What the search tried; empty where nothing was searched.
    decision : dict
        Name → value of what the calibrator and the threshold were fitted to; empty where there
        is neither.
    """

    name: str
    estimator: str
    reason: str = ""
    pipeline: Any = None
    selection_loss: float = float("nan")
    fit_seconds: float = 0.0
    curve: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class Champion:
    """The version in production, as evaluate sees it.

    Attributes
    ----------
    version : str
        Its number in the registry.
    classes : tuple
        Its labels, in the order of its probabilities.
    learned : ndarray of uint64
        Digests of the rows that it was fitted on or chosen by.
    predict_proba : callable
        A pandas DataFrame of the contract's columns → probabilities, shape (n_rows, K).
    predict : callable or None
        The same → labels; None where they are the most probable ones.
    """

    version: str
    classes: tuple[Any, ...]
    learned: NDArray[np.uint64]
    predict_proba: Callable[[Any], NDArray[Any]]
    predict: Callable[[Any], NDArray[Any]] | None = None
