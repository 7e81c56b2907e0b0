from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from pipelines.estimators.activation import ACTIVATIONS
from pipelines.estimators.kernels.network import BLOCK, Rows, rows_gradient
from pipelines.estimators.kernels.network_dropout import drop_out
from pipelines.estimators.kernels.network_gate import pass_gate
from pipelines.estimators.kernels.network_layers import activate, backpropagate, column_sums
from pipelines.estimators.loss import LOSSES
from pipelines.estimators.network import Network
from tests.estimators.kernels import twins

PRECISION = {np.float32: 1e-4, np.float64: 1e-11}


@njit
def run_activate(code, z, b):
    activate(code, z, b)


@njit
def run_backpropagate(code, a, delta, share):
    backpropagate(code, a, delta, share)


@njit
def run_column_sums(delta, sums):
    column_sums(delta, sums)


@njit
def run_drop_out(layer, share, seed, first):
    drop_out(layer, share, seed, first)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_a_layers_kernels_are_the_activation_and_its_derivative(name, dtype):
    random = np.random.default_rng(0)
    z = (5 * random.normal(size=(37, 13))).astype(dtype)
    b, delta = random.normal(size=13).astype(dtype), random.normal(size=(37, 13)).astype(dtype)
    f, slope = twins.ACTIVATIONS[name]
    a, d, sums = z.copy(), delta.copy(), np.empty(13, dtype=dtype)
    close = {"rtol": 20 * np.finfo(dtype).eps, "atol": 20 * np.finfo(dtype).eps}

    run_activate(ACTIVATIONS[name].code, a, b)
    run_backpropagate(ACTIVATIONS[name].code, a, d, 1.0)
    run_column_sums(delta, sums)

    np.testing.assert_allclose(a, f(z.astype(float) + b), **close)
    np.testing.assert_allclose(d, delta * slope(z.astype(float) + b), **close)
    np.testing.assert_allclose(sums, delta.sum(axis=0, dtype=float), rtol=1e-5)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_an_activation_far_out_is_finite_and_nan_stays_nan(name):
    for dtype in (np.float32, np.float64):
        z = np.array([[-800.0, 800.0, np.nan, 0.0]], dtype=dtype)
        run_activate(ACTIVATIONS[name].code, z, np.zeros(4, dtype=dtype))
        assert np.isfinite(z).tolist() == [[True, True, False, True]]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    first=st.integers(0, 2**40),
    share=st.floats(0.01, 0.99),
)
def test_dropout_keeps_the_units_that_splitmix64_says(seed, first, share):
    layer = np.ones((5, 7))
    run_drop_out(layer, share, np.uint64(seed), first)
    keeps = [twins.kept(seed, first + unit, share) for unit in range(35)]
    np.testing.assert_allclose(layer.ravel(), np.array(keeps) / (1 - share))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_layers_expectation(share):
    layer = np.ones((1000, 100), dtype=np.float32)
    run_drop_out(layer, share, np.uint64(7), 0)
    deviation = np.sqrt(share / (1 - share) / layer.size)
    assert layer.mean(dtype=float) == pytest.approx(1, abs=4 * deviation)
    assert (layer == 0).mean() == pytest.approx(share, abs=0.01)


def test_dropout_keeps_other_units_with_another_seed_and_the_same_ones_again_with_one():
    layers = []
    for seed in (3, 3, 4):
        layers.append(np.ones((20, 20)))
        run_drop_out(layers[-1], 0.5, np.uint64(seed), 0)
    np.testing.assert_array_equal(layers[0], layers[1])
    assert (layers[0] != layers[2]).mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("n", [1, 20, BLOCK, 2 * BLOCK + 9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_rows_gradient_is_the_plain_one_whatever_the_number_of_blocks(dtype, n, weighted):
    random = np.random.default_rng(n)
    loss, sizes = LOSSES["log_loss"](3), [6, 5, 4, 3]
    net = Network(loss, sizes, "tanh", dtype, alpha=0.0, dropout=0.0, batch_size=n)
    net.initialise(np.random.RandomState(0))
    X, y = random.normal(size=(n + 5, 6)).astype(dtype), random.integers(0, 3, n + 5)
    s = random.uniform(0, 2, n + 5)
    order = random.permutation(n + 5)
    X.flags.writeable = False
    rows = Rows(X, y, s if weighted else np.empty(0), order)

    value = rows_gradient(rows, net.shape, net.space, 0, net.weights, 2, n + 2, np.uint64(0), 0)

    picked = order[2 : n + 2]
    s = s if weighted else np.ones(n + 5)
    expected = twins.loss_and_gradient(
        loss, sizes, "tanh", net.weights.astype(float), X[picked], y[picked], s[picked]
    )
    assert value == pytest.approx(expected[0], rel=PRECISION[dtype])
    scale = np.abs(expected[1]).max()
    np.testing.assert_allclose(
        net.space.gradient[0] / scale, expected[1] / scale, atol=PRECISION[dtype]
    )


def test_no_rows_have_no_loss_and_no_gradient():
    net = Network(LOSSES["log_loss"](2), [2, 1], "relu", float, alpha=0, dropout=0, batch_size=4)
    net.space.gradient[:] = 7.0
    X = np.ones((4, 2))
    X.flags.writeable = False
    rows = Rows(X, np.zeros(4, dtype=int), np.empty(0), np.arange(4))
    assert rows_gradient(rows, net.shape, net.space, 0, net.weights, 3, 3, np.uint64(0), 0) == 0
    assert not net.space.gradient.any()


@njit(nogil=True)
def pass_many_gates(thread, n_threads, gate, seen, rounds):
    """How many times a thread came through while another had not yet arrived."""
    early, target = 0, 0
    for number in range(1, rounds + 1):
        seen[thread, 0] = number
        target += n_threads
        pass_gate(gate, target)
        for other in range(n_threads):
            early += seen[other, 0] != number
        target += n_threads
        pass_gate(gate, target)
    return early


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_a_gate_opens_when_all_threads_have_come_and_not_before(n_threads):
    gate, seen = np.zeros(1, dtype=np.int64), np.zeros((n_threads, 8), dtype=np.int64)
    early = [-1] * n_threads

    def work(thread):
        early[thread] = pass_many_gates(thread, n_threads, gate, seen, 200)

    threads = [threading.Thread(target=work, args=(each,)) for each in range(n_threads)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert early == [0] * n_threads
    assert gate[0] == 2 * 200 * n_threads
