from __future__ import annotations

import numpy as np
import pytest

from benchmarks.training.data import teacher
from benchmarks.training.networks import initial, judged
from benchmarks.training.stochastic import Spread, same


def test_equal_quality_allows_for_what_the_seeds_move() -> None:
    assert same(Spread(1.00, 0.0), Spread(1.01, 0.0), 0.0101)
    assert not same(Spread(1.00, 0.0), Spread(1.02, 0.0), 0.0101)
    assert same(Spread(1.00, 0.01), Spread(1.02, 0.0), 0.0101)


def test_the_spread_s_error_is_that_of_the_mean() -> None:
    assert Spread.of([1.0, 3.0]) == Spread(2.0, pytest.approx(1.0))
    assert Spread.of([2.0]) == Spread(2.0, 0.0)


def test_a_network_of_zeros_is_judged_as_a_coin() -> None:
    table = teacher(rows=500)
    zeros = [(np.zeros_like(W), np.zeros_like(b)) for W, b in initial([23, 4, 1], 0)]
    quality = judged(zeros, table)
    assert quality.loss == pytest.approx(np.log(2))
    assert quality.accuracy == pytest.approx(np.mean(table.y_test == 0))
