from __future__ import annotations

import numpy as np
import pytest

from pipelines.estimators.kernels.coordinate import coordinate_sweeps


def plain_sweeps(B, penalty, free, v, gradient, sweeps, enough):
    largest = 0.0
    for _ in range(sweeps):
        largest = 0.0
        for i in free:
            x = v[i] - gradient[i] / B[i, i]
            new = np.sign(x) * max(abs(x) - penalty[i] / B[i, i], 0)
            largest = max(largest, abs(new - v[i]) * B[i, i])
            gradient = gradient + B[:, i] * (new - v[i])
            v[i] = new
        if largest <= enough:
            break
    return largest, gradient


def whole(blocks, Q, signs):
    G, m, _ = blocks.shape
    B = Q * signs @ Q.T
    for k in range(G):
        B[k * m : (k + 1) * m, k * m : (k + 1) * m] += blocks[k]
    return B


@pytest.mark.parametrize("shape", [(1, 6), (3, 2), (6, 1)])
@pytest.mark.parametrize("pairs", [0, 2])
@pytest.mark.parametrize("enough", [0.0, 0.3])
def test_the_sweeps_are_those_of_the_plain_formula(shape, pairs, enough):
    random = np.random.default_rng(pairs)
    G, m = shape
    factors = random.normal(size=(G, m, m))
    blocks = factors @ factors.transpose(0, 2, 1) + np.eye(m)
    Q, signs = random.normal(size=(6, pairs)) * 0.3, np.array([1.0, -1.0])[:pairs]
    B = whole(blocks, Q, signs)
    penalty = np.array([0.0, 2.0, 2.0, 2.0, 2.0, 9.0])
    free = np.array([0, 1, 3, 4, 5])
    gradient = random.normal(size=6)
    v, slope, c = random.normal(size=6), gradient.copy(), np.zeros(pairs)
    expected = v.copy()

    largest = coordinate_sweeps(
        blocks, Q, signs, np.diag(B).copy(), penalty, free, v, slope, c, 4, enough
    )

    plain, end = plain_sweeps(B, penalty, free, expected, gradient, 4, enough)
    assert largest == pytest.approx(plain, rel=1e-9)
    np.testing.assert_allclose(v, expected, atol=1e-12)
    np.testing.assert_allclose(slope + Q @ c, end, atol=1e-12)
    assert (v == 0).any()
