from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from pipelines.drift.profile import count
from pipelines.drift.two_sample import (
    LEAST_EXPECTED,
    Finding,
    chi_squared,
    fisher,
    holm,
    kolmogorov_smirnov,
)

CELLS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12)


def split(cells: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    then, now = np.array(cells, dtype=np.int64).T
    return then, now


def test_kolmogorov_smirnov_at_all_values_is_scipys() -> None:
    rng = np.random.default_rng(0)
    then, now = rng.normal(size=400), rng.normal(0.1, 1, 900)
    points = np.sort(then)
    found = kolmogorov_smirnov(count(then, points).cells, count(now, points).cells)
    theirs = stats.ks_2samp(then, now)
    assert found.statistic == pytest.approx(theirs.statistic)
    n = 400 * 900 / 1300
    assert found.p_value == pytest.approx(stats.kstwobign.sf(theirs.statistic * n**0.5))


@pytest.mark.parametrize("points", [2, 10, 50])
def test_coarser_points_never_make_kolmogorov_smirnov_surer(points: int) -> None:
    rng = np.random.default_rng(points)
    then, now = rng.normal(size=3_000), rng.normal(0.1, 1, 2_000)
    kept = np.quantile(then, np.linspace(0, 1, points))
    coarse = kolmogorov_smirnov(count(then, kept).cells, count(now, kept).cells)
    fine = stats.ks_2samp(then, now)
    assert coarse.statistic <= fine.statistic
    assert coarse.p_value >= fine.pvalue


def test_kolmogorov_smirnov_sees_values_just_beside_the_kept_ones() -> None:
    then, now = np.zeros(500), np.full(500, -1e-9)
    points = np.zeros(1)
    found = kolmogorov_smirnov(count(then, points).cells, count(now, points).cells)
    assert found.statistic == 1.0


def chi(then: object, now: object, buckets: object = None, rest: object = ()) -> Finding:
    then, now = np.asarray(then), np.asarray(now)
    names = np.zeros(len(then), dtype=np.int64) if buckets is None else np.asarray(buckets)
    return chi_squared(then, now, names, np.asarray(rest, dtype=np.int64))


def test_chi_squared_of_full_cells_is_scipys() -> None:
    then, now = [100, 200, 300, 80], [40, 50, 130, 60]
    theirs = stats.chi2_contingency(np.stack([then, now]), correction=False)
    found = chi(then, now)
    assert found.statistic == pytest.approx(theirs.statistic)
    assert found.p_value == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize(
    ("last", "pooled"),
    [
        # Cells of 30, 20 and 20 rows, of which a third is now, are expected to have 22 together;
        # of 30, 20 and 10 but 19, so that they take the next cell, too.
        ((13, 7), [[700, 200, 47], [300, 100, 23]]),
        ((6, 4), [[700, 240], [300, 120]]),
    ],
)
def test_sparse_cells_are_pooled_until_they_are_full(
    last: tuple[int, int], pooled: list[list[int]]
) -> None:
    theirs = stats.chi2_contingency(pooled, correction=False)
    assert theirs.expected_freq.min() >= LEAST_EXPECTED
    found = chi([700, last[0], 200, 20, 0, 14], [300, last[1], 100, 10, 0, 6])
    assert found.statistic == pytest.approx(theirs.statistic)
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_many_sparse_cells_make_a_full_pool_each_bucket() -> None:
    found = chi([30] * 6, [10, 10, 10, 10, 30, 30], buckets=[0, 0, 1, 1, 1, 1])
    theirs = stats.chi2_contingency([[60, 60, 30, 30], [20, 20, 30, 30]], correction=False)
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_rows_without_a_name_are_a_part_of_their_bucket_s_pool() -> None:
    found = chi([500, 300, 9], [250, 150, 6], buckets=[0, 0, 1], rest=[0, 44, 60])
    theirs = stats.chi2_contingency([[500, 300, 9], [250, 150, 110]], correction=False)
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_rows_all_unlike_each_other_are_no_drift() -> None:
    rng = np.random.default_rng(0)
    buckets = rng.integers(0, 256, 3_000)
    then, now = np.repeat([1, 0], [2_000, 1_000]), np.repeat([0, 1], [2_000, 1_000])
    found = chi(then, now, buckets, rest=np.bincount(rng.integers(0, 256, 9_000), minlength=256))
    assert found.p_value > 0.01


def test_a_column_recoded_throughout_is_found_though_each_value_is_rare() -> None:
    buckets = np.random.default_rng(0).integers(0, 256, 2_000)
    then, now = np.repeat([6, 0], 1_000), np.repeat([0, 6], 1_000)
    assert fisher(then, now).p_value == 1.0
    assert chi(then, now, buckets).p_value < 1e-20


@given(CELLS)
def test_a_cell_s_test_is_fisher_s_with_twice_the_smaller_tail(
    cells: list[tuple[int, int]],
) -> None:
    then, now = split(cells)
    filled = (then + now) > 0
    if filled.sum() < 2 or not then.sum() or not now.sum():
        assert fisher(then, now).p_value == 1.0
        return
    tails = [
        min(
            stats.fisher_exact([[b, now.sum() - b], [a, then.sum() - a]], alternative=side).pvalue
            for side in ("less", "greater")
        )
        for a, b in zip(then[filled], now[filled], strict=True)
    ]
    times = filled.sum() if filled.sum() > 2 else 1
    assert fisher(then, now).p_value == pytest.approx(min(1.0, 2 * times * min(tails)))


@pytest.mark.parametrize(("n", "m", "share"), [(30, 12, 0.1), (8, 40, 0.5), (200, 20, 0.02)])
def test_a_cell_s_test_rings_no_more_often_than_it_says(n: int, m: int, share: float) -> None:
    then, now = np.arange(n + 1), np.arange(m + 1)
    chance = np.outer(stats.binom.pmf(then, n, share), stats.binom.pmf(now, m, share))
    p = np.array([[fisher(np.array([a, n - a]), np.array([b, m - b])).p_value for b in now]
                  for a in then])  # fmt: skip
    for level in (0.2, 0.05, 0.01, 1e-4):
        assert chance[p <= level].sum() <= level


def test_the_cell_that_changed_most_surely_is_named_with_its_change() -> None:
    found = fisher(np.array([0, 500, 300, 200]), np.array([0, 480, 270, 250]))
    assert (found.cell, found.statistic) == (3, pytest.approx(0.05))


@given(CELLS, st.integers(0, 30))
def test_p_values_are_chances_whatever_the_counts(cells: list[tuple[int, int]], rest: int) -> None:
    then, now = split(cells)
    for p in (
        kolmogorov_smirnov(then, now).p_value,
        chi(then, now, rest=[rest]).p_value,
        fisher(then, now).p_value,
    ):
        assert 0.0 <= p <= 1.0


@given(CELLS)
def test_it_does_not_matter_which_sample_came_first(cells: list[tuple[int, int]]) -> None:
    then, now = split(cells)
    for test in (kolmogorov_smirnov, chi):
        assert test(then, now) == pytest.approx(test(now, then))
    assert fisher(then, now).p_value == pytest.approx(fisher(now, then).p_value)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_s_correction_is_statsmodels(p_values: list[float]) -> None:
    theirs = multipletests(p_values, method="holm")[1]
    np.testing.assert_allclose(holm(np.array(p_values)), theirs)
