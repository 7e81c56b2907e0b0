"""The split by time on literal times: the latest rows test, ties stay together, gaps are kept."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.config import TimeSplit
from pipelines.digests import row_digests
from pipelines.records import DataError, Parts, Table
from pipelines.steps.split import by_time, digested, folds_of, split
from pipelines.steps.split.folding import blocks
from tests.steps.tables import parts, table

DAY = 86_400.0


def timed(times: list[float], unit: float = 1.0) -> Table:
    labels = (["a", "b"] * len(times))[: len(times)]
    return table(list(range(len(times))), labels, key=[float(t) for t in times], key_unit=unit)


def config(**keys: object) -> TimeSplit:
    return TimeSplit.model_validate({"kind": "time", "column": "t", **keys})


def letters(found: Parts) -> str:
    return "".join("-tvT"[part + 1] for part in found.part)


def test_the_latest_rows_test_and_those_before_them_validate() -> None:
    rows = timed([*range(20)])
    assert letters(split(rows, config(test=0.2, validation=0.1))) == "t" * 14 + "vv" + "TTTT"


def test_the_rows_order_does_not_count() -> None:
    times = [5, 0, 9, 6, 7, 1, 8, 2, 3, 4]
    found = split(timed(times), config(test=0.4))
    assert [t for t, part in zip(times, letters(found), strict=True) if part == "T"] == [9, 6, 7, 8]


def test_equal_times_stay_on_one_side_and_the_share_comes_as_near_as_they_let_it() -> None:
    times = [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    # Two of ten rows are asked for: the six latest are nearer to it than ten are.
    assert letters(split(timed(times), config(test=0.2))) == "t" * 6 + "T" * 6


def test_the_gap_is_left_out_before_each_part() -> None:
    found = split(timed([*range(20)]), config(test=0.2, validation=0.1, gap=3.0))
    assert letters(found) == "t" * 10 + "--" + "vv" + "--" + "TTTT"
    assert found.notes == ("4 rows in the gap before a part are in none.",)


def test_a_gap_between_dates_is_counted_in_days() -> None:
    rows = timed([day * DAY for day in range(20)], unit=DAY)
    assert letters(split(rows, config(test=0.2, gap=2.5))) == "t" * 14 + "--" + "TTTT"


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=40, max_size=120),
    st.floats(0.1, 0.4),
    st.floats(0, 0.3),
    st.floats(0, 4),
)
def test_every_row_of_a_part_is_later_by_the_gap_than_those_before(
    times: list[int], test: float, validation: float, gap: float
) -> None:
    rows = timed([float(t) for t in times])
    try:
        found = split(rows, config(test=test, validation=validation, gap=gap))
    except DataError:
        return
    t = np.array(times)
    order = [t[found.where(name)] for name in Parts.NAMES if found.where(name).any()]
    for earlier, later in itertools.pairwise(order):
        assert later.min() > earlier.max()
        assert later.min() - earlier.max() >= gap


@pytest.mark.parametrize("absent", ["refuse", "keep"])
def test_a_gap_that_leaves_no_row_of_a_part_is_refused_whatever_becomes_of_classes(
    absent: str,
) -> None:
    with pytest.raises(
        DataError, match=r"train has no row at all: the gap of 100 .*span 19 "
    ) as no:
        split(timed([*range(20)]), config(test=0.2, gap=100.0, absent=absent))
    assert "Choose a smaller gap" in str(no.value)
    assert "keep" not in str(no.value)
    rows = timed([day * 0.3 * DAY for day in range(3_000)], unit=DAY)
    both = "train and validation have no row at all: the gap of 800 days .*span 899.7 days in 't'"
    with pytest.raises(DataError, match=both):
        split(rows, config(test=0.2, validation=0.1, gap=800.0, absent=absent))


@pytest.mark.parametrize("absent", ["refuse", "keep"])
def test_too_few_points_in_time_for_the_parts_are_told_without_a_gap(absent: str) -> None:
    rows = timed([0.0] * 10 + [1.0] * 10)
    words = "validation has no row at all: 't' has 2 points in time"
    with pytest.raises(DataError, match=words) as refused:
        split(rows, config(test=0.2, validation=0.2, absent=absent))
    assert "gap" not in str(refused.value)


def test_a_smaller_gap_is_advised_only_where_there_is_one() -> None:
    rows = timed([*range(20)])
    rows.codes[:] = [0] * 19 + [1]
    for gap in (0.0, 2.0):
        with pytest.raises(DataError, match="class 'b' has no row in train") as refused:
            split(rows, config(test=0.2, gap=gap))
        assert ("gap" in str(refused.value)) is bool(gap)


def test_rows_of_one_time_cannot_be_split_by_it() -> None:
    with pytest.raises(DataError, match="All rows have the same time in 't'"):
        split(timed([3.0] * 20), config())


def test_the_same_values_at_another_time_are_another_row() -> None:
    rows = table([1.0] * 4, ["a", "b"] * 2, key=[0.0, 1.0, 1.0, 2.0])
    digests = by_time.digests(rows, config())
    assert len(set(digests)) == 3
    features = rows.features.append_column("t", pa.array([0.0, 1.0, 1.0, 2.0]))
    assert (digests == row_digests(features)).all()
    assert digested(config(), ["x", "island"]) == ["time", "t", "island", "x"]


def test_later_rows_move_the_boundary_on() -> None:
    before = split(timed([*range(20)]), config(test=0.2))
    after = split(timed([*range(30)]), config(test=0.2))
    assert letters(before)[16:20] == "TTTT"
    assert letters(after)[16:20] == "tttt"


def test_the_folds_are_contiguous_in_time_and_keep_the_gap() -> None:
    t = np.arange(20.0)
    codes = np.array([0, 1] * 10, dtype=np.int32)
    fold = blocks(parts("t" * 16 + "TTTT"), codes, t, 0.0, 4)
    assert fold.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [-1] * 4
    fold = blocks(parts("t" * 16 + "TTTT"), codes, t, 2.0, 4)
    left_out = [0] * 4 + [-2] + [1] * 3 + [-2] + [2] * 3 + [-2] + [3] * 3
    assert fold.tolist() == left_out + [-1] * 4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 100), min_size=60, max_size=150), st.integers(2, 5), st.floats(0, 6))
def test_no_neighbour_in_time_is_learned_from_when_a_fold_is_scored(
    times: list[int], count: int, gap: float
) -> None:
    t = np.array(times, dtype=float)
    codes = np.array([0, 1] * len(t), dtype=np.int32)[: len(t)]
    try:
        fold = blocks(parts("t" * len(t)), codes, t, gap, count)
    except DataError:
        return
    for each in range(count):
        scored, learned = t[fold == each], t[(fold != each) & (fold >= 0)]
        away = np.abs(scored[:, None] - learned[None, :])
        assert (away > 0).all()
        assert (away >= gap).all()


def test_a_class_of_one_time_block_is_learned_by_every_fit() -> None:
    codes = np.array([1] * 3 + [0] * 17, dtype=np.int32)
    fold = blocks(parts("t" * 20), codes, np.arange(20.0), 0.0, 4)
    assert fold[:5].tolist() == [-1, 0, 0, 0, 0]


def test_too_few_points_in_time_for_the_folds_are_refused() -> None:
    rows = timed([0.0] * 20 + [1.0] * 20 + [2.0] * 20)
    found = split(rows, config(test=0.33))
    few = r"too few points in time for 5 folds\. Choose fewer \[selection\] folds, or"
    with pytest.raises(DataError, match=few):
        folds_of(rows, found, config(test=0.33), 5)
    few = r"for 5 folds with their gaps\. Choose .*, a smaller \[split\] gap, or"
    with pytest.raises(DataError, match=few):
        folds_of(rows, found, config(test=0.33, gap=0.5), 5)
    assert set(folds_of(rows, found, config(test=0.33), 2)[:40]) == {0, 1}
