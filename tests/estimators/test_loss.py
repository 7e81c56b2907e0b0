from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from pipelines.estimators.loss import (
    BinaryLogLoss,
    BinarySquaredError,
    MultinomialLogLoss,
    MultinomialSquaredError,
    log_loss_for,
    squared_error_for,
)
from tests.estimators.kernels.called import rows_loss

LOG_LOSSES = [BinaryLogLoss(), MultinomialLogLoss(2), MultinomialLogLoss(5)]
SQUARED = [BinarySquaredError(), MultinomialSquaredError(2), MultinomialSquaredError(5)]
LOSSES = [*LOG_LOSSES, *SQUARED]
OUTPUTS = ["binary", "two outputs", "five outputs"]
IDS = [*OUTPUTS, *(f"{each}, squared" for each in OUTPUTS)]


def n_classes(loss):
    return max(loss.n_outputs, 2)


@pytest.mark.parametrize("loss", LOSSES, ids=IDS)
@given(data=st.data())
def test_the_gradient_is_the_values_derivative(loss, data):
    raw = np.array(
        data.draw(st.lists(st.floats(-30, 30), min_size=loss.n_outputs, max_size=loss.n_outputs))
    )
    y = np.array([data.draw(st.integers(0, n_classes(loss) - 1))])

    numeric = approx_fprime(raw, lambda r: loss.value_and_gradient(y, r[None])[0][0], 1e-6)

    np.testing.assert_allclose(loss.value_and_gradient(y, raw[None])[1][0], numeric, atol=2e-6)


@pytest.mark.parametrize("loss", LOG_LOSSES, ids=OUTPUTS)
@given(data=st.data())
def test_the_value_is_minus_the_log_of_the_labels_probability(loss, data):
    raw = np.array(
        [data.draw(st.lists(st.floats(-30, 30), min_size=loss.n_outputs, max_size=loss.n_outputs))]
    )
    y = np.array([data.draw(st.integers(0, n_classes(loss) - 1))])

    expected = -np.log(loss.probabilities(raw)[0, y])

    np.testing.assert_allclose(loss.value_and_gradient(y, raw)[0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES, ids=IDS)
@pytest.mark.parametrize("size", [800.0, 1e37])
def test_value_gradient_and_probabilities_are_finite_far_out(loss, dtype, size):
    signs = np.array(np.meshgrid(*[[-size, 0, size]] * loss.n_outputs)).reshape(loss.n_outputs, -1)
    raw = np.ascontiguousarray(signs.T, dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for code in range(n_classes(loss)):
            value, gradient = loss.value_and_gradient(np.full(len(raw), code), raw)
            assert np.isfinite(value).all()
            assert np.isfinite(gradient).all()
            twin, y = np.empty_like(raw), np.full(len(raw), code)
            total = rows_loss(loss.code, y, np.empty(0), raw, twin)
            assert total == pytest.approx(value.sum(dtype=float), rel=1e-5)
            np.testing.assert_allclose(twin, gradient, atol=1e-6)
        probabilities = loss.probabilities(raw)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_the_loss_of_a_sure_and_wrong_prediction_is_its_raw_value():
    value, gradient = BinaryLogLoss().value_and_gradient(
        np.array([0, 1]), np.array([[800.0], [-800]])
    )
    assert value.tolist() == [800, 800]
    assert gradient.tolist() == [[1], [-1]]


def test_the_binary_gradient_keeps_its_relative_precision_where_it_is_tiny():
    _, gradient = BinaryLogLoss().value_and_gradient(np.array([1]), np.array([[50.0]]))
    assert gradient[0, 0] == pytest.approx(-np.exp(-50), rel=1e-12, abs=0)


@pytest.mark.parametrize("loss", LOSSES, ids=IDS)
def test_float32_raw_predictions_stay_float32(loss):
    raw = np.ones((3, loss.n_outputs), dtype=np.float32)
    value, gradient = loss.value_and_gradient(np.array([0, 1, 1]), raw)
    assert {value.dtype, gradient.dtype, loss.probabilities(raw).dtype} == {np.dtype(np.float32)}


def test_two_classes_have_one_output_and_more_have_one_each():
    assert [log_loss_for(k).n_outputs for k in (2, 3, 10)] == [1, 3, 10]


@pytest.mark.parametrize("loss", SQUARED, ids=OUTPUTS)
@given(data=st.data())
def test_the_squared_error_is_half_the_squares_of_all_probabilities_errors(loss, data):
    size = loss.n_outputs
    raw = np.array([data.draw(st.lists(st.floats(-30, 30), min_size=size, max_size=size))])
    y = np.array([data.draw(st.integers(0, n_classes(loss) - 1))])
    error = loss.probabilities(raw) - (np.arange(n_classes(loss)) == y)
    expected = 0.5 * (error**2).sum(axis=1)
    np.testing.assert_allclose(loss.value_and_gradient(y, raw)[0], expected, atol=1e-12)


def test_the_squared_error_of_one_output_is_that_of_two_with_a_zero():
    raw, y = np.linspace(-9, 9, 7)[:, None], np.arange(7) % 2
    one, two = squared_error_for(2), MultinomialSquaredError(2)
    value, gradient = two.value_and_gradient(y, np.c_[np.zeros(7), raw])
    np.testing.assert_allclose(one.value_and_gradient(y, raw)[0], value, atol=1e-12)
    np.testing.assert_allclose(one.value_and_gradient(y, raw)[1][:, 0], gradient[:, 1], atol=1e-12)
