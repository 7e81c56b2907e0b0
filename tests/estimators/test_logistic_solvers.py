from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from pipelines.estimators import LogisticClassifier
from pipelines.estimators.convex import SOLVERS

TABLES = [load_iris, load_breast_cancer, load_wine]


def scaled(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def objective(model, X, y):
    return log_loss(y, model.predict_proba(X)) + 0.5 * (model.coef_**2).sum() / len(y)


def wide_table(n=4000, d=30, n_classes=4):
    random = np.random.default_rng(0)
    X = random.normal(size=(n, d))
    raw = X @ random.normal(size=(d, n_classes)) + random.gumbel(size=(n, n_classes))
    return X, raw.argmax(axis=1)


@pytest.mark.parametrize("solver", [*SOLVERS, "auto"])
@pytest.mark.parametrize("load", TABLES)
def test_every_solver_reaches_scikit_learns_optimum(load, solver):
    X, y = scaled(load)
    theirs = LogisticRegression(tol=1e-10, solver="newton-cg", max_iter=10_000).fit(X, y)
    ours = LogisticClassifier(solver=solver, tol=1e-7, max_iter=1000).fit(X, y)
    assert ours.converged_
    assert objective(ours, X, y) - objective(theirs, X, y) == pytest.approx(0, abs=1e-10)


def test_a_sample_of_the_rows_at_the_start_changes_the_way_and_not_the_end():
    X, y = wide_table(20_000)
    start = LogisticClassifier(solver="lbfgs", tol=1e-9, max_iter=500).fit(X, y)
    other = LogisticClassifier(solver="lbfgs", tol=1e-9, max_iter=500, random_state=7).fit(X, y)
    assert start.loss_curve_[0] != other.loss_curve_[0]
    assert objective(start, X, y) == pytest.approx(objective(other, X, y), abs=1e-12)


@pytest.mark.parametrize("solver", [*SOLVERS])
def test_sparse_rows_lead_where_dense_ones_lead(solver):
    X, y = scaled(load_wine)
    X[X < 0.5] = 0
    dense = LogisticClassifier(solver=solver, tol=1e-9, max_iter=1000).fit(X, y)
    sparse = LogisticClassifier(solver=solver, tol=1e-9, max_iter=1000)
    sparse.fit(scipy.sparse.csr_array(X), y)
    np.testing.assert_allclose(sparse.coef_, dense.coef_, atol=1e-6)
    rows = scipy.sparse.coo_array(X)
    np.testing.assert_allclose(sparse.predict_proba(rows), dense.predict_proba(X), atol=1e-6)


def test_many_columns_are_solved_without_a_dense_hessian():
    random = np.random.default_rng(0)
    X = scipy.sparse.random_array((300, 5000), density=0.01, rng=random, format="csr")
    y = (np.asarray(X[:, :20].sum(axis=1)).ravel() > 0.1).astype(int)
    ours = LogisticClassifier(tol=1e-8).fit(X, y)
    theirs = LogisticRegression(tol=1e-10, solver="newton-cg", max_iter=1000).fit(X, y)
    assert ours.solver_ == "newton"
    assert objective(ours, X, y) == pytest.approx(objective(theirs, X, y), abs=1e-10)


@pytest.mark.parametrize(("name", "ours"), [("newton-cg", "newton"), ("newton-cholesky", "newton")])
def test_scikit_learns_names_are_understood(name, ours):
    assert LogisticClassifier(solver=name).fit(*scaled(load_iris)).solver_ == ours


def test_the_weights_of_the_classes_sum_to_zero():
    model = LogisticClassifier(C=float("inf"), solver="lbfgs").fit(*wide_table(500, 3, 3))
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(model.intercept_.sum(), 0, atol=1e-12)


def test_class_weight_is_a_weight_of_the_classs_rows():
    X, y = scaled(load_breast_cancer)
    for given in ({0: 3.0, 1: 0.5}, "balanced"):
        by_class = LogisticClassifier(class_weight=given, tol=1e-9).fit(X, y)
        by_row = LogisticClassifier(tol=1e-9).fit(X, y, compute_sample_weight(given, y))
        np.testing.assert_allclose(by_class.coef_, by_row.coef_, atol=1e-9)


@pytest.mark.parametrize("weight", [-1.0, float("nan")])
def test_a_class_weight_that_is_no_weight_is_refused_by_name(weight):
    with pytest.raises(ValueError, match=r"class_weight\[0\] is"):
        LogisticClassifier(class_weight={0: weight}).fit(*scaled(load_breast_cancer))


def test_a_warm_start_at_the_optimum_needs_no_step():
    X, y = scaled(load_wine)
    model = LogisticClassifier(warm_start=True, tol=1e-6).fit(X, y)
    first = int(model.n_iter_[0])
    assert first > 0
    assert int(model.fit(X, y).n_iter_[0]) == 0


def test_a_warm_start_with_other_classes_begins_anew():
    X, y = scaled(load_wine)
    model = LogisticClassifier(warm_start=True, tol=1e-8).fit(X, y)
    model.fit(X[y < 2], y[y < 2])
    fresh = LogisticClassifier(tol=1e-8).fit(X[y < 2], y[y < 2])
    np.testing.assert_array_equal(model.coef_, fresh.coef_)


def test_no_iteration_leaves_equal_probabilities():
    X, y = scaled(load_iris)
    with pytest.warns(UserWarning, match="after 0 iterations"):
        model = LogisticClassifier(max_iter=0).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), 1 / 3)


def test_log_probabilities_are_finite_where_probabilities_vanish():
    model = LogisticClassifier().fit([[0.0], [1.0]], [0, 1])
    logs = model.predict_log_proba([[1e5], [-1e5]])
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(
        np.exp(model.predict_log_proba([[0.3]])), model.predict_proba([[0.3]])
    )


@pytest.mark.parametrize("form", ["dense", "float32", "sparse"])
def test_the_number_of_threads_changes_no_bit(form):
    code = (
        "import hashlib, numpy, scipy.sparse\n"
        "from pipelines.estimators import LogisticClassifier\n"
        "from tests.estimators.test_logistic_solvers import wide_table\n"
        "X, y = wide_table(20_000)\n"
        f"X = dict(dense=X, float32=X.astype('f4'), sparse=scipy.sparse.csr_array(X))['{form}']\n"
        f"for solver in {list(SOLVERS)}:\n"
        "    model = LogisticClassifier(solver=solver, max_iter=20).fit(X, y)\n"
        "    print(model.n_iter_, hashlib.sha256(model.coef_.tobytes()).hexdigest())\n"
    )
    said = []
    for threads in ("1", "2"):
        environment = {"OMP_NUM_THREADS": threads, "PATH": "", "HOME": "/nonexistent"}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0].count("\n") == len(SOLVERS)
    assert said[0] == said[1]


@pytest.mark.parametrize("solver", [*SOLVERS])
def test_rows_without_weight_do_not_count_though_hardly_any_has_some(solver):
    X, y = wide_table(20_000, 5)
    weighed = np.unique(y, return_index=True)[1]
    weights = np.zeros(20_000)
    weights[weighed] = 1
    model = LogisticClassifier(solver=solver, tol=1e-8, max_iter=1000).fit(X, y, weights)
    alone = LogisticClassifier(tol=1e-8).fit(X[weighed], y[weighed])
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-6)


@pytest.mark.parametrize("solver", ["lbfgs", "newton"])
def test_where_float32_brings_nothing_more_float64_goes_on(solver):
    X, y = wide_table(2500, 20)
    X[:, 0] = 1e4 * X[:, 0] + 2e4
    X[:, 1] *= 1e4
    model = LogisticClassifier(solver=solver, tol=1e-6, max_iter=150).fit(X.astype("f4"), y)
    assert model.converged_
