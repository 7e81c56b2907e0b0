from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.estimators.optimizers.adam import Adam
from pipelines.estimators.optimizers.adamw import AdamW
from pipelines.estimators.optimizers.rmsprop import RMSprop
from pipelines.estimators.optimizers.sgd import SGD

GRADIENTS = [0.5, -0.3, 0.2, 0.7, -1.1]
# What torch 2's optimizers of the same names make of the weight 0.3 with the learning rate
# 0.1 and these gradients, one after the other. Adam's epsilon there stands beside √v̂: it is
# too small here to be seen.
TORCH = [
    (SGD(0.8, nesterov=False), [0.25, 0.24, 0.212, 0.1196, 0.15568]),
    (SGD(0.8, nesterov=True), [0.21, 0.232, 0.1896, 0.04568, 0.184544]),
    (
        RMSprop(0.9, 1e-8),
        [-0.0162277460168, 0.1528030954054, 0.0416061572375, -0.2088494769555, 0.0426466013868],
    ),
    (
        Adam(0.8, 0.9, 1e-12),
        [0.2, 0.186355770414807, 0.153142189006583, 0.087466522722258, 0.103169835884289],
    ),
    (
        AdamW(0.8, 0.9, 1e-12, weight_decay=0.05),
        [0.1985, 0.183863270414807, 0.149730372654508, 0.083306054506910, 0.098592837396407],
    ),
]


def steps(optimizer, gradients, w=0.3, learning_rate=0.1):
    """The weight after each step, by the rule itself."""
    first, second, c = 0.0, 0.0, (*optimizer.constants(), 0.0, 0.0)
    for before, gradient in enumerate(gradients):
        rates = np.array([learning_rate])
        w = w * (1 - optimizer.decays(rates)[0])
        rate = optimizer.rates(rates, before)[0]
        w, first, second = type(optimizer).rule(w, gradient, first, second, rate, c)
        yield w


@pytest.mark.parametrize(("optimizer", "weights"), TORCH, ids=lambda each: repr(each)[:60])
def test_the_weight_goes_where_torch_takes_it(optimizer, weights):
    assert list(steps(optimizer, GRADIENTS)) == pytest.approx(weights, abs=1e-9)


@given(gradients=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_adam_repeats_the_papers_rule(gradients):
    ours = list(steps(Adam(0.8, 0.9, 1e-6), gradients))
    w, m, v = 0.3, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        w -= 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.8**t) * m / (np.sqrt(v) + 1e-6)
        assert ours[t - 1] == pytest.approx(w, rel=1e-9, abs=1e-9)


def test_adams_first_step_is_the_learning_rate_against_the_gradients_sign():
    ends = [next(steps(Adam(), [g], w=0.0)) for g in (5.0, -0.01, 0.0)]
    np.testing.assert_allclose(ends, [-0.1, 0.1, 0.0], rtol=1e-4)


def test_without_momentum_sgd_steps_along_the_gradient_alone():
    for nesterov in (False, True):
        ends = list(steps(SGD(0.0, nesterov), GRADIENTS))
        np.testing.assert_allclose(ends, 0.3 - 0.1 * np.cumsum(GRADIENTS), atol=1e-15)


@pytest.mark.parametrize("optimizer", [SGD(), RMSprop(), Adam(), AdamW()], ids=repr)
def test_the_rates_of_an_epoch_are_those_of_its_steps_one_by_one(optimizer):
    rates = np.linspace(0.1, 0.01, 7)
    one_by_one = [optimizer.rates(rates[i : i + 1], 5 + i)[0] for i in range(7)]
    np.testing.assert_array_equal(optimizer.rates(rates, 5), one_by_one)


def test_adamw_takes_off_the_share_that_the_learning_rate_and_the_decay_make():
    rates = np.array([0.1, 0.2])
    np.testing.assert_allclose(AdamW(weight_decay=0.3).decays(rates), [0.03, 0.06])
    for optimizer in (SGD(), RMSprop(), Adam()):
        assert not optimizer.decays(rates).any()
