"""The rows on which early stopping measures progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from pipelines.estimators.loss import Codes
from pipelines.estimators.network import Network, raw_predictions

__all__ = ["held_out_rows", "score_on"]

Rows = NDArray[np.intp]


def held_out_rows(
    codes: Codes, share: float, random: RandomState, weights: NDArray[np.float64]
) -> tuple[Rows, Rows]:
    """The numbers of the rows to learn from, and of those held out.

    Each class gives its share, where every class has enough rows for both parts.

    Raises
    ------
    ValueError
        Where fewer than two rows would be held out, or none left to learn from, or one part
        would have no weight.
    """
    n, counts = len(codes), np.bincount(codes)
    held = int(np.ceil(share * n))
    if held < 2:
        raise ValueError(
            f"validation_fraction={share!r} of {n} rows holds out {held}: The validation set is "
            "too small. Increase 'validation_fraction' or the size of your dataset."
        )
    if held == n:
        raise ValueError(
            f"validation_fraction={share!r} of {n} rows leaves none to learn from: lower it."
        )
    enough = counts[counts > 0].min() >= 2 and min(held, n - held) >= len(counts)
    picked, held_out = train_test_split(
        np.arange(n), test_size=share, random_state=random, stratify=codes if enough else None
    )
    if len(weights) and not (weights[picked].any() and weights[held_out].any()):
        raise ValueError(
            f"sample_weight is zero for all rows of a part that validation_fraction={share!r} "
            "makes; leave rows of weight zero out."
        )
    return picked, held_out


def score_on(
    X: Any, codes: Codes, weights: NDArray[np.float64], held_out: Rows
) -> Callable[[Network], float]:
    """The function that gives a network's accuracy on the rows held out, by their weights."""
    X, codes = X[held_out], codes[held_out]
    averaged = weights[held_out] if len(weights) else None

    def score(network: Network) -> float:
        raw = raw_predictions(X, network.coefs, network.intercepts, network.activation)
        predicted = raw[:, 0] > 0 if raw.shape[1] == 1 else raw.argmax(axis=1)
        return float(np.average(predicted == codes, weights=averaged))

    return score
