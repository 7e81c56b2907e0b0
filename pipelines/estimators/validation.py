"""What every classifier here asks of its rows and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted, validate_data

from pipelines.estimators.bad_input import named_refusals, require_labels, require_numbers
from pipelines.estimators.labels import class_codes, known_codes, require_classes
from pipelines.estimators.loss import Floats

__all__ = [
    "FLOATS",
    "labelled_rows",
    "rows_of_known_classes",
    "rows_to_predict",
    "training_rows",
]

FLOATS = (np.float64, np.float32)


def labelled_rows(estimator: Any, X: Any, y: Any, **checks: Any) -> tuple[Any, NDArray[Any]]:
    """X as float32 or float64, dense or CSR, and y as one label a row.

    A float array is passed on as it is.

    Parameters
    ----------
    estimator : estimator
    X, y
        As its `fit` got them.
    **checks
        As of scikit-learn's `validate_data`: `accept_sparse`, `reset`, `dtype`.

    Raises
    ------
    ValueError
        Where X or y holds NaN, infinity, text or dates, numbers too large, or y holds no
        labels; where their lengths differ. Names the entry.
    """
    require_numbers("X", X)
    require_labels(y)
    with named_refusals(X=X, y=y):
        X, y = validate_data(estimator, X, y, **{"dtype": FLOATS, **checks})
        require_classes(y)
    return plain_csr(X), y


def training_rows(
    estimator: Any, X: Any, y: Any, *, accept_sparse: bool | str = False
) -> tuple[Floats, NDArray[np.intp]]:
    """X as float32 or float64, and each row's class code; sets `classes_`.

    A float array is passed on as it is. `classes_` are the distinct labels, sorted.

    Raises
    ------
    ValueError
        As `labelled_rows`, and where y holds fewer than two classes.
    """
    X, y = labelled_rows(estimator, X, y, accept_sparse=accept_sparse)
    estimator.classes_, codes = class_codes(y, of=type(estimator).__name__)
    return X, codes


def rows_of_known_classes(
    estimator: Any, X: Any, y: Any, *, accept_sparse: bool | str = False
) -> tuple[Floats, NDArray[np.intp]]:
    """X as a fitted estimator takes it, and each row's code among its `classes_`.

    Raises
    ------
    ValueError
        As `labelled_rows`; a label that is none of the classes.
    """
    X, y = labelled_rows(estimator, X, y, accept_sparse=accept_sparse, reset=False)
    return X, known_codes(estimator.classes_, y)


def rows_to_predict(estimator: Any, X: Any, *, accept_sparse: bool | str = False) -> Any:
    """X as float32 or float64 with the columns that the estimator was fitted on.

    Raises
    ------
    ValueError
        Where X holds NaN, infinity, text or dates, or other columns. Names the entry.
    """
    check_is_fitted(estimator)
    require_numbers("X", X)
    with named_refusals(X=X):
        X = validate_data(estimator, X, dtype=FLOATS, reset=False, accept_sparse=accept_sparse)
    return plain_csr(X)


def plain_csr(X: Any) -> Any:
    """X with each entry once and in order, its indices int32 where they fit; dense as it is.

    Kernels are compiled once, for int32; entries that are told twice would be squared apart.

    Raises
    ------
    ValueError
        Where an index is none of a column: a kernel would read beside the weights.
    """
    sparse: bool = issparse(X)
    if not sparse:
        return X
    least, most = (X.indices.min(), X.indices.max()) if X.nnz else (0, -1)
    if least < 0 or most >= X.shape[1]:
        worst = least if least < 0 else most
        raise ValueError(
            f"X has the column index {worst} and {X.shape[1]} columns: its CSR arrays are damaged. "
            "Make them anew."
        )
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    narrow = np.iinfo(np.int32)
    wide = X.indices.dtype != np.int32 or X.indptr.dtype != np.int32
    if wide and max(X.nnz, *X.shape) <= narrow.max:
        parts = X.data, X.indices.astype(np.int32), X.indptr.astype(np.int32)
        X = type(X)(parts, shape=X.shape, copy=False)
    return X
