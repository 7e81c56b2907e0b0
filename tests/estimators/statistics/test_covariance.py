from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimators.statistics.covariance import covariance
from tests.estimators.statistics.test_wald import evidence_at, table

EPS = float(np.finfo(float).eps)


def covariance_of(X, y, theta, *, ridge=0.0, zeros_are_fixed=False, rounding=EPS):
    """Of rows with an intercept at θ of shape (d + 1, K)."""
    information = evidence_at(X, y, theta[:-1].T, theta[-1]).information
    return covariance(
        information,
        theta,
        penalised_rows=len(theta) - 1,
        ridge=ridge,
        zeros_are_fixed=zeros_are_fixed,
        rounding=rounding,
    )


def contrasts(rows, K):
    """The matrix that makes θₖ − θ₀, row after row, from the flat θ."""
    one = np.hstack((-np.ones((K - 1, 1)), np.eye(K - 1)))
    return np.kron(np.eye(rows), one)


@settings(max_examples=30, deadline=None)
@given(ridge=st.floats(0.01, 100), seed=st.integers(0, 100), K=st.integers(3, 5))
def test_a_ridges_errors_are_those_of_the_whole_softmax_hessian(ridge, seed, K):
    X, y = table(K=K, seed=seed)
    theta = np.random.default_rng(seed).normal(size=(4, K)) / 3
    H = evidence_at(X, y, theta[:-1].T, theta[-1]).information
    H[: 3 * K, : 3 * K] += ridge * np.eye(3 * K)
    # The intercepts' equal shift is all that H leaves open, and no contrast sees it.
    shift = np.zeros(4 * K)
    shift[3 * K :] = 1
    A = contrasts(4, K)
    expected = np.diag(A @ np.linalg.inv(H + np.outer(shift, shift)) @ A.T) ** 0.5

    spread = covariance_of(X, y, theta, ridge=ridge)

    np.testing.assert_allclose(spread.standard_errors.ravel(), expected, rtol=1e-8)
    assert 0 < spread.degrees < 4 * (K - 1)


@pytest.mark.parametrize("K", [1, 3])
def test_an_unpenalised_fit_has_as_many_degrees_as_free_coefficients(K):
    X, y = table(K=max(K, 2))
    spread = covariance_of(X, y, np.full((4, K), 0.1))
    assert spread.degrees == pytest.approx(4 * max(K - 1, 1), rel=1e-9)


def test_zeros_of_l1_have_no_error_and_do_not_enter_the_others():
    X, y = table()
    theta = np.array([[0.3], [0.0], [0.1], [0.2]])
    spread = covariance_of(X, y, theta, zeros_are_fixed=True)
    without = covariance_of(X[:, [0, 2]], y, theta[[0, 2, 3]])
    assert np.isnan(spread.standard_errors[1, 0])
    assert spread.fixed.ravel().tolist() == [False, True, False, False]
    np.testing.assert_allclose(spread.standard_errors[[0, 2, 3]], without.standard_errors)
    assert spread.degrees == pytest.approx(3)


def test_a_difference_has_an_error_where_l1_left_one_of_its_two_weights():
    X, y = table(K=3)
    theta = np.array([[0.3, 0.0, 0.0], [0.0, 0.2, 0.0], [0.1, -0.3, 0.2], [0.0, 0.1, 0.2]])
    spread = covariance_of(X, y, theta, zeros_are_fixed=True)
    missing = np.isnan(spread.standard_errors)
    assert missing.tolist() == [[False, False], [False, True], [False, False], [False, False]]
    # With class 0 held at zero its own column tells the difference.
    H = evidence_at(X, y, theta[:-1].T, theta[-1]).information
    index = [0, 4, 7, 8, 10, 11]  # θ₀ of x0, θ₁ of x1, θ₁ and θ₂ of x2 and the intercept
    V = np.linalg.inv(H[np.ix_(index, index)])
    np.testing.assert_allclose(spread.standard_errors[0], V[0, 0] ** 0.5)
    np.testing.assert_allclose(spread.standard_errors[1, 0], V[1, 1] ** 0.5)
    np.testing.assert_allclose(spread.standard_errors[2], np.diag(V)[2:4] ** 0.5)


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_collinear_columns_have_no_error_and_the_others_keep_theirs(K, scale):
    X, y = table(K=max(K, 2))
    X = np.column_stack((X, scale * (X[:, 0] - 2 * X[:, 1])))
    theta = np.vstack((np.full((3, K), 0.1), np.zeros((1, K)), np.full((1, K), 0.2)))
    spread = covariance_of(X, y, theta)
    assert spread.undetermined.tolist() == [True, True, False, True, False]
    # The last column has no weight: without it the rows say the same of the others.
    without = covariance_of(X[:, :3], y, theta[[0, 1, 2, 4]])
    assert np.isnan(spread.standard_errors[[0, 1, 3]]).all()
    np.testing.assert_allclose(
        spread.standard_errors[[2, 4]], without.standard_errors[[2, 3]], rtol=1e-6
    )
    assert spread.degrees == pytest.approx(4 * max(K - 1, 1), rel=1e-6)


def test_a_constant_column_is_one_with_the_intercept():
    X, y = table()
    X = np.column_stack((X, np.full(len(y), 5.0), np.zeros(len(y))))
    spread = covariance_of(X, y, np.zeros((6, 1)))
    assert spread.undetermined.tolist() == [False, False, False, True, True, True]


def test_a_ridge_determines_collinear_columns():
    X, y = table()
    X = np.column_stack((X, X[:, 0]))
    spread = covariance_of(X, y, np.zeros((5, 1)), ridge=0.1)
    assert np.isfinite(spread.standard_errors).all()
    assert not spread.undetermined.any()


def test_coarse_products_are_told_from_true_collinearity_by_their_rounding():
    X, y = table()
    X = np.column_stack((X, X[:, 0] + 1e-4 * X[:, 1] + 1e-4 * np.sin(np.arange(len(y)))))
    assert not covariance_of(X, y, np.zeros((5, 1))).undetermined.any()
    coarse = covariance_of(X, y, np.zeros((5, 1)), rounding=float(np.finfo(np.float32).eps))
    assert coarse.undetermined.tolist() == [True, False, False, True, False]


def test_where_l1_holds_everything_at_zero_nothing_has_an_error():
    spread = covariance(
        np.eye(3),
        np.zeros((3, 1)),
        penalised_rows=3,
        ridge=0.0,
        zeros_are_fixed=True,
        rounding=EPS,
    )
    assert np.isnan(spread.standard_errors).all()
    assert spread.degrees == 0
