"""When a trial is clearly worse than the best one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipelines.searching.racing import STANDARD_ERRORS, clearly_worse

BEST = [np.full(50, 0.5), np.full(50, 0.3)]


def noisy(seed: int, rows: int = 200) -> np.ndarray:
    return np.abs(np.random.default_rng(seed).normal(0.4, 0.2, rows))


def test_one_fold_alone_decides_nothing_however_bad_it_is() -> None:
    assert not clearly_worse([np.full(50, 9.0)], BEST[:1])
    assert clearly_worse([np.full(50, 9.0), np.full(50, 9.0)], BEST)


def test_a_trial_that_is_better_on_one_fold_goes_on() -> None:
    assert not clearly_worse([np.full(50, 9.0), np.full(50, 0.29)], BEST)


def test_an_equal_trial_goes_on() -> None:
    assert not clearly_worse(BEST, BEST)


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.1))
def test_the_bound_is_the_paired_t_statistic_of_scipy(seed: int, shift: float) -> None:
    best = [noisy(seed), noisy(seed + 1)]
    mine = [noisy(seed + 2) + shift, noisy(seed + 3) + shift]
    t = stats.ttest_rel(np.concatenate(mine), np.concatenate(best)).statistic
    worse_on_each = all(a.mean() > b.mean() for a, b in zip(mine, best, strict=True))
    assert clearly_worse(mine, best) == bool(worse_on_each and t > STANDARD_ERRORS)


def test_a_trial_as_good_as_the_best_is_seldom_stopped() -> None:
    stopped = sum(
        clearly_worse([noisy(n), noisy(n + 1)], [noisy(n + 2), noisy(n + 3)])
        for n in range(0, 8_000, 4)
    )
    assert stopped <= 10  # one in a thousand would be 2 of these 2,000


@pytest.mark.parametrize("rows", [0, 1])
def test_folds_of_hardly_any_row_decide_nothing(rows: int) -> None:
    empty = np.zeros(0)
    assert not clearly_worse([np.full(rows, 9.0), empty], [np.full(rows, 0.1), empty])
