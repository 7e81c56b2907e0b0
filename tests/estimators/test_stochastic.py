"""Batch steps freed of their noise, on least squares, whose optimum is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import RandomState

from pipelines.estimators import LogisticClassifier
from pipelines.estimators.optimizers.adam import Adam
from pipelines.estimators.optimizers.rmsprop import RMSprop
from pipelines.estimators.optimizers.sgd import SGD
from pipelines.estimators.solvers.stochastic import stochastic

OPTIMIZERS = [SGD(), SGD(0.0, nesterov=False), RMSprop(), Adam()]

A = RandomState(0).normal(size=(300, 4)) * [1.0, 2.0, 0.5, 1.0]
b = RandomState(1).normal(size=300)


def mean_square(w):
    residual = A @ w - b
    return 0.5 * float(residual @ residual) / len(b), A.T @ residual / len(b)


def of_batch(w, rows):
    return A[rows].T @ (A[rows] @ w - b[rows]) / len(rows)


def solved(optimizer, *, learning_rate=0.01, seed=0, tol=1e-9, max_iter=2000):
    return stochastic(
        mean_square,
        of_batch,
        np.arange(len(b)),
        np.zeros(4),
        optimizer,
        learning_rate=learning_rate,
        random=RandomState(seed),
        tol=tol,
        max_iter=max_iter,
        rounding=1e-15,
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("learning_rate", [1e-4, 100.0])
def test_it_reaches_the_optimum_from_any_first_learning_rate(optimizer, learning_rate):
    solution = solved(optimizer, learning_rate=learning_rate)
    assert solution.converged
    np.testing.assert_allclose(solution.weights, np.linalg.lstsq(A, b)[0], atol=1e-8)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_epoch_raises_the_value(optimizer):
    solution = solved(optimizer, learning_rate=10.0)
    assert (np.diff(solution.loss_curve) <= 1e-15).all()
    assert (np.diff(solution.loss_curve) == 0).any()  # an epoch was undone
    assert len(solution.loss_curve) == solution.iterations + 1


def test_a_tolerance_that_no_point_meets_ends_and_does_not_count_as_converged():
    solution = solved(SGD(), tol=1e-30, max_iter=100_000)
    assert solution.iterations < 10_000
    assert not solution.converged


def test_the_order_of_the_rows_is_the_seeds():
    same, again, other = (solved(SGD(), seed=seed, max_iter=3) for seed in (0, 0, 1))
    assert same.weights.tobytes() == again.weights.tobytes()
    assert same.weights.tobytes() != other.weights.tobytes()


@pytest.mark.parametrize("solver", ["sgd", "rmsprop", "adam"])
def test_rows_without_weight_are_in_no_batch(solver):
    X = np.where(np.arange(300)[:, None] < 20, A, 1e6)  # one such row would spoil any step
    y = (b > 0).astype(int)
    weights = (np.arange(300) < 20).astype(float)
    given = LogisticClassifier(solver=solver, tol=1e-8, max_iter=2000)
    given.fit(X, y, weights)
    left_out = LogisticClassifier(tol=1e-8).fit(X[:20], y[:20])
    np.testing.assert_allclose(given.coef_, left_out.coef_, atol=1e-6)
