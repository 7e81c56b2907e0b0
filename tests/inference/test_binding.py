from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.config import Boolean, Category, Date, Integer, Number
from pipelines.contracts.columns import typed
from pipelines.inference.binding import InputError, read_column, table_columns

NUMBER = {"type": "number"}
INTEGER = {"type": "integer"}
BOOLEAN = {"type": "boolean"}
CATEGORY = {"type": "category", "values": ["a", "3", "true"]}
DAY = {"type": "date", "unit": "day"}
SECOND = {"type": "date", "unit": "second"}
WORDS = frozenset({"", "NA", "-999"})
GAPS: list[Any] = [None, np.nan, pd.NA, pd.NaT, "", "NA", np.datetime64("NaT"), float("nan")]
UTC = datetime.UTC


def read(values: Any, spec: dict[str, Any]) -> Any:
    return read_column("the column", values, spec, WORDS)


@pytest.mark.parametrize("spec", [NUMBER, INTEGER, BOOLEAN, DAY, SECOND, CATEGORY])
def test_every_kind_of_gap_is_a_gap_in_every_type_of_column(spec: dict[str, Any]) -> None:
    out = read(GAPS, spec)
    assert all(value == "" for value in out) if spec is CATEGORY else np.isnan(out).all()
    empty = read([], spec)
    assert len(empty) == 0
    assert empty.dtype == out.dtype


@pytest.mark.parametrize(
    "values",
    [
        [1, 2.5, None],
        np.array([1, 2.5, np.nan], dtype=np.float32),
        pd.Series([1, 2.5, None]),
        pd.Series([1, 2.5, None], dtype="Float64"),
        pd.Series([1, 2.5, None], dtype=object),
        pd.Series([1, 2.5, None], dtype=pd.ArrowDtype(pa.float64())),
        pd.Series([1, 2.5, None], dtype="category"),
        [decimal.Decimal(1), decimal.Decimal("2.5"), "NA"],
        [np.float32(1), np.float64(2.5), " NA "],
        [1, 2.5, -999],
        np.array([1, 2.5, -999.0]),
    ],
    ids=str,
)
def test_numbers_are_read_from_any_container(values: Any) -> None:
    np.testing.assert_array_equal(read(values, NUMBER), [1, 2.5, np.nan])


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([2**53, None, -(2**53)], dtype="Int64"),
        [2**53, None, -(2**53)],
        [np.int64(2**53), "", float(-(2**53))],
    ],
    ids=["Int64", "list", "mixed"],
)
def test_integers_are_exact_beside_a_gap(values: Any) -> None:
    np.testing.assert_array_equal(read(values, INTEGER), [2.0**53, np.nan, -(2.0**53)])


@pytest.mark.parametrize(
    "values",
    [
        [True, False, None],
        ["true", "No", ""],
        ["YES", " f ", "NA"],
        [1, 0, None],
        ["1", "0", None],
        np.array([1.0, 0.0, np.nan]),
        pd.Series([True, False, None], dtype="boolean"),
        pd.Series(["t", "n", None], dtype="str"),
        [np.bool_(True), np.bool_(False), np.nan],
    ],
    ids=str,
)
def test_booleans_are_read_from_truth_values_words_and_0_and_1(values: Any) -> None:
    np.testing.assert_array_equal(read(values, BOOLEAN), [1, 0, np.nan])
    np.testing.assert_array_equal(read(np.array([True, False]), BOOLEAN), [1, 0])


@pytest.mark.parametrize(
    "values",
    [
        ["1970-01-02", "1969-12-31T12:00:00", None],
        ["1970-01-02T02:00:00+02:00", "1969-12-31 12:00:00Z", ""],
        [datetime.date(1970, 1, 2), datetime.datetime(1969, 12, 31, 12), pd.NaT],
        [
            datetime.datetime(1970, 1, 2, tzinfo=UTC),
            pd.Timestamp("1969-12-31 13:00", tz="Europe/Paris"),
            None,
        ],
        pd.to_datetime(pd.Series(["1970-01-02T00:00:00", "1969-12-31T12:00:00", None])),
        pd.to_datetime(pd.Series(["1970-01-02T00:00:00", "1969-12-31T12:00:00", None])).astype(
            "datetime64[s]"
        ),
        pd.to_datetime(
            pd.Series(["1970-01-02T00:00:00", "1969-12-31T12:00:00", None]), utc=True
        ).dt.tz_convert("Asia/Tokyo"),
        np.array(["1970-01-02", "1969-12-31T12", "NaT"], dtype="datetime64[ns]"),
        pd.Series(
            [datetime.datetime(1970, 1, 2), datetime.datetime(1969, 12, 31, 12), None],
            dtype=pd.ArrowDtype(pa.timestamp("us")),
        ),
    ],
    ids=["text", "zones", "objects", "aware", "us", "s", "tz", "numpy", "arrow"],
)
def test_dates_become_days_or_seconds_since_1970_in_utc(values: Any) -> None:
    np.testing.assert_array_equal(read(values, DAY), [1, -0.5, np.nan])
    np.testing.assert_array_equal(read(values, SECOND), [86_400, -43_200, np.nan])


def test_fractions_of_a_second_and_far_dates_are_kept() -> None:
    out = read(["2024-02-29T12:00:00.25", "1500-01-01", "9999-12-31"], SECOND)
    assert out.tolist() == [1709208000.25, -14831769600.0, 253402214400.0]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["a", "never seen", " a"], ["a", "never seen", " a"]),
        ([3, np.int64(3), 3.0], ["3", "3", "3"]),
        ([True, np.bool_(False), 0.5], ["true", "false", "0.5"]),
        (pd.Series(["a", None], dtype="str"), ["a", ""]),
        (pd.Series(["a", None], dtype="category"), ["a", ""]),
        (pd.Series([3, None]), ["3", ""]),
        (np.array(["a", "NA"]), ["a", ""]),
        ([-999, datetime.date(2024, 2, 29)], ["", "2024-02-29"]),
    ],
    ids=str,
)
def test_categories_of_any_type_become_text(values: Any, texts: list[str]) -> None:
    assert read(values, CATEGORY).tolist() == texts


@pytest.mark.parametrize(
    ("values", "spec", "shown"),
    [
        ([1, "12"], NUMBER, "'12' (str)"),
        ([1, True], NUMBER, "True (bool)"),
        (np.array([False, True]), NUMBER, "False"),
        ([1, [2]], NUMBER, "[2] (list)"),
        ([1, float("inf")], NUMBER, "inf"),
        ([1, 10**400], NUMBER, "(int)"),
        ([1, decimal.Decimal("sNaN")], NUMBER, "sNaN"),
        ([1, 2.5], INTEGER, "2.5"),
        ([1, 2**53 + 2], INTEGER, "9007199254740994"),
        ([1, "yep"], BOOLEAN, "'yep'"),
        ([1, 2], BOOLEAN, "2"),
        (["2024-02-29", "29.2.2024"], DAY, "'29.2.2024'"),
        (["2024-02-29", "today"], DAY, "'today'"),
        (["2024-02-29", "2023-02-29"], DAY, "'2023-02-29'"),
        ([None, 19_000], DAY, "19000 (int)"),
        (np.array([19_000.0, 1.0]), DAY, "19000.0"),
        (["a", ["b"]], CATEGORY, "['b'] (list)"),
        (["a", b"b"], CATEGORY, "b'b' (bytes)"),
    ],
    ids=str,
)
def test_a_value_of_another_type_is_refused_with_column_value_and_row(
    values: Any, spec: dict[str, Any], shown: str
) -> None:
    with pytest.raises(InputError) as refused:
        read(values, spec)
    message = str(refused.value)
    assert "'the column'" in message
    assert shown in message
    assert "row " in message


def test_an_integer_that_float64_rounds_to_2_to_the_53_is_refused() -> None:
    for values in ([2**53 + 1], np.array([2**53 + 1]), pd.Series([2**53 + 1, None], dtype="Int64")):
        with pytest.raises(InputError, match=str(2**53 + 1)):
            read(values, INTEGER)


def test_infinities_are_gaps_where_the_contract_says_so() -> None:
    out = read([1, float("inf"), -np.inf], {**NUMBER, "infinite": "missing"})
    np.testing.assert_array_equal(out, [1, np.nan, np.nan])


def test_the_caller_s_array_is_left_unchanged() -> None:
    values = np.array([1.0, -999.0, np.inf])
    read(values, {**NUMBER, "infinite": "missing"})
    assert values.tolist() == [1.0, -999.0, np.inf]


NATIVE = [
    (Number(type="number"), st.floats(allow_nan=False, allow_infinity=False)),
    (Integer(type="integer"), st.integers(-(2**53), 2**53)),
    (Boolean(type="boolean"), st.booleans()),
    (Category(type="category", values=["a"]), st.text(st.characters(codec="utf-8"))),
    (Category(type="category", values=["a"]), st.integers(-(2**62), 2**62)),
    (Category(type="category", values=["a"]), st.booleans()),
    (
        Date(type="date", unit="day"),
        st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)),
    ),
    (
        Date(type="date", unit="second"),
        st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)),
    ),
]


@given(st.data())
@pytest.mark.parametrize(("column", "values"), NATIVE, ids=lambda part: str(part)[:24])
def test_scoring_reads_a_column_as_ingest_does(column: Any, values: Any, data: Any) -> None:
    cells = data.draw(st.lists(st.none() | values, min_size=1, max_size=5))
    ingested = typed("c", pa.chunked_array([pa.array(cells)]), column, ["NA", "-999"])
    scored = read_column("c", cells, column.model_dump(), WORDS)
    expected = ingested.values.to_pylist()
    if column.type == "category":
        assert scored.tolist() == expected
    else:
        np.testing.assert_array_equal(scored, np.array(expected, dtype=float))


def test_tables_of_every_form_give_the_same_columns() -> None:
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    forms: list[Any] = [
        rows,
        tuple(rows),
        pd.DataFrame(rows),
        pa.Table.from_pylist(rows),
        pa.RecordBatch.from_pylist(rows),
        {"a": [1, 2], "b": ["x", "y"]},
        {"a": np.array([1, 2]), "b": pd.Series(["x", "y"])},
    ]
    for form in forms:
        columns = table_columns(form)
        assert {name: pd.Series(values).tolist() for name, values in columns.items()} == {
            "a": [1, 2],
            "b": ["x", "y"],
        }


def test_a_dict_of_single_values_is_one_row_and_an_absent_key_in_a_record_a_gap() -> None:
    assert table_columns({"a": 1, "b": "x", "c": None, "d": np.array(2.0)}) == {
        "a": [1],
        "b": ["x"],
        "c": [None],
        "d": [np.array(2.0)],
    }
    assert table_columns([{"a": 1}, {"b": 2}]) == {"a": [1, None], "b": [None, 2]}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros((2, 2)), "ndarray have no column names"),
        ("a", "str have no column names"),
        ([1, 2], "list have no column names"),
        ({"a": 1, "b": [1, 2]}, "mixes single values .column 'a'."),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "several columns named 'a'"),
    ],
    ids=["array", "text", "list", "mixed", "twice"],
)
def test_a_table_without_distinct_column_names_is_refused(table: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        table_columns(table)


def test_a_column_of_two_dimensions_is_refused() -> None:
    with pytest.raises(InputError, match="not one value a row"):
        read(np.zeros((2, 2)), NUMBER)


@pytest.mark.parametrize("form", [list, tuple, lambda cells: pd.Series(cells, dtype=object)])
def test_half_a_surrogate_pair_is_no_category(form: Any) -> None:
    with pytest.raises(InputError, match=r"holds '.ud83d' .str. in row 1"):
        read(form(["a", "\ud83d"]), CATEGORY)
