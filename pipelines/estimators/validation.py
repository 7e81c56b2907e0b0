"""What every classifier here asks of its rows and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipelines.estimators.loss import Floats

__all__ = ["rows_to_predict", "training_rows"]

FLOATS = (np.float64, np.float32)


def training_rows(
    estimator: Any, X: Any, y: Any, *, accept_sparse: bool | str = False
) -> tuple[Floats, NDArray[np.intp]]:
    """X as float32 or float64, and each row's class code; sets `classes_`.

    A float array is passed on as it is. `classes_` are the distinct labels, sorted.

    Raises
    ------
    ValueError
        Where X or y holds NaN or infinity, lengths differ, or y holds fewer than two classes.
    """
    X, y = validate_data(estimator, X, y, dtype=FLOATS, accept_sparse=accept_sparse)
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"y holds one class only, {classes.tolist()[0]!r}: {type(estimator).__name__} needs "
            "rows of at least two classes to tell them apart."
        )
    estimator.classes_ = classes
    return X, codes


def rows_to_predict(estimator: Any, X: Any, *, accept_sparse: bool | str = False) -> Any:
    """X as dense float32 or float64 with the columns that the estimator was fitted on."""
    check_is_fitted(estimator)
    return validate_data(estimator, X, dtype=FLOATS, reset=False, accept_sparse=accept_sparse)
