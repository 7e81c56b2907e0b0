"""Logistic regression, binary and multinomial, with an L2 penalty."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight

from pipelines.estimators.divergence import DivergenceError
from pipelines.estimators.loss import Codes, Floats, log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.row_blocks import row_blocks
from pipelines.estimators.solvers.lbfgs import lbfgs
from pipelines.estimators.solvers.solution import Solution
from pipelines.estimators.threads import one_blas_thread
from pipelines.estimators.validation import rows_to_predict, training_rows

__all__ = ["LogisticClassifier"]


class LogisticClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression, binary and multinomial, with an L2 penalty.

    Minimises scikit-learn's objective: C times the sum of the rows' log losses, plus half
    the squared norm of the coefficients; the intercept is not penalised. Two classes have
    one row of coefficients, more have one each (softmax).

    The products with float32 rows are made in float32, all sums and weights are float64.
    The result does not depend on the number of threads.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the penalty; ``float("inf")`` for none.
    tol : float, default=1e-4
        The largest component that the mean objective's gradient may keep.
    max_iter : int, default=100
        Iterations of the solver at most.
    fit_intercept : bool, default=True

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels, sorted.
    coef_ : ndarray, shape (1, n_features) or (n_classes, n_features)
        In the precision of the rows it was fitted on.
    intercept_ : ndarray, shape (1,) or (n_classes,)
        Zeros without an intercept.
    n_iter_ : ndarray of int, shape (1,)
    converged_ : bool
        Whether `gradient_norm_` is at most `tol`.
    gradient_norm_ : float
        Largest component of the mean objective's gradient at the solution.
    loss_curve_ : ndarray of float64, shape (n_iter_ + 1,)
        The mean objective, ``F / (C n)``, at the start and after each iteration.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where X has column names.

    Examples
    --------
    >>> from pipelines.estimators import LogisticClassifier
    >>> model = LogisticClassifier().fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]]).tolist()
    ['no', 'yes']
    >>> model.predict_proba([[1.5]]).round(3).tolist()
    [[0.5, 0.5]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "C": [Interval(Real, 0, None, closed="right")],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "fit_intercept": ["boolean"],
    }

    def __init__(
        self,
        C: float = 1.0,
        *,
        tol: float = 1e-4,
        max_iter: int = 100,
        fit_intercept: bool = True,
    ) -> None:
        self.C = C
        self.tol = tol
        self.max_iter = max_iter
        self.fit_intercept = fit_intercept

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """The classifier itself, fitted to the rows X with labels y.

        Parameters
        ----------
        X : array of float, shape (n_rows, n_features)
        y : array of labels, shape (n_rows,)
        sample_weight : array of float, shape (n_rows,), optional
            A row of weight 2 counts as two rows.

        Raises
        ------
        ValueError
            A parameter out of range, NaN or infinity, one class only, weights negative or
            all zero.
        DivergenceError
            Values too large for the arithmetic.
        """
        self._validate_params()
        X, codes = training_rows(self, X, y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
            if not sample_weight.any():
                raise ValueError("sample_weight is zero for every row; give some row a weight.")
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            solution = self._solve(X, codes, sample_weight)
        self._store(solution, X)
        return self

    def _solve(
        self, X: Floats, codes: Codes, sample_weight: NDArray[np.float64] | None
    ) -> Solution:
        def minimise(precision: Any, start: NDArray[np.float64] | None, steps: int) -> Solution:
            objective = LinearObjective(
                log_loss_for(len(self.classes_)),
                X,
                codes,
                C=self.C,
                fit_intercept=self.fit_intercept,
                sample_weight=sample_weight,
                precision=precision,
            )
            start = np.zeros(objective.n_weights) if start is None else start
            return lbfgs(objective.value_and_gradient, start, tol=self.tol, max_iter=steps)

        solution = minimise(X.dtype, None, self.max_iter)
        left = self.max_iter - solution.iterations
        if solution.converged or left == 0 or X.dtype == np.float64:
            return solution
        # Rounding in the float32 products stopped the solver: the last steps need float64.
        last = minimise(np.float64, solution.weights, left)
        return replace(
            last,
            iterations=solution.iterations + last.iterations,
            loss_curve=np.concatenate((solution.loss_curve, last.loss_curve[1:])),
        )

    def _store(self, solution: Solution, X: Floats) -> None:
        if not (np.isfinite(solution.value) and np.isfinite(solution.weights).all()):
            raise DivergenceError(
                "LogisticClassifier's objective is not finite: X holds values up to "
                f"{np.abs(X).max():.3g}, whose products leave the range of floating point. "
                "Scale the columns of X first."
            )
        columns = X.shape[1]
        matrix = solution.weights.reshape(columns + int(self.fit_intercept), -1)
        self.coef_ = np.ascontiguousarray(matrix[:columns].T.astype(X.dtype))
        intercept = matrix[columns] if self.fit_intercept else np.zeros(matrix.shape[1])
        self.intercept_ = intercept.astype(X.dtype)
        self.n_iter_ = np.array([solution.iterations], dtype=np.int32)
        self.converged_ = solution.converged
        self.gradient_norm_ = solution.gradient_norm
        self.loss_curve_ = solution.loss_curve
        if not solution.converged:
            self._warn(solution)

    def _warn(self, solution: Solution) -> None:
        if solution.iterations >= self.max_iter:
            remedy = "Raise max_iter, scale the columns of X, or lower C."
        else:
            remedy = (
                "Floating point tells no better point apart from this one: raise tol, or scale "
                "the columns of X."
            )
        warnings.warn(
            f"LogisticClassifier stopped after {solution.iterations} iterations with a gradient "
            f"of {solution.gradient_norm:.2g}, above tol={self.tol:g}. {remedy}",
            ConvergenceWarning,
            stacklevel=4,
        )

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """The raw predictions: log odds, shape (n_rows,), or one column a class."""
        raw = self._raw(X)
        return raw[:, 0] if len(self.classes_) == 2 else raw

    def _raw(self, X: Any) -> NDArray[np.float64]:
        X = rows_to_predict(self, X)
        coef = self.coef_.astype(np.float64, copy=False)
        raw = np.empty((len(X), len(coef)))
        with one_blas_thread():
            for block in row_blocks(X):
                raw[block] = X[block].astype(np.float64, copy=False) @ coef.T + self.intercept_
        return raw

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probability of each class, shape (n_rows, n_classes), computed in float64."""
        raw = self._raw(X)
        return log_loss_for(len(self.classes_)).probabilities(raw).astype(np.float64, copy=False)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row; the first of `classes_` where two are equal."""
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels
