"""scikit-learn's own logistic regression, to hold ours against."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.linear_model import LogisticRegression

__all__ = ["ReferenceLogistic"]


class ReferenceLogistic(LogisticRegression):  # type: ignore[misc]
    """scikit-learn's LogisticRegression, fitted as it is, with its weights kept as float64.

    On float32 rows scikit-learn also predicts in float32, where a sum of some hundred terms
    is off by more than the proof of the ONNX graph lets pass. Weights in float64 make it
    predict in float64.
    """

    coef_: Any
    intercept_: Any

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """The classifier itself, fitted to the rows X with labels y."""
        super().fit(X, y, sample_weight)
        self.coef_ = self.coef_.astype(np.float64)
        self.intercept_ = np.asarray(self.intercept_, dtype=np.float64)
        return self
