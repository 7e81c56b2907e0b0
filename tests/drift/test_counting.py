from __future__ import annotations

import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.drift.counting import MOST_NAMES, Tally
from pipelines.drift.profile import BUCKETS, Values
from pipelines.records import DataError
from tests.drift.tables import line, profiled

KEPT = profiled(x=[1.0, 2.0, 4.0, np.nan], c=["a", "b", "", "a"], b=[1.0, 0.0, 1.0, np.nan])


def rows(n: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table({
        "x": rng.choice(["0.5", "1", "2", "3", "4", "9", "", "?"], n),
        "c": rng.choice(["a", "b", "new", "newer", ""], n),
        "b": rng.choice(["true", "no", ""], n),
        "y": rng.choice(["no", "yes", "perhaps", ""], n),
    })  # fmt: skip


@given(st.integers(1, 60), st.lists(st.integers(0, 60), max_size=5), st.integers(0, 100))
def test_batches_add_up_to_the_whole_wherever_they_are_cut(
    n: int, cuts: list[int], seed: int
) -> None:
    table = rows(n, seed)
    whole, parts = Tally(KEPT), Tally(KEPT)
    whole.add(table, line)
    ends = sorted({0, n, *(cut for cut in cuts if cut < n)})
    for start, end in pairwise(ends):
        parts.add(table.slice(start, end - start), line)
    assert parts.rows == whole.rows == n
    assert parts.values == whole.values
    assert parts.target == whole.target
    assert parts.numbers["x"].cells.tolist() == whole.numbers["x"].cells.tolist()
    assert parts.numbers["x"].gaps == whole.numbers["x"].gaps


def test_values_between_and_beyond_the_kept_points_are_counted_where_they_lie() -> None:
    tally = Tally(KEPT)
    table = pa.table(
        {"x": ["0", "1", "1", "3", "3.5", "4", "9", ""], "c": ["a"] * 8, "b": ["1"] * 8}
    )
    tally.add(table, line)
    assert tally.numbers["x"].cells.tolist() == [1, 2, 0, 0, 2, 1, 1]
    assert tally.numbers["x"].gaps == 1


def test_values_that_the_table_had_not_are_counted_by_name() -> None:
    tally = Tally(KEPT)
    tally.add(pa.table({"x": ["1"] * 4, "c": ["a", "new", "new", "?"], "b": ["f"] * 4}), line)
    assert tally.values["c"] == Values({"a": 1}, 1, {"new": 2})


def test_the_target_is_counted_where_it_is_and_not_missed_where_it_is_not() -> None:
    tally = Tally(KEPT)
    one = pa.table({"x": ["1"] * 3, "c": ["a"] * 3, "b": ["1"] * 3})
    tally.add(one, line)
    assert tally.target is None
    tally.add(one.append_column("y", pa.array(["yes", "", "perhaps"])), line)
    assert tally.target == Values({"yes": 1}, 1, {"perhaps": 1})


@pytest.mark.parametrize(
    ("classes", "cells"),
    [((0, 1), [0.0, 1.0, 1.0]), ((0, 1), ["0", "1", "1"]), ((False, True), [False, True, True])],
)
def test_classes_are_counted_by_value_however_they_are_written(
    classes: tuple[object, ...], cells: list[object]
) -> None:
    kept = profiled(classes, x=[1.0, 2.0])
    tally = Tally(kept)
    tally.add(pa.table({"x": [1.0, 1.0, 1.0], "y": cells}), line)
    assert tally.target is not None
    assert list(tally.target.counts.values()) == [1, 2]
    assert list(tally.target.counts) == list(kept.target.counts)


def test_dates_are_counted_at_the_kept_days() -> None:
    kept = profiled(d=[0.0, 10.0])
    tally = Tally(kept)
    tally.add(pa.table({"d": ["1970-01-01", "1970-01-05", ""]}), line)
    tally.add(pa.table({"d": [datetime.date(1970, 1, 11)]}), line)
    assert tally.numbers["d"].cells.tolist() == [0, 1, 1, 1, 0]


def test_columns_of_no_interest_and_another_order_change_nothing() -> None:
    table = rows(30, 1)
    plain, other = Tally(KEPT), Tally(KEPT)
    plain.add(table, line)
    other.add(table.append_column("more", pa.array(range(30))).select([4, 3, 2, 1, 0]), line)
    assert other.values == plain.values


def test_a_missing_column_is_refused_with_its_name() -> None:
    with pytest.raises(DataError, match=r"'c'.*does not have"):
        Tally(KEPT).add(pa.table({"x": ["1"], "b": ["1"]}), line)


def test_cells_of_another_type_are_refused_with_column_and_line() -> None:
    table = pa.table({"x": ["1", "many"], "c": ["a", "a"], "b": ["1", "2"]})
    tally = Tally(KEPT)
    tally.add(table, line)
    with pytest.raises(DataError) as refused:
        tally.conclude()
    assert "'x'" in str(refused.value)
    assert "line 3 'many'" in str(refused.value)
    assert "'b'" in str(refused.value)


def test_cells_of_another_type_are_counted_and_told_over_all_batches() -> None:
    tally = Tally(KEPT)
    tally.add(pa.table({"x": ["1", "many"], "c": ["a", "a"], "b": ["1", "0"]}), line)
    tally.add(
        pa.table({"x": ["few", "2"], "c": ["a", "a"], "b": ["1", "2"]}), lambda at: f"at {at}"
    )
    with pytest.raises(DataError) as refused:
        tally.conclude()
    x, b = refused.value.problems
    assert x.startswith("column 'x': 2 values are")
    assert "line 3 'many', at 0 'few'" in x
    assert b.startswith("column 'b': 1 value is")
    assert "at 1 '2'" in b


def test_names_of_values_never_seen_take_no_more_than_a_bounded_space() -> None:
    tally = Tally(profiled(c=["a", "b"]))
    for start in (0, 5_000):
        names = [f"{at} {'long' * 1_000}" for at in range(start, start + 5_000)]
        tally.add(pa.table({"c": names}), line)
    now = tally.values["c"]
    assert sum(now.unseen.values()) + sum(now.rest.values()) == 10_000
    assert len(now.rest) == BUCKETS
    assert len(now.unseen) == MOST_NAMES
    assert max(map(len, now.unseen)) <= 100
