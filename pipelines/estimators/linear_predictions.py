"""What a fitted linear classifier says of rows."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, issparse
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from pipelines.estimators.design import design_of
from pipelines.estimators.loss import log_loss_for
from pipelines.estimators.threads import team_of_threads
from pipelines.estimators.validation import rows_to_predict

__all__ = ["WORTH_THREADS", "LinearPredictions"]

F64 = NDArray[np.float64]

# Multiplications in a pass from which on threads are worth starting.
WORTH_THREADS = 2**19


class LinearPredictions(ClassifierMixin):  # type: ignore[misc]
    """Predictions from `coef_` and `intercept_`, in float64.

    Rows are dense, or sparse of any format; `coef_` is dense, or sparse after `sparsify`.
    """

    classes_: NDArray[Any]
    coef_: Any
    intercept_: Any

    def decision_function(self, X: Any) -> F64:
        """The raw predictions: log odds, shape (n_rows,), or one column a class."""
        raw = self._raw(X)
        return raw[:, 0] if len(self.classes_) == 2 else raw

    def _raw(self, X: Any) -> F64:
        X = rows_to_predict(self, X, accept_sparse="csr")
        design = design_of(X, np.float64)
        W = self._dense_coef().T
        b = np.asarray(self.intercept_, dtype=np.float64)
        with team_of_threads(worth_it=design.size * W.shape[1] > WORTH_THREADS) as team:
            return design.raw(team, W, b)

    def _dense_coef(self) -> F64:
        return np.asarray(dense(self.coef_), dtype=np.float64)

    def predict_proba(self, X: Any) -> F64:
        """The probability of each class, shape (n_rows, n_classes), computed in float64."""
        raw = self._raw(X)
        return log_loss_for(len(self.classes_)).probabilities(raw).astype(np.float64, copy=False)

    def predict_log_proba(self, X: Any) -> F64:
        """The logarithm of each class's probability, shape (n_rows, n_classes).

        Finite where the probability itself is too small for a number.
        """
        raw = self._raw(X)
        logs = log_loss_for(len(self.classes_)).log_probabilities(raw)
        return logs.astype(np.float64, copy=False)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row; the first of `classes_` where two are equal."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels

    def sparsify(self) -> Self:
        """The classifier itself, with `coef_` as a CSR matrix: smaller where L1 left few."""
        check_is_fitted(self)
        self.coef_ = csr_matrix(self.coef_)
        return self

    def densify(self) -> Self:
        """The classifier itself, with `coef_` as an array."""
        check_is_fitted(self)
        self.coef_ = dense(self.coef_)
        return self


def dense(coef: Any) -> Any:
    sparse: bool = issparse(coef)
    return coef.toarray() if sparse else coef
