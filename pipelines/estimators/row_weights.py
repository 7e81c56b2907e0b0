"""The rows' weights: what the caller gives, times the weights of their classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import _check_sample_weight

from pipelines.estimators.loss import Codes

__all__ = ["row_weights"]


def row_weights(
    X: Any, codes: Codes, classes: NDArray[Any], sample_weight: Any, class_weight: Any
) -> NDArray[np.float64]:
    """The weight of each row, shape (n,), or shape (0,) where all weigh the same.

    Parameters
    ----------
    X : array or sparse matrix, shape (n, d)
    codes : ndarray of int, shape (n,)
        Each row's place in `classes`.
    classes : ndarray
        The labels, sorted.
    sample_weight : array of float, shape (n,), or None
    class_weight : dict, "balanced" or None
        "balanced" is Σ s / (K Σ s of the class): the classes then weigh the same.

    Raises
    ------
    ValueError
        Where a weight is negative, NaN or infinite, their number is wrong, or all are zero.
    """
    if sample_weight is None and class_weight is None:
        return np.empty(0)
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if class_weight is not None:
        by_class = compute_class_weight(
            class_weight, classes=classes, y=classes[codes], sample_weight=weights
        )
        if not (np.isfinite(by_class).all() and (by_class >= 0).all()):
            raise ValueError(
                f"class_weight={class_weight!r} gives a class a weight that is negative or no "
                "number: weights are numbers of at least 0."
            )
        weights = weights * by_class[codes]
    if not weights.any():
        raise ValueError(
            "sample_weight and class_weight together are zero for every row: nothing could be "
            "learned. Give some row a weight above zero."
        )
    checked: NDArray[np.float64] = weights
    return checked
