from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimators.solvers.quadratic import Quadratic, minimum
from pipelines.estimators.threads import Team


def quadratic(random, G, m, pairs, condition=1.0):
    """A positive definite function, and the same as a matrix."""
    scales = np.logspace(0, np.log10(condition), m)
    factors = random.normal(size=(G, m, m + 1)) * scales[:, None]
    blocks = factors @ factors.transpose(0, 2, 1) + 1e-3 * np.eye(m)
    Q = random.normal(size=(G * m, pairs))
    function = Quadratic(blocks, Q, np.ones(pairs), Team(None, 1))
    B = Q @ Q.T
    for k in range(G):
        B[k * m : (k + 1) * m, k * m : (k + 1) * m] += blocks[k]
    return function, B


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from([(1, 8), (4, 2), (8, 1)]),
    pairs=st.integers(0, 3),
    condition=st.sampled_from([1.0, 1e4]),
    l1=st.sampled_from([0.0, 0.3, 3.0]),
)
def test_no_subgradient_is_left_at_the_minimum(seed, shape, pairs, condition, l1):
    random = np.random.default_rng(seed)
    function, B = quadratic(random, *shape, pairs, condition)
    w, g = random.normal(size=8), random.normal(size=8) * 3
    penalty = np.full(8, l1)
    penalty[-1] = 0

    v = minimum(function, w, g, penalty, share=1e-8, rounds=200)

    gradient = g + B @ (v - w)
    outside = np.maximum(np.abs(gradient) - penalty, 0)
    left = np.where(v == 0, outside, np.abs(gradient + penalty * np.sign(v)))
    assert left.max() <= 1e-7 * max(1.0, np.abs(g).max())


@pytest.mark.parametrize("shape", [(1, 6), (3, 2), (6, 1)])
@pytest.mark.parametrize("pairs", [0, 2])
def test_the_system_of_some_coordinates_is_solved(shape, pairs):
    function, B = quadratic(np.random.default_rng(0), *shape, pairs)
    among = np.array([True, False, True, True, False, True])
    right = np.where(among, np.arange(6.0), 0)

    solved = function.solve(among, right)

    part = np.ix_(among, among)
    np.testing.assert_allclose(solved[among], np.linalg.solve(B[part], right[among]), rtol=1e-9)
    assert (solved[~among] == 0).all()


def test_a_weight_that_the_gradient_holds_at_zero_stays():
    function, _ = quadratic(np.random.default_rng(1), 1, 3, 0)
    w, g = np.array([0.0, 1.0, 0.0]), np.array([0.1, 2.0, -5.0])
    v = minimum(function, w, g, np.full(3, 0.5), share=1e-8, rounds=50)
    assert v[0] == 0
    assert v[2] != 0


def test_a_function_without_a_minimum_gives_no_number():
    function = Quadratic(np.ones((2, 1, 1)), np.ones((2, 1)), np.array([-9.0]), Team(None, 1))
    with np.errstate(all="ignore"):
        v = minimum(function, np.ones(2), np.ones(2), np.zeros(2), share=1e-8, rounds=10_000)
    assert not np.isfinite(v).all()
