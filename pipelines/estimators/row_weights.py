"""The rows' weights: what the caller gives, times the weights of their classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _check_sample_weight

from pipelines.estimators.bad_input import is_no_weight, named_refusals, require_numbers
from pipelines.estimators.listing import listed
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
        Where a weight is negative, NaN or infinite, their number is wrong, all are zero, or
        their sum is infinite; where `class_weight` names other classes than there are and
        leaves one of these out.
    """
    if sample_weight is None and class_weight is None:
        return np.empty(0)
    require_numbers("sample_weight", sample_weight)
    with named_refusals(sample_weight=sample_weight):
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    with np.errstate(over="ignore"):
        if class_weight is not None:
            weights = weights * weights_by_class(class_weight, classes, codes, weights)[codes]
        total = weights.sum()
    if not np.isfinite(total):
        raise ValueError(
            f"sample_weight and class_weight together add up to {total}, beyond floating point: "
            "the largest sample_weight is "
            f"{1.0 if sample_weight is None else np.max(sample_weight):g}. Divide all weights by "
            "one number."
        )
    if not weights.any():
        raise ValueError(
            "sample_weight and class_weight together are zero for every row: nothing could be "
            "learned. Give some row a weight above zero."
        )
    checked: NDArray[np.float64] = weights
    return checked


def weights_by_class(
    class_weight: Any, classes: NDArray[Any], codes: Codes, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The factor of each class, as `row_weights` takes it; of one not in a dict it is 1."""
    if isinstance(class_weight, str):
        totals = np.bincount(codes, weights, len(classes))
        # A class without weight keeps none.
        shares = np.where(totals > 0, len(classes) * totals, np.inf)
        balanced: NDArray[np.float64] = totals.sum() / shares
        return balanced
    labels = classes.tolist()
    left, unknown = set(labels) - set(class_weight), set(class_weight) - set(labels)
    if left and unknown:
        raise ValueError(
            f"class_weight has weights for {listed(sorted(map(repr, unknown)))}, which y does not "
            f"hold, and none for {listed(sorted(map(repr, left)))}, which it does."
        )
    for label, weight in class_weight.items():
        if is_no_weight(weight):
            raise ValueError(
                f"class_weight[{label!r}] is {weight!r}: a class's weight is a finite number of "
                "at least 0."
            )
    return np.array([float(class_weight.get(label, 1.0)) for label in labels])
