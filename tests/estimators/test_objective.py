from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from pipelines.estimators.design import design_of
from pipelines.estimators.loss import log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.row_blocks import row_blocks
from pipelines.estimators.threads import Team


def problem(seed, n_classes, n=40, d=4):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, d)), random.integers(0, n_classes, n), random


def objective_of(X, y, n_classes, *, C=1.0, fit_intercept=True, weight=None):
    total = len(y) if weight is None else weight.sum()
    return LinearObjective(
        log_loss_for(n_classes),
        design_of(X),
        y,
        penalty=1 / (C * total),
        fit_intercept=fit_intercept,
        team=Team(None, 1),
        sample_weight=np.empty(0) if weight is None else weight,
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 5),
    fit_intercept=st.booleans(),
    weighted=st.booleans(),
    sparse=st.booleans(),
    C=st.sampled_from([0.01, 1.0, 100.0, float("inf")]),
)
def test_gradient_and_hessian_are_the_derivatives_and_agree_with_one_another(
    seed, n_classes, fit_intercept, weighted, sparse, C
):
    X, y, random = problem(seed, n_classes)
    objective = objective_of(
        scipy.sparse.csr_array(X) if sparse else X,
        y,
        n_classes,
        C=C,
        fit_intercept=fit_intercept,
        weight=random.uniform(0, 3, len(y)) if weighted else None,
    )
    weights = random.normal(size=objective.n_weights)

    def gradient_at(w):
        return objective.value_and_gradient(w)[1]

    numeric = approx_fprime(weights, lambda w: objective.value_and_gradient(w)[0], 1e-6)
    np.testing.assert_allclose(gradient_at(weights), numeric, atol=2e-5)

    hessian = objective.hessian(weights)
    numeric = np.array([gradient_at(weights + 1e-5 * e) for e in np.eye(len(weights))])
    numeric -= [gradient_at(weights - 1e-5 * e) for e in np.eye(len(weights))]
    np.testing.assert_allclose(hessian, numeric / 2e-5, atol=1e-6)

    along = random.normal(size=len(weights))
    np.testing.assert_allclose(
        objective.hessian_product(weights)(along), hessian @ along, atol=1e-12
    )
    np.testing.assert_allclose(objective.diagonal(weights), np.diag(hessian), atol=1e-12)


def test_the_value_is_scikit_learns_objective_a_row_and_spares_the_intercept():
    X, y, _ = problem(0, 2)
    w, b, C = np.array([0.5, -1.0, 2.0, 0.1]), 0.7, 0.3
    margins = np.where(y == 1, -1, 1) * (X @ w + b)
    theirs = C * np.log1p(np.exp(margins)).sum() + 0.5 * w @ w

    objective = objective_of(X, y, 2, C=C)

    assert objective.value_and_gradient(np.append(w, b))[0] == pytest.approx(theirs / (C * len(y)))


def test_a_row_of_weight_two_counts_as_two_rows():
    X, y, random = problem(1, 3)
    weight = random.integers(0, 3, len(y)).astype(float)
    rows = np.repeat(np.arange(len(y)), weight.astype(int))
    weighted = objective_of(X, y, 3, weight=weight)
    repeated = objective_of(X[rows], y[rows], 3)
    w = random.normal(size=weighted.n_weights)

    ours, theirs = weighted.value_and_gradient(w), repeated.value_and_gradient(w)

    assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-12)


def test_many_parts_and_blocks_give_the_plain_sums():
    X, y, random = problem(2, 3, n=40_000, d=20)
    objective = objective_of(X, y, 3)
    w = random.normal(size=objective.n_weights)
    raw = X @ w.reshape(21, 3)[:20] + w[-3:]
    losses, slopes = log_loss_for(3).value_and_gradient(y, raw)
    W = w.reshape(21, 3)[:20]

    value, gradient = objective.value_and_gradient(w)

    assert value == pytest.approx(losses.mean() + 0.5 / len(y) * (W**2).sum(), rel=1e-12)
    plain = np.concatenate(((X.T @ slopes + W) / len(y), [slopes.mean(axis=0)]))
    np.testing.assert_allclose(gradient.reshape(21, 3), plain, atol=1e-13)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize("n", [30, 3000])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_some_rows_taken_from_a_matrix_count_as_a_copy_of_them_would(precision, n, layout):
    X, y, random = problem(0, 3, n=n, d=200)
    X = np.asarray(X, dtype=np.float32, order=layout)
    rows = np.sort(random.choice(n, 2 * n // 3, replace=False))
    inner = np.arange(0, len(rows), 2)
    W, b, weights = random.normal(size=(200, 3)), random.normal(size=3), random.uniform(size=n)
    team, few = Team(None, 1), rows[inner]

    def sums(design):
        counted = weights[few]
        value, G, gb = design.loss(team, log_loss_for(3).code, y[few], counted, W, b)
        gram, edge = design.gram(team, counted)
        return [value, G, gb, design.raw(team, W, b), gram, edge]

    taken = design_of(X, precision).take(rows).take(inner)
    assert taken.shape == (len(few), 200)
    for ours, plain in zip(sums(taken), sums(design_of(X[few], precision)), strict=True):
        np.testing.assert_allclose(
            ours, plain, rtol=1e-4 if precision is np.float32 else 1e-10, atol=1e-3
        )
    assert taken.in_double().dtype == np.float64
    np.testing.assert_allclose(taken.in_double().raw(team, W, b), X[few].astype(float) @ W + b)


@pytest.mark.parametrize("layout", ["F", "strided", "read-only"])
def test_any_memory_layout_gives_the_same_sums_and_is_left_alone(layout):
    X, y, random = problem(3, 3, n=30_000)
    laid = {"F": np.asfortranarray, "strided": lambda a: np.repeat(a, 2, axis=0)[::2]}
    other = laid.get(layout, np.copy)(X)
    other.flags.writeable = False
    w = random.normal(size=objective_of(X, y, 3).n_weights)

    ours, theirs = (objective_of(each, y, 3).value_and_gradient(w) for each in (X, other))

    assert ours[0] == pytest.approx(theirs[0], rel=1e-13)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-14)
    np.testing.assert_array_equal(other, X)


@given(n=st.integers(0, 5000), d=st.integers(1, 5000))
def test_the_blocks_cover_every_row_once_and_in_order(n, d):
    covered = [row for block in row_blocks(np.empty((n, d), np.uint8)) for row in range(n)[block]]
    assert covered == list(range(n))


def test_float32_rows_give_float64_sums_close_to_those_of_float64_rows():
    X, y, random = problem(3, 3, n=2000)
    single = objective_of(X.astype(np.float32), y, 3)
    double = objective_of(X.astype(np.float32).astype(float), y, 3)
    w = random.normal(size=single.n_weights)

    value, gradient = single.value_and_gradient(w)

    assert gradient.dtype == np.float64
    assert value == pytest.approx(double.value_and_gradient(w)[0], rel=1e-6)
    np.testing.assert_allclose(gradient, double.value_and_gradient(w)[1], atol=1e-6)
