"""The calibration error's interval against known truths."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.metrics import Interval
from pipelines.metrics.gaps import calibration_error
from pipelines.metrics.results import BINS

TRIALS, DRAWS = 120, 200


def drawn(p: NDArray[np.float64], y: NDArray[np.bool_], seed: int) -> Interval:
    """The interval of the answers' error in 15 bins, from literal resamples."""
    n = len(p)
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), DRAWS)
    bins = np.eye(BINS)[np.minimum((p * BINS).astype(int), BINS - 1)]
    gaps = np.vstack([np.ones(n), counts]) @ (bins * (y - p)[:, None])
    return calibration_error(gaps, np.full(DRAWS + 1, float(n)))


def coverage(rows: int, power: float) -> float:
    """How often the interval holds the truth, where y is so with probability p to this power."""
    rng = np.random.default_rng(rows)
    many = rng.uniform(size=400_000)
    bins = np.minimum((many * BINS).astype(int), BINS - 1)
    truth = np.abs(np.bincount(bins, weights=many**power - many)).sum() / len(many)
    held = 0
    for trial in range(TRIALS):
        p = rng.uniform(size=rows)
        found = drawn(p, rng.uniform(size=rows) < p**power, trial)
        assert found.low <= found.value <= found.high
        held += found.low <= truth <= found.high
    return held / TRIALS


@pytest.mark.parametrize("rows", [60, 500])
def test_a_perfectly_calibrated_model_s_zero_is_mostly_within_the_interval(rows: int) -> None:
    assert coverage(rows, 1.0) >= 0.85


@pytest.mark.parametrize(("rows", "power"), [(300, 1.3), (500, 2.0)])
def test_the_true_error_of_a_miscalibrated_model_is_mostly_within_it(
    rows: int, power: float
) -> None:
    assert coverage(rows, power) >= 0.85


def test_an_error_beyond_chance_has_a_lower_bound_above_zero() -> None:
    p = np.full(400, 0.9)
    found = drawn(p, np.arange(400) % 2 == 0, 0)
    assert found.value == pytest.approx(0.4)
    assert 0.3 < found.low < 0.4 < found.high < 0.5


def test_without_resamples_or_rows_there_are_no_bounds() -> None:
    alone = calibration_error(np.array([[1.0, -1.0]]), np.array([10.0]))
    assert alone.value == pytest.approx(0.2)
    assert np.isnan([alone.low, alone.high]).all()
    empty = calibration_error(np.zeros((2, 1)), np.zeros(2))
    assert np.isnan([empty.value, empty.low, empty.high]).all()


def test_resamples_without_rows_do_not_count() -> None:
    gaps = np.array([[2.0], [2.0], [0.0]])
    assert calibration_error(gaps, np.array([10.0, 10.0, 0.0])) == Interval(0.2, 0.2, 0.2)


def test_the_bounds_are_lowered_by_what_resampling_adds() -> None:
    found = calibration_error(np.array([[2.0], [3.0], [3.0]]), np.full(3, 10.0))
    assert (found.low, found.value, found.high) == pytest.approx((0.1, 0.2, 0.2))
