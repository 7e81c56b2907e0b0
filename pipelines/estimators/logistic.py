"""Logistic regression, binary and multinomial, with an L2, L1 or elastic-net penalty."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from pipelines.estimators.convex import SOLVERS, SYNONYMS, Demand, minimise
from pipelines.estimators.design import design_of
from pipelines.estimators.divergence import DivergenceError
from pipelines.estimators.fit_statistics import FitStatistics
from pipelines.estimators.linear_predictions import WORTH_THREADS, LinearPredictions
from pipelines.estimators.loss import Codes, log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.row_weights import row_weights
from pipelines.estimators.separation import SeparationWarning
from pipelines.estimators.solvers.solution import Solution
from pipelines.estimators.threads import team_of_threads
from pipelines.estimators.unchanged import unchanged_on_failure
from pipelines.estimators.validation import training_rows

__all__ = ["LogisticClassifier"]

F64 = NDArray[np.float64]


class LogisticClassifier(LinearPredictions, FitStatistics, BaseEstimator):  # type: ignore[misc]
    """Logistic regression, binary and multinomial, with an L2, L1 or elastic-net penalty.

    Minimises scikit-learn's objective over the coefficients W and the intercept b, with
    ℓ the log loss of a row and s its weight::

        C Σᵢ sᵢ ℓ(yᵢ, xᵢ W + b) + (1 − l1_ratio) ½ ‖W‖² + l1_ratio ‖W‖₁

    The intercept is not penalised. Two classes have one row of coefficients, more have one
    each (softmax).

    Rows are dense, in any memory layout, or sparse (CSR), float32 or float64; they are not
    copied. The products with dense float32 rows are made in float32, all sums and weights are
    float64. The result does not depend on the number of threads.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the penalty; ``float("inf")`` for none.
    l1_ratio : float, default=0.0
        The L1 norm's share of the penalty, 0 to 1.
    solver : str, default="auto"
        "auto" chooses by the penalty and the shape of X, and `solver_` says what. All reach
        the optimum to any `tol`:

        - "lbfgs": quasi-Newton steps, preconditioned with the Hessian's blocks of each
          class, or with its diagonal where X has too many columns for that;
        - "newton": Newton's steps, exact for few columns, by conjugate gradients for many;
        - "proximal": for an L1 part, and without one;
        - "sgd", "adam", "rmsprop": steps along the gradients of small batches, freed of their
          noise; `max_iter` counts epochs.

        scikit-learn's names are understood: "newton-cg" and "newton-cholesky" as "newton",
        "sag", "saga" and "liblinear" as "proximal".
    tol : float, default=1e-4
        The largest component that the gradient of the mean objective, the above divided by
        C Σᵢ sᵢ, may keep; with an L1 part, its subgradient of the least norm.
    max_iter : int, default=100
        Iterations of the solver at most.
    fit_intercept : bool, default=True
    class_weight : dict, "balanced" or None, default=None
        Multiplies the weights of a class's rows; "balanced" makes all classes weigh the same.
    warm_start : bool, default=False
        Begin where the last fit ended, if it had the same classes and columns.
    random_state : int, RandomState or None, default=None
        Draws the sample of rows from which a solver starts, and the batches. None is a fixed
        seed: the result repeats.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels, sorted.
    coef_ : ndarray, shape (1, n_features) or (n_classes, n_features)
        In the precision of the rows it was fitted on.
    intercept_ : ndarray, shape (1,) or (n_classes,)
        Zeros without an intercept.
    solver_ : str
        The solver that was used.
    n_iter_ : ndarray of int, shape (1,)
    converged_ : bool
        Whether `gradient_norm_` is at most `tol`.
    gradient_norm_ : float
        Largest component of the mean objective's gradient at the solution.
    loss_curve_ : ndarray of float64, shape (n_iter_ + 1,)
        The mean objective at the start and after each iteration.
    separation_ : str or None
        Of a fit without a penalty on classes that are perfectly separated: by which columns,
        and what to do. It then has no optimum, and warns so.
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
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "solver": [StrOptions({"auto", *SOLVERS, *SYNONYMS})],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        C: float = 1.0,
        *,
        l1_ratio: float = 0.0,
        solver: str = "auto",
        tol: float = 1e-4,
        max_iter: int = 100,
        fit_intercept: bool = True,
        class_weight: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
    ) -> None:
        self.C = C
        self.l1_ratio = l1_ratio
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """The classifier itself, fitted to the rows X with labels y.

        Parameters
        ----------
        X : array or sparse matrix of float, shape (n_rows, n_features)
            A sparse one that is not CSR is converted.
        y : array of labels, shape (n_rows,)
        sample_weight : array of float, shape (n_rows,), optional
            A row of weight 2 counts as two rows.

        Raises
        ------
        ValueError
            A parameter out of range, NaN or infinity, one class only, weights negative or
            all zero; names the parameter and the value.
        DivergenceError
            Values too large for the arithmetic.
        """
        self._validate_params()
        with unchanged_on_failure(self):
            self._fit(X, y, sample_weight)
        if self.separation_ is not None:
            warnings.warn(self.separation_, SeparationWarning, stacklevel=2)
        elif not self.converged_:
            warnings.warn(self._shortfall(), ConvergenceWarning, stacklevel=2)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        before = self._former_weights()
        X, codes = training_rows(self, X, y, accept_sparse="csr")
        weights = row_weights(X, codes, self.classes_, sample_weight, self.class_weight)
        with self._objective(X, codes, weights) as objective:
            start = self._start(before, objective)
            demand = Demand(
                solver=self.solver,
                l1=0.0 if np.isinf(self.C) else self.l1_ratio / (self.C * objective.total),
                tol=self.tol,
                max_iter=self.max_iter,
                random=check_random_state(0 if self.random_state is None else self.random_state),
            )
            self.solver_, solution = minimise(objective, start, demand)
            self._store(objective, solution, X.dtype)
            self._judge(X, objective, solution.weights)

    @contextmanager
    def _objective(self, X: Any, codes: Codes, weights: F64) -> Iterator[LinearObjective]:
        loss = log_loss_for(len(self.classes_))
        total = float(weights.sum()) if len(weights) else float(len(codes))
        if self.C * total < np.finfo(np.float64).tiny:
            raise ValueError(
                f"C={self.C:g} is too small for floating point beside row weights with a sum of "
                f"{total:g}: raise C or the weights."
            )
        design = design_of(X)
        big = design.size * loss.n_outputs > WORTH_THREADS
        with team_of_threads(worth_it=big) as team, np.errstate(over="ignore", invalid="ignore"):
            yield LinearObjective(
                loss=loss,
                design=design,
                y=codes,
                penalty=(1 - self.l1_ratio) / (self.C * total),
                fit_intercept=self.fit_intercept,
                team=team,
                sample_weight=weights,
            )

    def _former_weights(self) -> tuple[Any, Any, Any] | None:
        if not (self.warm_start and hasattr(self, "coef_")):
            return None
        return self.classes_, self._dense_coef(), self.intercept_

    def _start(self, before: Any, objective: LinearObjective) -> F64:
        if before is not None:
            classes, coef, intercept = before
            shape = (objective.n_outputs, objective.design.shape[1])
            if np.array_equal(classes, self.classes_) and coef.shape == shape:
                return objective.join(coef.T, np.asarray(intercept, dtype=np.float64))
        return np.zeros(objective.n_weights)

    def _store(self, objective: LinearObjective, solution: Solution, dtype: Any) -> None:
        reached = (solution.value, np.square(solution.gradient_norm), *solution.weights)
        if not np.isfinite(reached).all():
            raise DivergenceError(
                "LogisticClassifier's objective is not finite: X holds values up to "
                f"{objective.design.largest():.3g}, whose products leave the range of floating "
                "point. Scale the columns of X first."
            )
        W, b = objective.split(solution.weights)
        if objective.n_outputs > 1:
            # The same for every class changes no probability. Of all such weights, these are
            # the shortest.
            b = b - b.mean()
            W = W if self.l1_ratio > 0 else W - W.mean(axis=1, keepdims=True)
        self.coef_ = np.ascontiguousarray(W.T.astype(dtype))
        self.intercept_ = b.astype(dtype)
        self.n_iter_ = np.array([solution.iterations], dtype=np.int32)
        self.converged_ = solution.converged
        self.gradient_norm_ = solution.gradient_norm
        self.loss_curve_ = solution.loss_curve

    def _shortfall(self) -> str:
        iterations = int(self.n_iter_[0])
        if iterations >= self.max_iter:
            remedy = "Raise max_iter, scale the columns of X, or lower C."
        else:
            remedy = (
                "Floating point tells no better point apart from this one: raise tol, or scale "
                "the columns of X."
            )
        return (
            f"LogisticClassifier stopped after {iterations} iterations of {self.solver_!r} with "
            f"a gradient of {self.gradient_norm_:.2g}, above tol={self.tol:g}. {remedy}"
        )
