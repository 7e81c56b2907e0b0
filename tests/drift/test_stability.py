from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.drift.profile import Numbers, Values, count
from pipelines.drift.stability import number_bins, psi, value_bins
from tests.drift.tables import profiled


def numbers(values: object) -> Numbers:
    column = profiled(x=values).columns["x"]
    assert isinstance(column, Numbers)
    return column


def counted(then: Numbers, values: object) -> Numbers:
    return count(np.asarray(values, dtype=np.float64), then.points)


def test_the_index_of_large_counts_is_the_textbook_s() -> None:
    then, now = np.array([500_000, 300_000, 200_000]), np.array([400_000, 300_000, 300_000])
    textbook = (0.4 - 0.5) * math.log(0.4 / 0.5) + (0.3 - 0.2) * math.log(0.3 / 0.2)
    assert psi(then, now) == pytest.approx(textbook, rel=1e-4)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(1, 9), st.integers(1, 9))
def test_equal_shares_give_zero_whatever_the_numbers_of_rows(
    cells: list[int], a: int, b: int
) -> None:
    base = np.array(cells, dtype=np.int64)
    assert psi(a * base, b * base) == pytest.approx(0.0, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=1, max_size=9))
def test_the_index_is_finite_and_never_negative(cells: list[tuple[int, int]]) -> None:
    then, now = np.array(cells, dtype=np.int64).T
    assert 0.0 <= psi(then, now) + 1e-12 < math.inf


def test_a_bin_that_empties_counts_by_the_rows_that_it_rests_on() -> None:
    few = psi(np.array([9, 1]), np.array([10, 0]))
    many = psi(np.array([9_000, 1_000]), np.array([10_000, 0]))
    assert few < 0.3 < 0.8 < many


@given(
    st.lists(st.sampled_from([*range(12), 0, 0, 0, np.nan]), min_size=1, max_size=80),
    st.lists(st.floats(-3, 15), max_size=40),
)
def test_every_row_of_both_tables_is_in_one_bin(then: list[float], now: list[float]) -> None:
    kept = numbers([float(x) for x in then])
    bins = number_bins(kept, counted(kept, [*now, np.nan]))
    assert (bins.then.sum(), bins.now.sum()) == (len(then), len(now) + 1)
    assert len(bins.names) == len(bins.then) == len(bins.now)
    shown = bins.pooled
    assert (shown.then.sum(), shown.now.sum()) == (len(then), len(now) + 1)
    assert shown.names[-2:] == ("never seen", "missing")


def test_bins_of_a_smooth_column_hold_a_tenth_each() -> None:
    kept = numbers(np.random.default_rng(0).normal(size=50_000))
    bins = number_bins(kept, kept).pooled
    assert len(bins.names) == 12
    assert np.abs(bins.then[:10] - 5_000).max() <= 50
    assert (bins.names[0][0], bins.names[9][0]) == ("≤", ">")


def test_a_value_that_many_rows_share_has_a_bin_of_its_own() -> None:
    kept = numbers([0.0] * 90 + list(np.linspace(1, 2, 10)))
    bins = number_bins(kept, counted(kept, [-1.0, 0.0, 0.5, 1.5, 3.0])).pooled
    assert dict(zip(bins.names, bins.now.tolist(), strict=True)) == {
        "= 0": 1, "> 0": 3, "never seen": 1, "missing": 0,
    }  # fmt: skip


def test_what_lies_between_the_only_values_was_never_seen() -> None:
    kept = numbers([1.0, 2.0, 3.0, 4.0, 5.0] * 4)
    bins = number_bins(kept, counted(kept, [0.0, 1.0, 2.5, 4.5, 9.0, np.nan]))
    assert bins.pooled.now.tolist() == [1, 0, 0, 0, 0, 4, 1]
    # For the tests each stretch stands alone.
    assert len(bins.names) == 12


def test_values_never_seen_are_bins_of_their_own_and_one_for_the_index() -> None:
    then = Values({"a": 5, "b": 3}, gaps=1)
    bins = value_bins(then, Values({"a": 2}, 4, {"new": 3, "newer": 1}, rest={7: 2}))
    assert bins.names == ("a", "b", "new", "newer", "missing")
    assert bins.now.tolist() == [2, 0, 3, 1, 4]
    assert bins.rest.nonzero()[0].tolist() == [7]
    assert bins.pooled.names == ("a", "b", "never seen", "missing")
    assert bins.pooled.now.tolist() == [2, 0, 6, 4]


@pytest.mark.parametrize(
    ("unit", "names"),
    [("day", ["= 1970-01-01", "= 1970-01-03"]), ("second", ["= 1970-01-01 00:00"] * 2)],
)
def test_bins_of_dates_are_named_by_days(unit: str, names: list[str]) -> None:
    kept = numbers([0.0, 2.0])
    assert [n for n in number_bins(kept, kept, unit).names if n[0] == "="] == names
