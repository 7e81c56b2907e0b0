from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.estimators.optimizers.adam import Adam


@given(gradients=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_adam_repeats_the_papers_rule(gradients):
    weights = np.array([0.3])
    adam = Adam(weights, learning_rate=0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-6)
    w, m, v = 0.3, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        adam.step(np.array([g]))
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        w -= 0.01 * np.sqrt(1 - 0.9**t) / (1 - 0.8**t) * m / (np.sqrt(v) + 1e-6)
    assert weights[0] == pytest.approx(w, rel=1e-9, abs=1e-12)


def test_adams_first_step_is_the_learning_rate_against_the_gradients_sign():
    weights = np.zeros(3)
    Adam(weights, learning_rate=0.1).step(np.array([5.0, -0.01, 0.0]))
    np.testing.assert_allclose(weights, [-0.1, 0.1, 0.0], rtol=1e-4)


def test_adam_keeps_float32():
    weights = np.ones(3, dtype=np.float32)
    adam = Adam(weights)
    adam.step(np.ones(3, dtype=np.float32))
    assert {weights.dtype, adam.m.dtype, adam.v.dtype} == {np.dtype(np.float32)}
