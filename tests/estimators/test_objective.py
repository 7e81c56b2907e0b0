from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from pipelines.estimators import row_blocks as blocks
from pipelines.estimators.loss import BinaryLogLoss, log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.row_blocks import row_blocks


def problem(seed, n_classes, n=40, d=4):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, d)), random.integers(0, n_classes, n), random


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 5),
    fit_intercept=st.booleans(),
    weighted=st.booleans(),
    C=st.sampled_from([0.01, 1.0, 100.0, float("inf")]),
)
def test_the_gradient_is_the_values_derivative(seed, n_classes, fit_intercept, weighted, C):
    X, y, random = problem(seed, n_classes)
    objective = LinearObjective(
        log_loss_for(n_classes),
        X,
        y,
        C=C,
        fit_intercept=fit_intercept,
        sample_weight=random.uniform(0, 3, len(y)) if weighted else None,
    )
    weights = random.normal(size=objective.n_weights)

    numeric = approx_fprime(weights, lambda w: objective.value_and_gradient(w)[0], 1e-6)

    np.testing.assert_allclose(objective.value_and_gradient(weights)[1], numeric, atol=2e-5)


def test_the_value_is_scikit_learns_objective_a_row_and_spares_the_intercept():
    X, y, _ = problem(0, 2)
    w, b, C = np.array([0.5, -1.0, 2.0, 0.1]), 0.7, 0.3
    margins = np.where(y == 1, -1, 1) * (X @ w + b)
    theirs = C * np.log1p(np.exp(margins)).sum() + 0.5 * w @ w

    objective = LinearObjective(log_loss_for(2), X, y, C=C, fit_intercept=True)

    assert objective.value_and_gradient(np.append(w, b))[0] == pytest.approx(theirs / (C * len(y)))


def test_a_row_of_weight_two_counts_as_two_rows():
    X, y, random = problem(1, 3)
    weight = random.integers(0, 3, len(y)).astype(float)
    rows = np.repeat(np.arange(len(y)), weight.astype(int))
    loss = log_loss_for(3)
    weighted = LinearObjective(loss, X, y, C=1.0, fit_intercept=True, sample_weight=weight)
    repeated = LinearObjective(loss, X[rows], y[rows], C=1.0, fit_intercept=True)
    w = random.normal(size=weighted.n_weights)

    ours, theirs = weighted.value_and_gradient(w), repeated.value_and_gradient(w)

    assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-12)


def test_several_blocks_of_rows_give_the_same_as_one(monkeypatch):
    X, y, random = problem(2, 3, n=1000)
    objective = LinearObjective(log_loss_for(3), X, y, C=1.0, fit_intercept=True)
    w = random.normal(size=objective.n_weights)
    value, gradient = objective.value_and_gradient(w)

    monkeypatch.setattr(blocks, "BLOCK_SIZE", 4 * 70)

    assert len(list(row_blocks(X))) == 15
    parted = objective.value_and_gradient(w)
    assert parted[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(parted[1], gradient, atol=1e-12)


@given(n=st.integers(0, 5000), d=st.integers(1, 5000))
def test_the_blocks_cover_every_row_once_and_in_order(n, d):
    covered = [row for block in row_blocks(np.empty((n, d), np.uint8)) for row in range(n)[block]]
    assert covered == list(range(n))


def test_float32_rows_give_float64_sums_close_to_those_of_float64_rows():
    X, y, random = problem(3, 3, n=2000)
    single = LinearObjective(log_loss_for(3), X.astype(np.float32), y, C=1.0, fit_intercept=True)
    double = LinearObjective(
        log_loss_for(3), X.astype(np.float32).astype(float), y, C=1.0, fit_intercept=True
    )
    w = random.normal(size=single.n_weights)

    value, gradient = single.value_and_gradient(w)

    assert gradient.dtype == np.float64
    assert value == pytest.approx(double.value_and_gradient(w)[0], rel=1e-6)
    np.testing.assert_allclose(gradient, double.value_and_gradient(w)[1], atol=1e-6)


def test_the_loss_is_computed_in_float64_whatever_the_rows_are():
    class Spy(BinaryLogLoss):
        def value_and_gradient(self, y, raw):
            seen.add(raw.dtype)
            return super().value_and_gradient(y, raw)

    seen = set()
    X, y, _ = problem(4, 2)
    objective = LinearObjective(Spy(), X.astype(np.float32), y, C=1.0, fit_intercept=True)
    objective.value_and_gradient(np.ones(5))
    assert seen == {np.dtype(np.float64)}
