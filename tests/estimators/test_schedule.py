from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.estimators.schedule import SCHEDULES, Schedule


def schedule(kind, power=0.5, epochs=10):
    return Schedule(kind, 0.1, power=power, epochs=epochs)


def test_a_constant_rate_stays():
    rates = schedule("constant")
    assert {*rates.epoch(0, 3, 0), *rates.epoch(7, 3, 700)} == {0.1}
    assert not rates.goes_on()


@given(seen=st.integers(1, 10**9), power=st.floats(0, 1))
def test_inverse_scaling_goes_by_the_rows_seen(seen, power):
    rates = schedule("invscaling", power)
    assert rates.epoch(0, 2, 0).tolist() == [0.1, 0.1]
    np.testing.assert_allclose(rates.epoch(1, 2, seen), 0.1 / (seen + 1) ** power, rtol=1e-12)
    assert not rates.goes_on()


def test_inverse_scaling_by_any_power_ends_at_zero():
    assert schedule("invscaling", 1e5).epoch(1, 2, 100).tolist() == [0.0, 0.0]


def test_a_cosine_goes_on_where_the_epochs_before_have_led_it():
    whole, rest = schedule("cosine"), Schedule("cosine", 0.1, power=0.5, epochs=10, before=4)
    np.testing.assert_array_equal(rest.epoch(2, 3, 0), whole.epoch(6, 3, 0))


def test_an_adaptive_rate_is_divided_by_five_until_it_is_a_millionth():
    rates, seen = schedule("adaptive"), [0.1]
    while rates.goes_on():
        seen.append(rates.epoch(len(seen), 1, 50)[0])
    np.testing.assert_allclose(seen, 0.1 / 5.0 ** np.arange(len(seen)))
    assert seen[-1] <= 1e-6 < seen[-2]


def test_a_cosine_falls_from_the_initial_rate_to_zero_step_by_step():
    rates, epochs, n = schedule("cosine"), 10, 4
    steps = np.concatenate([rates.epoch(number, n, number * 50) for number in range(epochs)])
    done = np.arange(epochs * n) / (epochs * n)
    np.testing.assert_allclose(steps, 0.05 * (1 + np.cos(np.pi * done)), atol=1e-17)
    assert (np.diff(steps) < 0).all()
    assert rates.epoch(epochs, n, 500).tolist() == pytest.approx([0.0] * n, abs=1e-17)
    assert not rates.goes_on()


@pytest.mark.parametrize("kind", SCHEDULES)
def test_the_rate_is_that_of_the_last_step(kind):
    rates = schedule(kind)
    assert rates.rate == 0.1
    last = rates.epoch(3, 5, 60)[-1]
    assert rates.rate == last
