"""Which test rows a slice has, and what it is called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.config import Boolean, Category, Column, Date, Number, Slice
from pipelines.steps.slicing import sliced

NAN = float("nan")


def found(values: list[Any], column: Column, quantiles: int | None = None) -> dict[str, list[int]]:
    kind = pa.string() if column.type == "category" else pa.float64()
    table = pa.table({"x": pa.array(values, kind)})
    slices = sliced(table, [Slice(column="x", quantiles=quantiles)], {"x": column})["x"]
    return {words: np.flatnonzero(rows).tolist() for words, rows in slices.items()}


def category(*values: str) -> Category:
    return Category(type="category", values=list(values), missing=True)


def test_a_category_has_a_slice_a_value_and_one_of_its_gaps() -> None:
    assert found(["m", "", "f", "m"], category("f", "m", "x")) == {
        "f": [2],
        "m": [0, 3],
        "missing": [1],
    }


def test_a_value_called_missing_is_not_taken_for_a_gap() -> None:
    slices = found(["missing", "", "f"], category("missing", "f"))
    assert slices == {"f": [2], "missing": [0], "(missing)": [1]}


def test_the_rarest_of_many_values_are_one_slice() -> None:
    values = [f"v{i:02}" for i in range(40)] + [f"v{i:02}" for i in range(30)]
    slices = found(values, category(*sorted(set(values))))
    assert len(slices) == 31
    assert slices["the 10 other values"] == list(range(30, 40))


def test_a_boolean_has_false_true_and_gaps() -> None:
    assert found([1.0, 0.0, NAN, 1.0], Boolean(type="boolean", missing=True)) == {
        "false": [1],
        "true": [0, 3],
        "missing": [2],
    }


def test_a_number_has_ranges_of_equally_many_rows() -> None:
    values = [8.0, 1.0, 2.5, 3.0, NAN, 4.0, 5.0, 6.0, 7.0]
    assert found(values, Number(type="number", missing=True)) == {
        "up to 2.5": [1, 2],
        "over 2.5 up to 4": [3, 5],
        "over 4 up to 6": [6, 7],
        "over 6": [0, 8],
        "missing": [4],
    }
    assert list(found(values, Number(type="number", missing=True), 2)) == [
        "up to 4", "over 4", "missing",
    ]  # fmt: skip


def test_a_number_of_one_value_is_one_slice() -> None:
    assert found([2.0, 2.0, 2.0], Number(type="number")) == {"all values": [0, 1, 2]}


def test_bounds_that_are_near_each_other_are_told_apart() -> None:
    values = [1.000001, 1.000002, 1.000003, 1.000004]
    assert list(found(values, Number(type="number"))) == [
        "up to 1.000001",
        "over 1.000001 up to 1.000002",
        "over 1.000002 up to 1.000003",
        "over 1.000003",
    ]


def test_ranges_of_dates_are_written_as_dates() -> None:
    assert list(found([0.0, 1.0, 59.0, 60.0], Date(type="date"), 2)) == [
        "up to 1970-01-02",
        "over 1970-01-02",
    ]
    assert list(found([0.0, 3_600.0, 7_200.0], Date(type="date", unit="second"), 2)) == [
        "up to 1970-01-01T01:00:00",
        "over 1970-01-01T01:00:00",
    ]


def test_a_column_of_gaps_has_one_slice_and_an_absent_kind_none() -> None:
    assert found([NAN, NAN], Number(type="number", missing=True)) == {"missing": [0, 1]}


@given(st.lists(st.floats(allow_infinity=False), max_size=60), st.integers(2, 20))
def test_every_row_is_in_one_slice(values: list[float], quantiles: int) -> None:
    slices = found(values, Number(type="number", missing=True), quantiles)
    rows = [row for each in slices.values() for row in each]
    assert sorted(rows) == list(range(len(values)))
    assert all(slices.values())
