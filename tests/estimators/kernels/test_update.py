from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from pipelines.estimators.kernels.update import RULES, add_shares, sum_of_squares, update
from pipelines.estimators.optimizers.adam import Adam
from pipelines.estimators.optimizers.adamw import AdamW
from pipelines.estimators.optimizers.rmsprop import RMSprop
from pipelines.estimators.optimizers.sgd import SGD

OPTIMIZERS = [SGD(0.9, False), SGD(0.8, True), RMSprop(), Adam(), AdamW()]


@njit
def run_add_shares(gradients, start, stop):
    add_shares(gradients, start, stop)


@njit
def run_sum_of_squares(w, gradient, penalty, scale):
    return sum_of_squares(w, gradient, penalty, scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), start=st.integers(0, 20), length=st.integers(0, 60))
def test_a_step_of_a_part_is_the_plain_rule_there_and_nothing_elsewhere(
    optimizer, dtype, seed, start, length
):
    random = np.random.default_rng(seed)
    w, gradient = random.normal(size=(2, 80)).astype(dtype)
    state = random.uniform(0, 1, (2, 80)).astype(dtype)
    c = np.array([*optimizer.constants(), 0.0, 0.0][:3], dtype=dtype)
    rate, scale, penalty, decay = (dtype(each) for each in (0.01, 0.5, 0.3, 0.05))
    plain = [each.astype(float) for each in (w, *state)]
    part = slice(start, start + length)
    w_part, first, second = (each[part] for each in plain)
    g = 0.5 * gradient[part].astype(float) + 0.3 * w_part
    after = type(optimizer).rule((1 - 0.05) * w_part, g, first, second, 0.01, c.astype(float))
    for whole, new in zip(plain, after, strict=True):
        whole[part] = new

    update(
        RULES.index(type(optimizer).rule),
        w,
        gradient,
        state,
        start,
        start + length,
        rate,
        c,
        scale,
        penalty,
        decay,
    )

    for ours, theirs in zip((w, *state), plain, strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, atol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_over_shares_and_of_squares_are_the_plain_ones(dtype):
    gradients = np.random.default_rng(0).normal(size=(3, 50)).astype(dtype)
    before, eps = gradients.astype(float), float(np.finfo(dtype).eps)
    w = np.linspace(-1, 1, 50).astype(dtype)

    squares = run_sum_of_squares(w, gradients[0], dtype(0.3), dtype(2.0))
    run_add_shares(gradients, 10, 40)

    assert squares == pytest.approx(((2 * before[0] + 0.3 * w) ** 2).sum(), rel=100 * eps)
    expected = before[0].copy()
    expected[10:40] += before[1:, 10:40].sum(axis=0)
    np.testing.assert_allclose(gradients[0], expected, atol=10 * eps)
    np.testing.assert_array_equal(gradients[1:], before[1:])
