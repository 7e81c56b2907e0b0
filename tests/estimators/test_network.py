from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array

from pipelines.estimators.activation import ACTIVATIONS
from pipelines.estimators.loss import LOSSES
from pipelines.estimators.network import BLOCK, PIECE, Network, forward, raw_predictions
from pipelines.estimators.network_rows import NetworkRows
from pipelines.estimators.threads import Team
from tests.estimators.kernels import twins
from tests.estimators.test_objective import objective_of

ALONE = Team(None, 1)
NO_WEIGHTS = np.empty(0)


def network(n_classes, hidden, activation="tanh", loss="log_loss", **options):
    made = LOSSES[loss](n_classes)
    options = {"alpha": 0.5, "dropout": 0.0, "batch_size": 30, **options}
    dtype = options.pop("dtype", np.float64)
    net = Network(made, [4, *hidden, made.n_outputs], activation, dtype, **options)
    net.initialise(np.random.RandomState(0))
    return net


def batch(n_classes, n=20, dtype=np.float64):
    random = np.random.default_rng(1)
    return random.normal(size=(n, 4)).astype(dtype), random.integers(0, n_classes, n)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("hidden", [(), (3,), (5, 3)], ids=str)
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_the_gradient_is_the_values_derivative(activation, loss, n_classes, hidden, dropout):
    net = network(n_classes, hidden, activation, loss, dropout=dropout)
    rows = NetworkRows(*batch(n_classes), np.linspace(0, 2, 20))
    start = net.weights.copy()
    analytic = net.value_and_gradient(rows, ALONE, seed=3)[1]

    def value(weights):
        net.weights[:] = weights
        return net.value_and_gradient(rows, ALONE, seed=3)[0]

    steps = 1e-6 * np.eye(len(start))
    numeric = [(value(start + step) - value(start - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(analytic, numeric, atol=1e-8)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_without_a_hidden_layer_it_is_the_linear_objective(n_classes):
    net = network(n_classes, (), alpha=0.5)
    X, y = batch(n_classes)
    linear = objective_of(X, y, n_classes, C=2.0)

    ours = net.value_and_gradient(NetworkRows(X, y, NO_WEIGHTS), ALONE)
    theirs = linear.value_and_gradient(net.weights)

    assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-12)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("n", [BLOCK + 3, PIECE + 5])
def test_many_rows_add_up_as_in_one_product(n, dropout):
    net = network(3, (5, 4), dropout=dropout, alpha=0.25)
    X, y = batch(3, n)
    s = np.random.default_rng(0).uniform(0, 2, n)

    value, gradient = net.value_and_gradient(NetworkRows(X, y, s), ALONE, seed=11)

    factors = None
    if dropout:
        # A layer's units are numbered block by block.
        ends = sorted({*range(0, n, BLOCK), *range(0, n, PIECE), n})
        blocks = [twins.masks(net.sizes, b - a, dropout, 11, a) for a, b in pairwise(ends)]
        factors = [np.concatenate(layer) for layer in zip(*blocks, strict=True)]
    loss, plain = twins.loss_and_gradient(
        LOSSES["log_loss"](3), net.sizes, "tanh", net.weights, X, y, s, factors
    )
    coefs = twins.penalised(net.weights, net.sizes)
    assert value == pytest.approx((loss + 0.125 * (coefs**2).sum()) / s.sum(), rel=1e-12)
    np.testing.assert_allclose(gradient, (plain + 0.25 * coefs) / s.sum(), atol=1e-13)


def test_a_fit_of_many_rows_and_weights_is_shared_by_threads_and_gives_the_same_bits():
    X, y = batch(3, 1000)
    results = []
    with ThreadPoolExecutor(2) as pool:
        for team in (ALONE, Team(pool, 2), Team(pool, 3)):
            net = network(3, (90, 60), batch_size=1000, dropout=0.2)
            assert net.shares > 1
            results.append(net.value_and_gradient(NetworkRows(X, y, NO_WEIGHTS), team, seed=4))
    for value, gradient in results[1:]:
        assert value == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


def test_a_smaller_last_batch_leaves_no_trace_of_the_one_before():
    net, fresh = network(3, (5,)), network(3, (5,))
    X, y = batch(3)
    net.value_and_gradient(NetworkRows(X, y, NO_WEIGHTS), ALONE)
    few = NetworkRows(X[:3], y[:3], NO_WEIGHTS)

    value, gradient = net.value_and_gradient(few, ALONE)

    expected = fresh.value_and_gradient(few, ALONE)
    assert value == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])


def test_raw_predictions_are_the_layers_one_after_the_other_for_dense_and_sparse_rows():
    net = network(3, (5, 4), "relu")
    X, _ = batch(3)
    before = X.copy()
    (W1, b1), (W2, b2), (W3, b3) = zip(net.coefs, net.intercepts, strict=True)
    expected = np.maximum(np.maximum(X @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
    for rows in (X, csr_array(X)):
        raw = raw_predictions(rows, net.coefs, net.intercepts, "relu")
        np.testing.assert_allclose(raw, expected, atol=1e-12)
    np.testing.assert_array_equal(X, before)


def test_the_forward_pass_without_a_layer_leaves_its_input_as_it_was():
    net = network(2, ())
    X, _ = batch(2)
    before = X.copy()
    forward(X, net.coefs, net.intercepts, "relu")
    np.testing.assert_array_equal(X, before)


def test_float32_weights_and_predictions_stay_float32():
    net = network(3, (5,), dtype=np.float32)
    X, _ = batch(3, dtype=np.float32)
    assert {each.dtype for each in (*net.coefs, *net.space[:4])} == {np.dtype(np.float32)}
    assert forward(X, net.coefs, net.intercepts, "tanh").dtype == np.float32


@pytest.mark.parametrize(("activation", "factor"), [("relu", 6), ("logistic", 2)])
def test_the_first_weights_lie_within_the_bound_of_glorot_and_bengio(activation, factor):
    loss = LOSSES["log_loss"](2)
    net = Network(loss, [300, 200, 1], activation, float, alpha=0, dropout=0, batch_size=1)
    net.initialise(np.random.RandomState(0))
    bound = np.sqrt(factor / 500)
    assert 0.99 * bound < np.abs(net.coefs[0]).max() <= bound
