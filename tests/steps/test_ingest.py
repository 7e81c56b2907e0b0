from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.adapters import tables
from pipelines.config import Config
from pipelines.records import DataError, Table
from pipelines.steps.ingest import ingest


def config(
    columns: dict[str, Any], classes: list[Any] | None = None, split: Any = None, **source: Any
) -> Config:
    return Config.model_validate(
        {
            "source": {
                "path": "t.csv",
                "target": "y",
                "classes": classes or ["a", "b"],
                **source,
            },
            "columns": columns,
            "split": split or {},
            "candidates": [{"name": "prior", "estimator": "prior"}],
            "registry": {"model": "m"},
        }
    )


def ingested(values: Any, column: dict[str, Any], **source: Any) -> list[Any]:
    labels = ["a", "b"] * len(values)
    raw = pa.table({"x": values, "y": labels[: len(values)]})
    return ingest(raw, config({"x": column}, **source)).features.column("x").to_pylist()


def refusal(raw: pa.Table, settings: Config, **named: Any) -> str:
    with pytest.raises(DataError) as caught:
        ingest(raw, settings, **named)
    return str(caught.value)


NUMBER = {"type": "number"}


def test_columns_come_in_the_contracts_order_and_extra_ones_are_ignored() -> None:
    raw = pa.table({"z": ["q", "q"], "a": ["1", "2"], "y": ["a", "b"], "b": ["x", ""]})
    table = ingest(
        raw, config({"b": {"type": "category", "values": ["x"], "missing": True}, "a": NUMBER})
    )
    assert table.features.schema == pa.schema({"b": pa.string(), "a": pa.float64()})
    assert table.features.to_pydict() == {"b": ["x", ""], "a": [1.0, 2.0]}
    assert table.codes.dtype == np.int32
    assert table.rows.tolist() == [0, 1]
    assert table.classes == ("a", "b")


def test_the_raw_table_is_left_unchanged() -> None:
    raw = pa.table({"x": ["1", "2"], "y": ["a", "b"]})
    before = raw.to_pydict()
    ingest(raw, config({"x": NUMBER}))
    assert raw.to_pydict() == before


def test_all_breaches_are_reported_together_with_places_and_values() -> None:
    raw = pa.table(
        {
            "n": ["1", "x", "-3", "1e999"],
            "i": ["1", "2.5", "3", ""],
            "c": ["u", "v", "w", "u"],
            "d": ["2024-01-01", "2024-02-30", "2024-01-02", "2024-01-03"],
            "f": ["yes", "no", "perhaps", "1"],
            "y": ["a", "b", "c", "a"],
        }
    )
    columns = {
        "n": {"type": "number", "min": 0},
        "i": {"type": "integer"},
        "c": {"type": "category", "values": ["u", "v"]},
        "d": {"type": "date"},
        "f": {"type": "boolean"},
    }
    message = refusal(raw, config(columns), place=lambda row: f"line {row + 2}")
    for part in (
        "'n': 1 value is not readable as a number: line 3 'x'",
        "'n': 1 value is below min = 0.0: line 4 '-3'",
        "'n': 1 value is infinite or too large for a float64: line 5 '1e999'",
        "'i': 1 value is not whole: line 3 '2.5'",
        "'i': 1 value is missing: line 5",
        "'c': 1 value is not among the listed values: line 4 'w'",
        "'d': 1 value is not readable as a date: line 3 '2024-02-30'",
        "'f': 1 value is neither true nor false: line 4 'perhaps'",
        "'y': 1 value is not among source.classes: line 4 'c'",
    ):
        assert part in message
    assert message.startswith("t.csv: 9 problems")


def test_only_the_first_places_are_shown_and_all_are_counted() -> None:
    raw = pa.table({"x": ["x"] * 10, "y": ["a", "b"] * 5})
    assert "10 values are not readable as a number: row 1 'x', row 2 'x', row 3 'x', …." in refusal(
        raw, config({"x": NUMBER})
    )


def test_missing_columns_are_named_with_the_nearest() -> None:
    raw = pa.table({"bill_length": ["1"], "y": ["a"]})
    message = refusal(raw, config({"bill_lenght": NUMBER, "zzz": NUMBER}))
    assert "'bill_lenght' is missing. Did it become 'bill_length'?" in message
    assert "'zzz' is missing" in message


def test_source_missing_counts_in_every_column_and_na_is_text_otherwise() -> None:
    values = {"type": "category", "values": ["NA", "x"], "missing": True}
    assert ingested(["NA", "x", ""], values) == ["NA", "x", ""]
    assert ingested(["NA", "x", ""], values, missing=["NA"]) == ["", "x", ""]
    gaps = ingested(["NA", " NA ", "1"], {**NUMBER, "missing": True}, missing=["NA"])
    np.testing.assert_array_equal(gaps, [np.nan, np.nan, 1])
    with pytest.raises(DataError, match="not readable as a number"):
        ingested(["NA", "1"], {**NUMBER, "missing": True})


def test_whole_numbers_may_be_written_as_3_point_0() -> None:
    assert ingested(["3.0", "4", "+5"], {"type": "integer"}) == [3.0, 4.0, 5.0]


def test_dates_are_days_or_seconds_since_1970() -> None:
    cells = ["1970-01-02", "1970-01-01T12:00Z"]
    assert ingested(cells, {"type": "date"}) == [1.0, 0.5]
    assert ingested(cells, {"type": "date", "unit": "second"}) == [86_400.0, 43_200.0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_timestamps_of_every_unit_are_seconds(unit: str, zone: str | None) -> None:
    moments = pa.array([-1, 86_400], pa.int64()).cast(pa.timestamp("s"))
    column = moments.cast(pa.timestamp(unit)).cast(
        pa.timestamp(unit, "UTC") if zone else pa.timestamp(unit)
    )
    assert ingested(column, {"type": "date", "unit": "second"}) == [-1.0, 86_400.0]


BEYOND = [
    (pa.int32(), pa.date32(), 2**31 - 1),
    (pa.int64(), pa.date64(), 2**62),
    (pa.int64(), pa.timestamp("s"), 253_402_300_800),
    (pa.int64(), pa.timestamp("ms"), 2**62),
    (pa.int64(), pa.timestamp("us"), -62_135_596_800_000_001),
    (pa.int64(), pa.timestamp("us", "UTC"), 2**62),
]


@pytest.mark.parametrize(("ticks", "kind", "cell"), BEYOND)
def test_parquets_dates_beyond_the_years_1_to_9999_are_refused_as_in_csv(
    ticks: pa.DataType, kind: pa.DataType, cell: int
) -> None:
    values = pa.array([0, cell, None], ticks).cast(kind)
    with pytest.raises(DataError, match="1 value is not readable as a date: row 2 "):
        ingested(values, {"type": "date", "missing": True})
    column = {"type": "category", "values": ["1970-01-01"], "max_unseen": 0.5, "missing": True}
    with pytest.raises(DataError, match="are not among the listed values"):
        ingested(pa.concat_arrays([values, values.slice(1, 1)]), column)
    raw = pa.table({"x": [1, 2, 3], "y": values})
    assert "not among source.classes" in refusal(raw, config({"x": NUMBER}, ["a", "b"]))


def test_the_last_microsecond_of_9999_and_the_first_of_year_1_are_dates() -> None:
    ends = [-62_135_596_800_000_000, 253_402_300_799_999_999]
    seconds = ingested(pa.array(ends).cast(pa.timestamp("us")), {"type": "date", "unit": "second"})
    assert seconds == [-62_135_596_800, 253_402_300_800]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_parquets_days_are_days(kind: pa.DataType) -> None:
    days = pa.array([date(1970, 1, 3), date(1969, 12, 31)], kind)
    assert ingested(days, {"type": "date"}) == [2.0, -1.0]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2], pa.uint8()),
        pa.array([1.0, 2.0], pa.float16()),
        pa.array([Decimal("1.00"), Decimal("2.00")]),
        pa.array(["1", "2"], pa.large_string()),
        pa.array([b"1", b"2"]),
    ],
)
def test_parquets_numbers_of_every_type_are_numbers(values: pa.Array) -> None:
    assert ingested(values, NUMBER) == [1.0, 2.0]
    assert ingested(values, {"type": "integer"}) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([7, None]), ["7", ""]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([1.0, 0.5]), ["1", "0.5"]),
        (pa.array([float("nan"), -0.0]), ["", "0"]),
        (pa.array([b"x", b"y"]), ["x", "y"]),
        (pa.array([datetime(2024, 1, 1), None], pa.timestamp("s")), ["2024-01-01 00:00:00", ""]),
    ],
)
def test_parquet_values_of_every_type_are_categories_by_their_text(
    values: pa.Array, texts: list[str]
) -> None:
    listed = [text for text in texts if text]
    column = {"type": "category", "values": listed, "missing": True}
    assert ingested(values, column) == texts


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (pa.array([[1], [2]]), NUMBER),
        (pa.array([{"a": 1}, {"a": 2}]), {"type": "category", "values": ["x"]}),
        (pa.array([True, False]), NUMBER),
        (pa.array([1, 2]), {"type": "date"}),
        (pa.array([datetime(2024, 1, 1)] * 2), NUMBER),
    ],
)
def test_columns_of_another_type_are_refused_by_name(values: pa.Array, column: Any) -> None:
    with pytest.raises(DataError, match=r"column 'x' holds .* where the contract says"):
        ingested(values, column)


def test_nested_columns_that_nobody_names_are_ignored() -> None:
    raw = pa.table({"x": [1, 2], "deep": [[1], [2]], "y": ["a", "b"]})
    assert ingest(raw, config({"x": NUMBER})).features.column_names == ["x"]


def test_text_that_is_not_utf_8_or_holds_nul_is_refused() -> None:
    column = {"type": "category", "values": ["x"], "missing": True}
    with pytest.raises(DataError, match="not valid UTF-8"):
        ingested(pa.array([b"\xff", b"x"]), column)
    with pytest.raises(DataError, match="1 value is text with a NUL character: row 1"):
        ingested(["x\0", "x"], column)


def test_a_label_is_told_once_whatever_is_wrong_with_it() -> None:
    raw = pa.table({"x": [1, 2, 3], "y": ["a", "b", "n\0"]})
    text = refusal(raw, config({"x": NUMBER}, missing=["n\0"]))
    assert "NUL" in text
    assert "missing" not in text
    coded = pa.table({"x": [1, 2, 3], "y": pa.array(["0", "1", "0"]).dictionary_encode()})
    text = refusal(coded, config({"x": NUMBER}, classes=[0, 1]))
    assert "holds dictionary" in text
    assert "missing" not in text


@pytest.mark.parametrize(
    ("cells", "classes", "labels"),
    [
        (["1.0", "0", " 1"], [0, 1], [1, 0, 1]),
        ([1.0, 0.0, 1.0], [0, 1], [1, 0, 1]),
        (["True", "no", "1"], [False, True], [True, False, True]),
        ([True, False, True], [False, True], [True, False, True]),
        (["ü", "b", "ü"], ["ü", "b"], ["ü", "b", "ü"]),
        ([3, 5, 3], ["3", "5"], ["3", "5", "3"]),
    ],
)
def test_labels_take_the_type_of_the_classes(
    cells: list[Any], classes: list[Any], labels: list[Any]
) -> None:
    table = ingest(pa.table({"x": [1, 2, 3], "y": cells}), config({"x": NUMBER}, classes))
    assert table.labels.tolist() == labels
    assert table.classes == tuple(sorted(classes))


def test_an_unknown_label_is_named() -> None:
    raw = pa.table({"x": [1, 2, 3], "y": [0, 1, 7]})
    assert "not among source.classes: row 3 '7'" in refusal(raw, config({"x": NUMBER}, [0, 1]))


@pytest.mark.parametrize("cell", ["0.5", "1e400", "9007199254740993", "many"])
def test_a_target_cell_that_is_no_class_is_told_once_with_a_remedy_that_a_target_has(
    cell: str,
) -> None:
    raw = pa.table({"x": [1, 2, 3], "y": ["0", "1", cell]})
    message = refusal(raw, config({"x": NUMBER}, [0, 1]))
    assert "\n" not in message
    assert "write the classes as text" in message
    assert "type =" not in message
    assert "infinite =" not in message


def test_a_text_that_is_no_class_and_a_target_that_holds_no_labels_are_told_as_the_targets() -> (
    None
):
    raw = pa.table({"x": [1, 2], "y": ["a", "c"]})
    message = refusal(raw, config({"x": NUMBER}))
    assert "1 value is not among source.classes: row 2 'c'" in message
    assert "add them to classes" in message
    nested = pa.table({"x": [1, 2], "y": [["a"], ["b"]]})
    assert "choose another target" in refusal(nested, config({"x": NUMBER}))


def test_a_single_dropped_row_is_said_in_the_singular() -> None:
    raw = pa.table({"x": [1, 2, 3], "y": ["a", "", "b"]})
    table = ingest(raw, config({"x": NUMBER}, missing_target="drop"))
    assert "1 row without a label was left out." in table.notes


def test_missing_labels_are_refused_or_dropped_and_counted() -> None:
    raw = pa.table({"x": ["1", "?", "3", "4"], "y": ["a", "", "NA", "b"]})
    message = refusal(raw.set_column(0, "x", [["1"] * 4]), config({"x": NUMBER}, missing=["NA"]))
    assert "2 values are missing in the target: row 2, row 3" in message
    table = ingest(raw, config({"x": NUMBER}, missing=["NA"], missing_target="drop"))
    assert table.rows.tolist() == [0, 3]
    assert table.features.column("x").to_pylist() == [1.0, 4.0]
    assert "2 rows without a label were left out." in table.notes


def test_breaches_name_the_row_of_the_source_after_rows_were_dropped() -> None:
    raw = pa.table({"x": ["1", "2", "bad"], "y": ["a", "", "b"]})
    assert "row 3 'bad'" in refusal(raw, config({"x": NUMBER}, missing_target="drop"))


def test_one_class_or_none_is_refused() -> None:
    one = pa.table({"x": [1, 2], "y": ["a", "a"]})
    assert "every label in the target 'y' is 'a'" in refusal(one, config({"x": NUMBER}))
    none = pa.table({"x": [1, 2], "y": ["", ""]})
    settings = config({"x": NUMBER}, missing_target="drop")
    assert "no row has a label" in refusal(none, settings)


def test_the_splits_key_comes_as_text_and_may_have_no_gap() -> None:
    raw = pa.table({"x": [1, 2], "id": [10, 11], "y": ["a", "b"]})
    settings = config({"x": NUMBER}, split={"key": "id"})
    key = ingest(raw, settings).key
    assert key is not None
    assert key.to_pylist() == ["10", "11"]
    gap = raw.set_column(1, "id", [[10, None]])
    assert "'id': 1 value is missing in the split's column: row 2" in refusal(gap, settings)
    assert "'id' is missing" in refusal(raw.drop_columns("id"), settings)


WORDS = {"kind": "column", "column": "use", "validation": ["validation", "val"]}


def test_a_word_of_no_part_is_told_as_every_breach_is_with_file_count_and_lines() -> None:
    use = ["train", "hold", "Test", "", "x", "val", "test", "no"]
    raw = pa.table({"x": ["1", "many", *"345678"], "use": use, "y": ["a", "b"] * 4})
    told = refusal(raw, config({"x": NUMBER}, split=WORDS), place=lambda row: f"line {row + 2}")
    assert told.startswith("t.csv: 3 problems")
    assert "'x': 1 value is" in told
    assert "'use': 1 value is missing in the split's column: line 5." in told
    assert (
        "column 'use': 4 values are no part's word: line 3 'hold', line 4 'Test', line 6 'x', …. "
        "The words are train ['train'], validation ['validation', 'val'], test ['test']. "
        "Correct the cells, or list their words in [split]."
    ) in told


def test_a_word_is_named_by_its_row_of_the_source_after_rows_were_dropped() -> None:
    use = ["hold", "hold", *["train", "val", "test"] * 2]
    raw = pa.table({"x": [*range(8)], "use": use, "y": [None, *"aabbabb"]})
    told = refusal(raw, config({"x": NUMBER}, split=WORDS, missing_target="drop"))
    assert "'use': 1 value is no part's word: row 2 'hold'. " in told


def test_a_column_with_one_value_is_noted() -> None:
    raw = pa.table({"x": [1, 1], "z": [1, 2], "y": ["a", "b"]})
    notes = ingest(raw, config({"x": NUMBER, "z": NUMBER})).notes
    assert [note for note in notes if "one value" in note] == [
        "Dropped: the column 'x' has one value throughout and tells nothing; no model uses it."
    ]


CELL = st.sampled_from(
    ["1", "-2.5", "", "NA", "x", "inf", "nan", "1e999", "2024-02-29", "2023-02-29", "true", "é"]
) | st.text(st.sampled_from('aé1.,;"\n\r\t =+-\0eT:'), max_size=5)
COLUMN = st.sampled_from(
    [
        NUMBER,
        {"type": "number", "missing": True, "infinite": "missing"},
        {"type": "integer", "missing": True, "min": 0},
        {"type": "category", "values": ["x", "é", "1"], "missing": True},
        {"type": "boolean", "missing": True},
        {"type": "date", "missing": True},
    ]
)


@given(
    rows=st.lists(st.lists(CELL, min_size=1, max_size=3).map(",".join), max_size=6),
    header=st.sampled_from(["x,y", "x;y", "x,y,z", '"x",y', "y\tx"]),
    column=COLUMN,
    classes=st.sampled_from([["a", "b"], ["x", "1", "true"], [1, 2], [False, True]]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    missing_target=st.sampled_from(["drop", "refuse"]),
)
def test_any_text_gives_a_table_or_a_data_error(
    rows: list[str],
    header: str,
    column: Any,
    classes: list[Any],
    encoding: str,
    missing_target: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes("\n".join([header, *rows]).encode(encoding))
    settings = config({"x": column}, classes, missing=["NA"], missing_target=missing_target)
    try:
        raw = tables.read(file)
        table = ingest(raw.table, settings, raw.place)
    except DataError:
        return
    assert isinstance(table, Table)
    assert table.features.num_rows == len(table.codes) == len(table.rows) > 1
    assert table.features.column("x").null_count == 0
