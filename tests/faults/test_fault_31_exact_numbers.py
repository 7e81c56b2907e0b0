"""Faults 31 and 36: dates and large integers reach the graph as they were written."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.inference.binding import read_column
from pipelines.records import DataError
from pipelines.steps.ingest import ingest
from tests.faults.line import config, line

UTC = datetime.UTC
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
SECOND = {"type": "date", "unit": "second"}
ZONES = st.integers(-23 * 60, 23 * 60).map(
    lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))
)
MOMENTS = st.datetimes(timezones=ZONES)


def ticks(moment: datetime.datetime) -> int:
    """Microseconds since 1970."""
    offset = moment.utcoffset() or datetime.timedelta()
    since = moment.replace(tzinfo=None) - EPOCH.replace(tzinfo=None) - offset
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds


def table_of(values: Any) -> pa.Table:
    labels = ["a", "b"] * len(values)
    return pa.table({"x": values, "y": labels[: len(values)], "z": np.arange(len(values))})


def ingested(values: Any, column: dict[str, Any]) -> np.ndarray:
    columns = {"x": column, "z": {"type": "integer"}}
    return ingest(table_of(values), config(columns)).features.column("x").to_numpy()


def bound(values: Any, column: dict[str, Any]) -> np.ndarray:
    return read_column("x", values, column, frozenset({""}))


@given(st.lists(MOMENTS, min_size=2, max_size=5))
@example([datetime.datetime.min.replace(tzinfo=UTC), datetime.datetime.max.replace(tzinfo=UTC)])
@example(
    [
        datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=14))),
        datetime.datetime(9999, 12, 31, 23, tzinfo=datetime.timezone(-datetime.timedelta(hours=9))),
    ]
)
def test_fault_31_a_moment_is_one_number_by_every_way_in(moments: list[datetime.datetime]) -> None:
    exact = [ticks(moment) for moment in moments]
    texts = [moment.isoformat() for moment in moments]
    native = pa.array(exact, pa.int64()).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    x = ingested(texts, SECOND)
    for other in (ingested(native, SECOND), bound(texts, SECOND), bound(moments, SECOND)):
        np.testing.assert_array_equal(other, x)
    for value, tick in zip(x, exact, strict=True):
        if tick % 10**6 == 0:
            assert Fraction(value) == Fraction(tick, 10**6)
        step = Fraction(abs(float(np.spacing(value))))
        assert abs(Fraction(value) - Fraction(tick, 10**6)) <= step
        if 1698 < (tick // 10**6) / 31_556_952 + 1970 < 2242:
            assert round(Fraction(value) * 10**6) == tick
    days = ingested(texts, {"type": "date", "unit": "day"})
    np.testing.assert_array_equal(days, bound(texts, {"type": "date", "unit": "day"}))


@given(st.lists(st.dates(), min_size=2, max_size=5))
def test_fault_31_a_day_is_its_number_in_all_years(days: list[datetime.date]) -> None:
    expected = [float((day - EPOCH.date()).days) for day in days]
    column = {"type": "date", "unit": "day"}
    for values in ([day.isoformat() for day in days], pa.array(days, pa.date32())):
        np.testing.assert_array_equal(ingested(values, column), expected)
    np.testing.assert_array_equal(bound(days, column), expected)


@pytest.mark.parametrize("nanosecond", [0, 1, 999_999_999])
def test_fault_31_nanoseconds_are_one_number_in_a_list_and_in_a_column(nanosecond: int) -> None:
    whole = pa.array([nanosecond, nanosecond + 5], pa.int64()).cast(pa.timestamp("ns"))
    series = whole.to_pandas()
    np.testing.assert_array_equal(ingested(whole, SECOND), bound(series, SECOND))
    np.testing.assert_array_equal(ingested(whole, SECOND), bound(list(series), SECOND))


@pytest.mark.parametrize("cell", ["0000-01-01", "10000-01-01", "2023-02-29", "2024-01-01T24:00"])
def test_fault_31_what_is_no_date_is_refused(cell: str) -> None:
    with pytest.raises(DataError, match="not readable as a date"):
        ingested([cell, "2024-01-01"], SECOND)


STEP = datetime.timedelta(microseconds=1)
START = datetime.datetime(2024, 6, 1, 12, 0, 0, 7, tzinfo=UTC)
NEIGHBOURS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "microseconds": ([(START + STEP * i).isoformat() for i in range(40)], SECOND),
    "days of all years": (
        [f"{1 + 250 * i:04d}-03-0{1 + i % 2}" for i in range(40)],
        {"type": "date", "unit": "day"},
    ),
    "whole numbers": ([str(2**53 - i) for i in range(40)], {"type": "integer"}),
    "negative ones": ([str(i - 2**53) for i in range(40)], {"type": "integer"}),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_fault_31_neighbours_are_told_apart_by_pipeline_graph_and_scoring(name: str) -> None:
    cells, column = NEIGHBOURS[name]
    raw = pa.table({"x": cells, "y": ["a", "b"] * 20})
    done = line(raw, config({"x": column}), "decision_tree")
    own = [int(cell) for cell in cells] if column["type"] == "integer" else cells
    assert done.pipeline.predict(done.rows).tolist() == raw["y"].to_pylist()
    assert done.predictor.predict(pd.DataFrame({"x": own})).tolist() == raw["y"].to_pylist()
    assert done.scored(raw)["label"].tolist() == raw["y"].to_pylist()


@pytest.mark.parametrize(
    "cell", ["4503599627370497.4", "1.00000000000000000001", "1e-400", "15e-1", "9007199254740993"]
)
def test_fault_31_what_float64_would_round_to_a_whole_number_is_refused(cell: str) -> None:
    with pytest.raises(DataError, match=r"not whole|beyond ±2\*\*53"):
        ingested([cell, "1"], {"type": "integer"})


@pytest.mark.parametrize("cell", ["1.000", "15e1", "1.5e1", "100e-2", "0e-5", "-0.0"])
def test_fault_31_whole_numbers_in_other_spellings_are_taken(cell: str) -> None:
    assert ingested([cell, "1"], {"type": "integer"})[0] == float(cell)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-10**15,
                   max_value=10**15))  # fmt: skip
def test_fault_31_decimals_of_parquet_are_rounded_once(value: Any) -> None:
    column = {"type": "number"}
    x = ingested(pa.array([value, value], pa.decimal128(38, 18)), column)
    assert x[0] == float(value)
    np.testing.assert_array_equal(x, bound([value, value], column))


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e-5)
@example(1e15)
@example(-0.0)
def test_a_number_as_a_category_is_one_text_at_ingest_and_in_the_predictor(value: float) -> None:
    text = bound([value, None], {"type": "category"})[0]
    column = {"type": "category", "values": [text], "missing": True}
    columns = {"x": column, "z": {"type": "integer"}}
    table = pa.table({"x": [value, None], "z": [1, 2], "y": ["a", "b"]})
    assert ingest(table, config(columns)).features.column("x").to_pylist() == [text, ""]
