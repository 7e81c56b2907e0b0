from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from pipelines.estimators.design import design_of
from pipelines.estimators.loss import log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.solvers.curvature import Curvature
from pipelines.estimators.solvers.newton import newton
from pipelines.estimators.solvers.proximal import proximal
from pipelines.estimators.threads import Team, one_blas_thread, team_of_threads

TABLES = [load_iris, load_breast_cancer, load_wine, load_digits]


def scaled(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def problem(X, y, *, C=1.0, l1_ratio=1.0, intercept=True, weights=None, team=None):
    """The smooth part and the L1 factor of scikit-learn's objective, divided by C S."""
    s = np.empty(0) if weights is None else weights
    total = len(y) if weights is None else weights.sum()
    objective = LinearObjective(
        loss=log_loss_for(int(y.max()) + 1),
        design=design_of(X),
        y=y.astype(np.int64),
        penalty=(1 - l1_ratio) / (C * total),
        fit_intercept=intercept,
        team=team or Team(None, 1),
        sample_weight=s,
    )
    return objective, l1_ratio / (C * total)


def fit(X, y, *, tol=1e-9, max_iter=500, **parts):
    objective, l1 = problem(X, y, **parts)
    start = np.zeros(objective.n_weights)
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        return objective, l1, proximal(objective, start, l1=l1, tol=tol, max_iter=max_iter)


def whole_value(objective, l1, weights):
    return objective.value_and_gradient(weights)[0] + l1 * np.abs(objective.split(weights)[0]).sum()


def theirs(X, y, solver, *, C, l1_ratio, intercept, weights=None):
    """Flat weights of scikit-learn's optimum."""
    model = LogisticRegression(
        C=C,
        l1_ratio=l1_ratio,
        solver=solver,
        tol=1e-12,
        max_iter=50_000,
        fit_intercept=intercept,
        random_state=0,
    ).fit(X, y, weights)
    W = model.coef_.T
    return np.append(W.ravel(), model.intercept_) if intercept else W.ravel()


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_the_objective_is_sagas(load, intercept, l1_ratio):
    X, y = scaled(load)
    parts = {"C": 0.05, "l1_ratio": l1_ratio, "intercept": intercept}
    objective, l1, solution = fit(X, y, **parts)
    other = theirs(X, y, "saga", **parts)
    assert solution.converged
    assert solution.value == pytest.approx(whole_value(objective, l1, other), abs=1e-9)
    assert solution.value == pytest.approx(whole_value(objective, l1, solution.weights), abs=1e-15)


def test_the_objective_is_liblinears_with_weights():
    X, y = scaled(load_breast_cancer)
    weights = np.random.default_rng(0).uniform(0.2, 2, len(y))
    parts = {"C": 1.0, "l1_ratio": 1.0, "intercept": False, "weights": weights}
    objective, l1, solution = fit(X, y, **parts)
    other = theirs(X, y, "liblinear", **parts)
    assert solution.converged
    assert solution.value == pytest.approx(whole_value(objective, l1, other), abs=1e-9)


@pytest.mark.parametrize("C", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("load", TABLES)
@pytest.mark.parametrize("scale", [True, False])
def test_a_plain_fit_of_a_toy_table_converges(load, scale, C):
    X, y = scaled(load) if scale else load(return_X_y=True)
    # The digits with C = 100 are nearly separable: another processor's rounding leads another
    # way, of 80 steps or of 119.
    assert fit(X, y, C=C, tol=1e-4, max_iter=200)[2].converged


def wide(n=400, d=120, K=4, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, d)) + random.normal(size=(n, 1))
    return X, np.argmax(X[:, :K] + random.normal(size=(n, K)), axis=1)


def text(n=300, d=3000, seed=0):
    random = np.random.default_rng(seed)
    X = scipy.sparse.random_array((n, d), density=0.02, rng=random, format="csr")
    return X, (np.asarray(X[:, :200].sum(axis=1)).ravel() > 2).astype(int)


STRUCTURES = {"whole": (scaled(load_iris), 1), "blocks": (wide(), 4), "diagonal": (text(), 3001)}


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("l1_ratio", [0.3, 1.0])
def test_the_optimum_is_certified_whatever_curvature_is_known(structure, l1_ratio):
    (X, y), blocks = STRUCTURES[structure]
    objective, l1, solution = fit(X, y, C=0.5, l1_ratio=l1_ratio, tol=1e-8)
    assert Curvature(objective).outputs == blocks
    assert solution.converged
    _, gradient = objective.value_and_gradient(solution.weights)
    G, gb = objective.split(gradient)
    W, _ = objective.split(solution.weights)
    assert np.abs(gb).max() <= 1e-8
    assert np.abs(G[W == 0]).max() <= l1 + 1e-8
    assert np.abs(G + l1 * np.sign(W))[W != 0].max() <= 1e-8
    assert 0 < (W == 0).sum() < W.size


@pytest.mark.parametrize("structure", STRUCTURES)
def test_without_an_l1_part_it_is_the_smooth_optimum(structure):
    (X, y), _ = STRUCTURES[structure]
    X = X[:, :300]
    objective, _, solution = fit(X, y, l1_ratio=0.0, tol=1e-8)
    other = newton(
        objective.value_and_gradient,
        np.zeros(objective.n_weights),
        objective.hessian,
        tol=1e-10,
        max_iter=100,
    )
    assert solution.converged
    assert solution.value == pytest.approx(other.value, abs=1e-12)


def test_under_a_large_l1_all_weights_are_zero_and_the_intercept_is_the_log_odds():
    X, y = scaled(load_breast_cancer)
    _, _, solution = fit(X, y, C=1e-6, tol=1e-12)
    assert (solution.weights[:-1] == 0).all()
    assert solution.weights[-1] == pytest.approx(np.log(y.mean() / (1 - y.mean())), abs=1e-9)


def test_the_smallest_l1_that_leaves_no_weight_is_the_largest_gradient_without_them():
    X, y = scaled(load_breast_cancer)
    largest = np.abs(X.T @ (y - y.mean())).max()
    assert (fit(X, y, C=1 / (largest * 1.001))[2].weights[:-1] == 0).all()
    assert (fit(X, y, C=1 / (largest * 0.999))[2].weights[:-1] != 0).any()


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 4),
    l1_ratio=st.floats(0, 1),
    C=st.floats(0.01, 10),
    factor=st.floats(1.1, 10),
)
def test_a_stronger_penalty_makes_the_penalty_smaller_and_the_loss_larger(
    seed, n_classes, l1_ratio, C, factor
):
    random = np.random.default_rng(seed)
    X = random.normal(size=(60, 5)) * random.uniform(0.1, 10, 5)
    y = np.append(np.arange(n_classes), random.integers(0, n_classes, 60 - n_classes))
    losses, penalties = [], []
    for strength in (C, C / factor):
        objective, _, solution = fit(X, y, C=strength, l1_ratio=l1_ratio)
        W, _ = objective.split(solution.weights)
        penalty = l1_ratio * np.abs(W).sum() + (1 - l1_ratio) / 2 * (W**2).sum()
        assert solution.gradient_norm <= 1e-7
        losses.append(solution.value - penalty / (strength * 60))
        penalties.append(penalty)
    assert penalties[1] <= penalties[0] + 1e-5
    assert losses[1] >= losses[0] - 1e-6


def test_sparse_rows_lead_where_dense_ones_lead():
    X, y = scaled(load_wine)
    X[X < 0.5] = 0
    dense, sparse = fit(X, y)[2], fit(scipy.sparse.csr_array(X), y)[2]
    np.testing.assert_allclose(sparse.weights, dense.weights, atol=1e-8)
    np.testing.assert_array_equal(sparse.weights == 0, dense.weights == 0)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_value_falls_at_every_step(structure):
    (X, y), _ = STRUCTURES[structure]
    _, _, solution = fit(X, y, tol=1e-8)
    assert len(solution.loss_curve) == solution.iterations + 1
    assert (np.diff(solution.loss_curve) <= 1e-14).all()
    assert solution.loss_curve[-1] == solution.value


def test_too_few_steps_do_not_count_as_converged():
    solution = fit(*scaled(load_wine), max_iter=2)[2]
    assert (solution.iterations, solution.converged) == (2, False)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("structure", ["whole", "blocks"])
def test_where_rounding_hides_all_progress_it_ends_unconverged(structure, dtype):
    (X, y), _ = STRUCTURES[structure]
    solution = fit(X.astype(dtype), y, tol=1e-30, max_iter=1000)[2]
    assert solution.iterations < 1000
    assert not solution.converged
    assert solution.gradient_norm < (1e-5 if dtype == np.float32 else 1e-10)


def test_the_optimum_as_a_start_needs_no_step():
    X, y = scaled(load_iris)
    objective, l1, solution = fit(X, y)
    again = proximal(objective, solution.weights, l1=l1, tol=1e-8, max_iter=5)
    assert (again.iterations, again.converged) == (0, True)


def test_the_number_of_threads_changes_no_bit():
    code = (
        "from tests.estimators.solvers.test_proximal import digest_of_three\n"
        "print(digest_of_three())\n"
    )
    said = set()
    for threads in ("1", "2"):
        environment = {"OMP_NUM_THREADS": threads, "PATH": "", "HOME": "/nonexistent"}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        said.add(done.stdout)
    assert len(said) == 1


def digest_of_three():
    """The weights' bytes of a fit of each structure, on as many threads as are allowed."""
    with team_of_threads() as team:
        fits = [fit(*table, tol=1e-5, team=team)[2] for table, _ in STRUCTURES.values()]
    return [each.weights.tobytes().hex() for each in fits]
