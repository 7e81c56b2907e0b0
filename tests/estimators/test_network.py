from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from pipelines.estimators.activation import ACTIVATIONS
from pipelines.estimators.loss import log_loss_for
from pipelines.estimators.network import Network, forward
from tests.estimators.test_objective import objective_of


def network(n_classes, hidden, activation="tanh", alpha=0.5, dtype=np.float64, batch_size=30):
    loss = log_loss_for(n_classes)
    made = Network(loss, [4, *hidden, loss.n_outputs], activation, alpha, dtype, batch_size)
    made.initialise(np.random.RandomState(0))
    return made


def batch(n_classes, n=20):
    random = np.random.default_rng(1)
    return random.normal(size=(n, 4)), random.integers(0, n_classes, n)


@pytest.mark.parametrize("hidden", [(), (3,), (5, 3)], ids=str)
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_the_gradient_is_the_values_derivative(activation, n_classes, hidden):
    net = network(n_classes, hidden, activation)
    X, y = batch(n_classes)
    analytic = net.value_and_gradient(X, y)[1].copy()

    def value(weights):
        net.weights[:] = weights
        return net.value_and_gradient(X, y)[0]

    numeric = approx_fprime(net.weights.copy(), value, 1e-7)
    np.testing.assert_allclose(analytic, numeric, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_without_a_hidden_layer_it_is_the_linear_objective(n_classes):
    net = network(n_classes, (), alpha=0.5)
    X, y = batch(n_classes)
    linear = objective_of(X, y, n_classes, C=2.0)

    ours, theirs = net.value_and_gradient(X, y), linear.value_and_gradient(net.weights)

    assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-12)


def test_a_smaller_last_batch_leaves_no_trace_of_the_one_before():
    net, fresh = network(3, (5,)), network(3, (5,))
    X, y = batch(3)
    net.value_and_gradient(X, y)

    value, gradient = net.value_and_gradient(X[:3], y[:3])

    expected = fresh.value_and_gradient(X[:3], y[:3])
    assert value == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])


def test_the_forward_pass_alone_gives_the_same_loss():
    net = network(3, (5, 4), "relu", alpha=0.0)
    X, y = batch(3)
    raw = forward(X, net.coefs, net.intercepts, "relu")
    losses, _ = log_loss_for(3).value_and_gradient(y, raw)
    assert net.value_and_gradient(X, y)[0] == pytest.approx(losses.mean(), rel=1e-12)


def test_the_forward_pass_leaves_its_input_as_it_was():
    net = network(2, ())
    X, _ = batch(2)
    before = X.copy()
    forward(X, net.coefs, net.intercepts, "relu")
    np.testing.assert_array_equal(X, before)


def test_float32_stays_float32():
    net = network(3, (5,), dtype=np.float32)
    X, y = batch(3)
    assert net.value_and_gradient(X.astype(np.float32), y)[1].dtype == np.float32
    assert forward(X.astype(np.float32), net.coefs, net.intercepts, "tanh").dtype == np.float32


def test_the_first_weights_lie_within_the_bound_of_glorot_and_bengio():
    net = Network(log_loss_for(2), [300, 200, 1], "relu", 0.0, np.float64, 1)
    net.initialise(np.random.RandomState(0))
    bound = np.sqrt(6 / 500)
    assert 0.99 * bound < np.abs(net.coefs[0]).max() <= bound
