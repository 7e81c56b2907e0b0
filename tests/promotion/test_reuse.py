"""The overlap of two sets of rows from their sketches, and the count of decisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.promotion.history import Entry
from pipelines.promotion.reuse import chance_of_error, decisions_on, overlap, sketch, told

ENTRY = Entry(1, "key", "2026-01-01T00:00:00+00:00", "promoted", "1", None, "1", "a run", "why")


def digests(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


@settings(max_examples=50, deadline=None)
@given(
    st.sets(st.integers(0, 2**64 - 1), max_size=30), st.sets(st.integers(0, 2**64 - 1), max_size=30)
)
def test_the_overlap_of_few_rows_is_jaccard_s_index(first: set[int], second: set[int]) -> None:
    expected = len(first & second) / len(first | second) if first | second else 0.0
    both = [sketch(np.array(sorted(each), dtype=np.uint64)) for each in (first, second)]
    assert overlap(*both) == expected


@pytest.mark.parametrize("shared", [0, 2_500, 5_000, 9_000, 10_000])
def test_the_overlap_of_many_rows_is_near_jaccard_s_index(shared: int) -> None:
    common = digests(0, shared)
    first, second = (np.concatenate([common, digests(s, 10_000 - shared)]) for s in (1, 2))
    expected = shared / (20_000 - shared)
    assert overlap(sketch(first), sketch(second)) == pytest.approx(expected, abs=4 / 16)


def test_equal_rows_count_once_and_their_order_not_at_all() -> None:
    rows = digests(3, 500)
    assert sketch(rows) == sketch(np.concatenate([rows[::-1], rows]))


def test_decisions_count_that_rested_on_mostly_the_same_rows() -> None:
    rows, others = digests(4, 1_000), digests(5, 1_000)
    grown = np.concatenate([rows, digests(6, 300)])
    history = [
        replace(ENTRY, sketch=sketch(rows)),
        replace(ENTRY, sketch=sketch(grown)),
        replace(ENTRY, sketch=sketch(others)),
        replace(ENTRY, action="promoted by hand"),
    ]
    assert decisions_on(sketch(rows), history) == 2
    assert decisions_on(sketch(others), history) == 1
    assert decisions_on(sketch(rows), []) == 0


def test_a_reader_is_told_how_often_the_rows_have_decided() -> None:
    use = "These test rows, or mostly these, have decided on a promotion"
    assert told(0, 0.95) == ""
    assert told(1, 0.95) == f"{use} once so far."
    assert told(9, 0.95) == f"{use} 9 times so far."


def test_a_reader_is_warned_once_the_chance_of_an_error_is_two_in_five() -> None:
    assert "too narrow" not in told(9, 0.95)
    assert "10 times so far. Were no challenger ever better" in told(10, 0.95)
    assert "a chance of 40%: the intervals are too narrow." in told(10, 0.95)
    assert "too narrow" in told(1, 0.5)


def test_the_chance_of_an_error_grows_with_the_decisions() -> None:
    assert chance_of_error(0, 0.95) == 0
    assert chance_of_error(1, 0.95) == pytest.approx(0.05)
    assert chance_of_error(14, 0.95) == pytest.approx(0.512, abs=1e-3)
