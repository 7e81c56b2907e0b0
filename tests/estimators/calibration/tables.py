"""Probabilities and classes that the tests of this folder share."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from pipelines.estimators.calibration.scores import log_odds


def drawn(rows: int, classes: int, seed: int = 0, sharpness: float = 2.0) -> Any:
    """Probabilities too sharp by this factor, and classes drawn from the honest ones."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(0, 1.5, (rows, classes)) + np.linspace(0, 0.7, classes)
    honest = softmax(raw, axis=1)
    codes = (rng.random((rows, 1)) > honest.cumsum(axis=1)).sum(axis=1).clip(max=classes - 1)
    return softmax(sharpness * raw, axis=1), codes.astype(np.int32)


class Scored(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose rows are its probabilities, its scores their log odds."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.classes_ = np.arange(classes)
        self.n_features_in_ = classes

    def fit(self, X: Any, y: Any) -> Scored:
        return self

    def predict_proba(self, X: Any) -> NDArray[Any]:
        return np.asarray(X)

    def decision_function(self, X: Any) -> NDArray[Any]:
        odds = log_odds(np.asarray(X))
        return odds[:, 0] if odds.shape[1] == 1 else odds

    def predict(self, X: Any) -> NDArray[Any]:
        return self.predict_proba(X).argmax(axis=1)


# A row: how much of a hundred goes to each class, and the class.
def rows(classes: int, fewest: int = 2) -> st.SearchStrategy[Any]:
    """Lists of such rows as probabilities and codes; zeros and equal rows among them."""
    row = st.tuples(
        st.lists(st.integers(0, 100), min_size=classes, max_size=classes).filter(any),
        st.integers(0, classes - 1),
    )
    return st.lists(row, min_size=fewest, max_size=60).map(_arrays)


def _arrays(rows: list[tuple[list[int], int]]) -> tuple[NDArray[Any], NDArray[np.int32]]:
    weights = np.array([weight for weight, _ in rows], dtype=np.float64)
    codes = np.array([code for _, code in rows], dtype=np.int32)
    return weights / weights.sum(axis=1, keepdims=True), codes
