"""Logistic regression by ours, scikit-learn, scikit-learn-intelex and glum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from benchmarks.training.race import Contender, installed

__all__ = ["MOST", "C", "Fitted", "glum", "intelex", "ours", "scikit_learn"]

C = 1.0
# Iterations at most: no fit here ends for want of them.
MOST = 100_000


class Fitted(NamedTuple):
    """A fitted model's weights in scikit-learn's shapes, its iterations, the solver it chose."""

    coef: Any
    intercept: Any
    iterations: int
    solver: str = ""


def _fit(make: Callable[[float], Any], X: Any, y: Any) -> Callable[[float], Fitted]:
    def fit(tolerance: float) -> Fitted:
        model = make(tolerance).fit(X, y)
        iterations = int(np.max(model.n_iter_))
        solver = getattr(model, "solver_", "")
        return Fitted(model.coef_, np.atleast_1d(model.intercept_), iterations, solver)

    return fit


def ours(X: Any, y: Any, form: str = "dense", start: float = 1e-5) -> Iterator[Contender]:
    """LogisticClassifier."""
    from pipelines.estimators import LogisticClassifier

    def make(tolerance: float) -> Any:
        return LogisticClassifier(C=C, tol=tolerance, max_iter=MOST)

    yield Contender(f"ours, {form}", "numba", _fit(make, X, y), start=start, form=form)


def scikit_learn(
    X: Any,
    y: Any,
    solver: str,
    times: float,
    form: str = "dense",
    start: float = 1e-4,
    long_only: bool = False,
) -> Iterator[Contender]:
    """scikit-learn's LogisticRegression by the given solver."""
    from sklearn.linear_model import LogisticRegression

    def make(tolerance: float) -> Any:
        more: dict[str, Any] = {}
        if solver == "liblinear":
            # It penalises the intercept; a large constant column makes that too small to see.
            more = {"intercept_scaling": 100.0, "random_state": 0}
        if solver == "saga":
            more = {"random_state": 0}
        most = 1_000 if solver in ("saga", "liblinear") else MOST
        return LogisticRegression(C=C, solver=solver, tol=tolerance, max_iter=most, **more)

    yield Contender(
        f"scikit-learn {solver}, {form}",
        "scikit-learn",
        _fit(make, X, y),
        times,
        start,
        form,
        long_only,
    )


def intelex(
    X: Any, y: Any, times: float, form: str = "dense", start: float = 1e-4
) -> Iterator[Contender]:
    """scikit-learn-intelex's own LogisticRegression, by its L-BFGS."""
    if not installed("scikit-learn-intelex"):
        return
    from sklearnex.linear_model import LogisticRegression

    def make(tolerance: float) -> Any:
        return LogisticRegression(C=C, solver="lbfgs", tol=tolerance, max_iter=MOST)

    name = f"scikit-learn-intelex lbfgs, {form}"
    yield Contender(name, "scikit-learn-intelex", _fit(make, X, y), times, start, form)


def glum(
    X: Any, y: Any, times: float, form: str = "dense", start: float = 1e-4
) -> Iterator[Contender]:
    """Binomial regression of glum, by iteratively reweighted least squares."""
    if not installed("glum"):
        return
    from glum import GeneralizedLinearRegressor

    target = y.astype(X.dtype)

    def make(tolerance: float) -> Any:
        return GeneralizedLinearRegressor(
            family="binomial",
            alpha=1 / (C * X.shape[0]),
            l1_ratio=0,
            gradient_tol=tolerance,
            max_iter=1_000,
        )

    yield Contender(f"glum irls, {form}", "glum", _fit(make, X, target), times, start, form)
