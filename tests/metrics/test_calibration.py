"""Reliability bins, and the parts of the Brier score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from pipelines.metrics.calibration import calibrations, equal_counts, wilson
from pipelines.metrics.resamples import resamples


def draw(rows: int, seed: int, decimals: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(0.5, 2, rows), decimals)
    return np.column_stack([1 - p, p]), (rng.random(rows) < p).astype(np.int32)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.integers(0, 10_000), st.sampled_from([1, 12]))
def test_the_parts_add_up_to_the_brier_score_exactly(rows: int, seed: int, digits: int) -> None:
    P, codes = draw(rows, seed, digits)
    (found,) = calibrations(P, codes, resamples(rows, 5, 0))
    parts = found.reliability - found.resolution + found.uncertainty + found.within
    assert parts == pytest.approx(found.brier, abs=1e-12)
    assert found.brier == pytest.approx(brier_score_loss(codes, P[:, 1], labels=[0, 1]))
    assert sum(each.rows for each in found.bins) == rows


def test_the_bins_are_scikit_learns_of_equal_count() -> None:
    P, codes = draw(3_000, 1)
    (found,) = calibrations(P, codes, resamples(3_000, 20, 0))
    observed, predicted = calibration_curve(codes, P[:, 1], n_bins=15, strategy="quantile")
    assert [each.predicted for each in found.bins] == pytest.approx(predicted, abs=2e-3)
    assert [each.observed.value for each in found.bins] == pytest.approx(observed, abs=2e-2)
    assert {each.rows for each in found.bins} == {200}


def test_equal_scores_share_a_bin_and_small_tables_have_few_bins() -> None:
    score = np.r_[np.zeros(90), np.ones(30)]
    assert equal_counts(score).tolist() == [0] * 90 + [1] * 30
    assert equal_counts(np.arange(39.0)).max() == 0
    assert equal_counts(np.arange(60.0)).tolist() == [0] * 20 + [1] * 20 + [2] * 20


def test_frequencies_as_promised_have_no_error_and_false_promises_have_it_all() -> None:
    codes = np.tile([0, 0, 0, 1], 50).astype(np.int32)
    (honest,) = calibrations(np.tile([0.75, 0.25], (200, 1)), codes, resamples(200, 50, 0))
    assert honest.error.value == pytest.approx(0)
    assert honest.reliability == pytest.approx(0)
    (boastful,) = calibrations(np.tile([0.25, 0.75], (200, 1)), codes, resamples(200, 50, 0))
    assert boastful.error.value == pytest.approx(0.5)
    assert boastful.reliability == pytest.approx(0.25)
    assert boastful.error.low < 0.5 < boastful.error.high


def test_more_classes_are_told_each_from_the_rest() -> None:
    rng = np.random.default_rng(0)
    P, codes = rng.dirichlet(np.ones(3), 90), rng.integers(0, 3, 90).astype(np.int32)
    found = calibrations(P, codes, resamples(90, 20, 0))
    assert [each.positive for each in found] == [0, 1, 2]
    for k, each in enumerate(found):
        assert each.brier == pytest.approx(((P[:, k] - (codes == k)) ** 2).mean())


def test_equal_rows_count_once_in_the_interval_of_a_bin() -> None:
    P, codes = np.tile([0.4, 0.6], (100, 1)), np.tile([0, 1], 50).astype(np.int32)
    alone = calibrations(P[:10], codes[:10], resamples(10, 20, 0))[0].bins[0].observed
    digests = np.tile(np.arange(10), 10).astype(np.uint64)
    many = calibrations(P, codes, resamples(digests, 20, 0))[0].bins[0].observed
    assert many == alone


@pytest.mark.parametrize("count", [1, 7, 60])
@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_wilson_bounds_are_scipys(count: int, rate: float) -> None:
    hits = round(rate * count)
    low, high = wilson(np.array([hits]), np.array([count]))
    expected = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_bounds_of_nothing_counted_are_nan() -> None:
    assert np.isnan(wilson(np.array([0]), np.array([0]))).all()
