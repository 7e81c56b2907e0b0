from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pipelines.estimators import LogisticClassifier
from pipelines.estimators.divergence import DivergenceError


def scaled(load):
    X, y = load(return_X_y=True)
    return (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-3), y


def objective_per_row(X, y, coef, intercept, C):
    """scikit-learn's objective from its definition, over C n."""
    raw = X @ coef.T + intercept
    if raw.shape[1] == 1:
        raw = np.hstack((np.zeros_like(raw), raw))
    loss = logsumexp(raw, axis=1) - raw[np.arange(len(y)), y]
    return loss.mean() + 0.5 * (coef**2).sum() / (C * len(y))


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(
    ("load", "C"),
    [*product([load_breast_cancer, load_iris], [0.01, 1.0, 100.0]), (load_digits, 0.1)],
)
def test_the_optimum_is_scikit_learns(load, C, fit_intercept):
    X, y = scaled(load)
    arguments = {"C": C, "tol": 1e-7, "max_iter": 20_000, "fit_intercept": fit_intercept}
    ours = LogisticClassifier(**arguments).fit(X, y)
    theirs = LogisticRegression(**arguments).fit(X, y)

    value = objective_per_row(X, y, ours.coef_, ours.intercept_, C)

    assert value == pytest.approx(
        objective_per_row(X, y, theirs.coef_, theirs.intercept_, C), abs=1e-7
    )
    # The shortest of all equal weights is kept, which is lower by about tol² C n.
    assert ours.loss_curve_[-1] == pytest.approx(value, abs=1e-10)
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.intercept_.shape == theirs.intercept_.shape
    assert ours.converged_
    assert ours.gradient_norm_ <= 1e-7


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_probabilities_and_decisions_are_scikit_learns(load):
    X, y = scaled(load)
    ours = LogisticClassifier(tol=1e-8, max_iter=1000).fit(X, y)
    theirs = LogisticRegression(tol=1e-8, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.decision_function(X).shape == theirs.decision_function(X).shape


def test_float32_rows_reach_the_float64_optimum_though_their_products_are_coarse():
    X, y = scaled(load_digits)
    single = X.astype(np.float32)
    model = LogisticClassifier(tol=1e-9, max_iter=10_000).fit(single, y)
    best = LogisticClassifier(tol=1e-9, max_iter=10_000).fit(single.astype(float), y)
    assert model.converged_
    assert model.coef_.dtype == np.float32
    assert model.loss_curve_[-1] == pytest.approx(best.loss_curve_[-1], abs=1e-10)
    assert len(model.loss_curve_) == model.n_iter_[0] + 1


def test_the_result_is_the_same_bits_with_one_and_two_blas_threads():
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 300))
    y = random.integers(0, 5, 3000)
    fits = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            model = LogisticClassifier(max_iter=1000).fit(X, y)
            fits.append((model.coef_, model.intercept_, model.predict_proba(X)))
    for one, two in zip(*fits, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "labels", [[False, True], [3, 7], ["ja", "nein"], ["a", "b", "é"]], ids=str
)
def test_labels_of_any_plain_type_come_back_sorted(labels):
    y = np.array(labels)[np.arange(30) % len(labels)]
    X = np.eye(len(labels))[np.arange(30) % len(labels)]
    model = LogisticClassifier().fit(X, y)
    assert model.classes_.tolist() == sorted(labels)
    assert model.predict(X).tolist() == y.tolist()
    assert model.predict_proba(X).shape == (30, len(labels))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_first_class_wins_a_tie(n_classes):
    model = LogisticClassifier().fit(np.eye(n_classes), np.arange(n_classes))
    model.coef_[:], model.intercept_[:] = 0, 0
    assert model.predict(np.ones((4, n_classes))).tolist() == [0] * 4


def test_too_few_iterations_warn_with_the_remedy():
    X, y = scaled(load_digits)
    with pytest.warns(ConvergenceWarning, match=r"after 3 iterations .* Raise max_iter") as caught:
        model = LogisticClassifier(max_iter=3).fit(X, y)
    assert caught[0].filename == __file__
    assert not model.converged_
    assert model.gradient_norm_ > model.tol


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
@pytest.mark.parametrize("solver", ["lbfgs", "newton", "proximal"])
def test_a_tolerance_that_rounding_forbids_warns_with_its_own_remedy(solver, load, dtype):
    X, y = scaled(load)
    with pytest.warns(ConvergenceWarning, match="raise tol"):
        LogisticClassifier(solver=solver, tol=1e-300, max_iter=300).fit(X.astype(dtype), y)


@pytest.mark.parametrize(("C", "weight"), [(1e-320, 1.0), (1.0, 1e-320), (1e-200, 1e-200)])
def test_a_penalty_beyond_floating_point_is_refused_and_named(C, weight):
    X, y = scaled(load_iris)
    with pytest.raises(ValueError, match=rf"C={C:g} is too small .* a sum of"):
        LogisticClassifier(C=C).fit(X, y, np.full(len(y), weight))


def test_without_an_intercept_it_is_zero():
    model = LogisticClassifier(fit_intercept=False).fit(*scaled(load_iris))
    assert model.intercept_.tolist() == [0, 0, 0]


def test_no_penalty_gives_the_unpenalised_optimum():
    X = np.array([[0.0], [0], [0], [1], [1], [1], [1]])
    y = np.array([0, 0, 1, 0, 1, 1, 1])
    model = LogisticClassifier(C=float("inf"), tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.predict_proba([[0.0], [1.0]])[:, 1], [1 / 3, 3 / 4], atol=1e-8)


def test_values_beyond_floating_point_are_a_named_error():
    X = np.array([[1e200, 1.0], [-1e200, 2.0], [1e200, 3.0], [2e200, 4.0]])
    with pytest.raises(DivergenceError, match="Scale the columns of X"):
        LogisticClassifier().fit(X, [0, 1, 1, 0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_magnitudes_of_1e30_and_1e_30_side_by_side_give_a_finite_loss():
    X = np.array([[1e30, 1e-30], [-1e30, 2e-30], [1e30, 3e-30], [2e30, -1e-30]], dtype=np.float32)
    model = LogisticClassifier(max_iter=1000).fit(X, [0, 1, 1, 0])
    assert np.isfinite(model.loss_curve_).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"C": 0}, "'C' parameter"),
        ({"tol": 0.0}, "'tol' parameter"),
        ({"max_iter": -1}, "'max_iter' parameter"),
        ({"fit_intercept": "yes"}, "'fit_intercept' parameter"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        LogisticClassifier(**arguments).fit(*scaled(load_iris))


@pytest.mark.parametrize("weight", [-1.0, 0.0, np.nan])
def test_weights_that_are_negative_all_zero_or_no_numbers_are_refused(weight):
    X, y = scaled(load_iris)
    with pytest.raises(ValueError, match=r"(?i)sample.weight"):
        LogisticClassifier().fit(X, y, sample_weight=np.full(len(y), weight))


def test_one_class_is_refused_and_named():
    with pytest.raises(ValueError, match="one class only, 'yes'"):
        LogisticClassifier().fit(np.eye(3), ["yes"] * 3)


def test_a_fit_that_fails_leaves_the_former_one():
    X, y = scaled(load_iris)
    model = LogisticClassifier().fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(X, y + 10, np.full(len(y), -1.0))
    np.testing.assert_array_equal(model.predict(X), before)
