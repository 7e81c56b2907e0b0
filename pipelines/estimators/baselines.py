"""Baselines that a serious candidate must beat."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq
from sklearn.base import BaseEstimator, ClassifierMixin

from pipelines.estimators.threads import one_blas_thread
from pipelines.estimators.validation import rows_to_predict, training_rows

__all__ = ["LinearThreshold", "Prior"]

# What a probability is held away from zero and one by, so that the log loss stays finite.
FLOOR = 1e-6
# Directions in which the rows spread less than this share of their widest one count as none:
# in float32 rows they are rounding, and would get weights of 1e11 (one-hot columns that sum
# to one).
RANK = 1e-7


class LinearThreshold(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Least squares on 0/1 targets, cut at one half.

    The textbook's cautionary tale: with T the 0/1 targets, one column for two classes (1 for
    the second class), one column a class for more::

        W, b = argmin ‖X W + b − T‖²        the one of smallest ‖W‖ where several are
        p    = clip(x W + b, 1e-6, 1 − 1e-6), divided by its sum over the classes

    The raw values are no probabilities; clipping makes them pass for such.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels, sorted.
    coef_ : ndarray of float64, shape (1, n_features) or (n_classes, n_features)
        W transposed.
    intercept_ : ndarray of float64, shape (1,) or (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where X has column names.

    Examples
    --------
    >>> from pipelines.estimators import LinearThreshold
    >>> model = LinearThreshold().fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]]).tolist()
    ['no', 'yes']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    def fit(self, X: Any, y: Any) -> Self:
        """The classifier itself, fitted to the rows X with labels y."""
        X, codes = training_rows(self, X, y)
        n_classes = len(self.classes_)
        positive = [1] if n_classes == 2 else range(n_classes)
        targets = np.stack([codes == code for code in positive], axis=1).astype(np.float64)
        means = X.mean(axis=0, dtype=np.float64)
        # On centred columns the intercept falls out of the problem and is not penalised by
        # the smallest norm.
        with one_blas_thread():
            W = lstsq(X - means, targets - targets.mean(axis=0), cond=RANK, lapack_driver="gelsd")[
                0
            ]
            self.intercept_ = targets.mean(axis=0) - means @ W
        self.coef_ = np.ascontiguousarray(W.T)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The clipped and renormalised raw values, shape (n_rows, n_classes)."""
        X = rows_to_predict(self, X)
        with one_blas_thread():
            raw = X.astype(np.float64, copy=False) @ self.coef_.T + self.intercept_
        if len(self.classes_) == 2:
            raw = np.concatenate((1 - raw, raw), axis=1)
        clipped = np.clip(raw, FLOOR, 1 - FLOOR)
        probabilities: NDArray[np.float64] = clipped / clipped.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row; the first of `classes_` where two are equal."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels


class Prior(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The class frequencies of the training rows, for every row alike.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels, sorted.
    class_prior_ : ndarray of float64, shape (n_classes,)
        Share of each class.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where X has column names.

    Examples
    --------
    >>> from pipelines.estimators import Prior
    >>> Prior().fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 1, 1]).predict_proba([[9.0]]).tolist()
    [[0.25, 0.75]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    def fit(self, X: Any, y: Any) -> Self:
        """The classifier itself, fitted to the labels y."""
        _, codes = training_rows(self, X, y)
        self.class_prior_ = np.bincount(codes) / len(codes)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The class frequencies once a row, shape (n_rows, n_classes)."""
        X = rows_to_predict(self, X)
        return np.tile(self.class_prior_, (len(X), 1))

    def predict(self, X: Any) -> NDArray[Any]:
        """The most frequent class for every row; the first of `classes_` where two are equal."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags
