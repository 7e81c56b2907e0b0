from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from pipelines.estimators import LinearThreshold, Prior


def rows(n_classes, n=200, d=3):
    random = np.random.default_rng(0)
    y = random.integers(0, n_classes, n)
    return random.normal(size=(n, d)) + y[:, None], y


def test_two_classes_are_least_squares_on_one_column_cut_at_one_half():
    X, y = rows(2)
    model = LinearThreshold().fit(X, y)
    design = np.column_stack((X, np.ones(len(X))))
    solution = np.linalg.solve(design.T @ design, design.T @ y)
    assert model.coef_.shape == (1, 3)
    np.testing.assert_allclose(model.coef_[0], solution[:3], atol=1e-10)
    np.testing.assert_allclose(model.intercept_, solution[3:], atol=1e-10)
    np.testing.assert_array_equal(model.predict(X), design @ solution > 0.5)


def test_more_classes_are_least_squares_on_a_column_each():
    X, y = rows(3)
    model = LinearThreshold().fit(X, y)
    design = np.column_stack((X, np.ones(len(X))))
    solution = np.linalg.solve(design.T @ design, design.T @ np.eye(3)[y])
    assert model.coef_.shape == (3, 3)
    np.testing.assert_allclose(model.coef_, solution[:3].T, atol=1e-10)
    np.testing.assert_allclose(model.intercept_, solution[3], atol=1e-10)


def test_probabilities_are_clipped_and_then_sum_to_one():
    model = LinearThreshold().fit(*rows(3))
    model.coef_ = np.array([[5.0, 0, 0], [0, 5.0, 0], [0, 0, -5.0]])
    model.intercept_ = np.zeros(3)
    probabilities = model.predict_proba([[1.0, 1.0, 1.0], [0.04, 0.06, 0.0]])
    high, low = 1 - 1e-6, 1e-6
    np.testing.assert_allclose(
        probabilities,
        [np.array([high, high, low]) / (2 * high + low), np.array([0.2, 0.3, low]) / (0.5 + low)],
        rtol=1e-12,
    )
    assert model.predict([[1.0, 1.0, 1.0], [0.04, 0.06, 0.0]]).tolist() == [0, 1]


def test_no_probability_of_two_classes_is_zero_or_one():
    X, y = rows(2)
    probabilities = LinearThreshold().fit(X, y).predict_proba(1000 * X)
    assert probabilities.min() == pytest.approx(1e-6, rel=1e-9)
    assert probabilities.max() == 1 - 1e-6


def test_the_first_class_wins_at_one_half():
    model = LinearThreshold().fit([[0.0], [1.0]], ["a", "b"])
    model.coef_, model.intercept_ = np.array([[0.0]]), np.array([0.5])
    assert model.predict([[0.5]]).tolist() == ["a"]


def test_columns_that_repeat_each_other_give_the_smallest_coefficients():
    X, y = rows(2)
    single = LinearThreshold().fit(X[:, :1], y)
    double = LinearThreshold().fit(X[:, [0, 0]], y)
    np.testing.assert_allclose(double.coef_, np.repeat(single.coef_, 2, axis=1) / 2, atol=1e-10)


def test_least_squares_gives_the_same_bits_with_one_and_two_blas_threads():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(2000, 200)), random.integers(0, 4, 2000)
    fits = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            model = LinearThreshold().fit(X, y)
            fits.append((model.coef_, model.intercept_, model.predict_proba(X)))
    for one, two in zip(*fits, strict=True):
        np.testing.assert_array_equal(one, two)


def test_float32_rows_are_solved_in_float64():
    X, y = rows(3)
    single = X.astype(np.float32)
    model = LinearThreshold().fit(single, y)
    assert model.coef_.dtype == np.float64
    np.testing.assert_allclose(
        model.coef_, LinearThreshold().fit(single.astype(float), y).coef_, atol=1e-12
    )


def test_the_prior_gives_the_class_frequencies_and_the_most_frequent_class():
    model = Prior().fit(np.zeros((5, 1)), ["b", "a", "b", "c", "b"])
    assert model.class_prior_.tolist() == [0.2, 0.6, 0.2]
    assert model.predict_proba([[1.0], [2.0]]).tolist() == [[0.2, 0.6, 0.2]] * 2
    assert model.predict([[1.0], [2.0]]).tolist() == ["b", "b"]


def test_the_prior_gives_the_first_of_equally_frequent_classes():
    assert Prior().fit(np.zeros((4, 1)), [7, 3, 3, 7]).predict([[0.0]]).tolist() == [3]
