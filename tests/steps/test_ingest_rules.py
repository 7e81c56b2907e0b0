"""Rules over whole columns and over several: shares, keys, the split's and outcome's columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.records import DataError, Table
from pipelines.steps.ingest import ingest
from tests.steps.test_ingest import NUMBER, config, refusal

DAY = 86_400.0


def taken(raw: dict[str, Any], columns: dict[str, Any] | None = None, **settings: Any) -> Table:
    rows = len(next(iter(raw.values())))
    table = pa.table({"x": list(range(rows)), **raw, "y": (["a", "b"] * rows)[:rows]})
    return ingest(table, config(columns or {"x": NUMBER}, **settings))


def refused(*arguments: Any, **named: Any) -> str:
    with pytest.raises(DataError) as caught:
        taken(*arguments, **named)
    return str(caught.value)


def test_a_share_of_gaps_is_allowed_up_to_the_contracts_and_refused_above() -> None:
    column = {"n": {"type": "integer", "missing": True, "max_missing": 0.29}}
    gaps = {"n": [""] * 29 + ["1", "2"] * 35 + ["1"]}
    assert taken(gaps, column).notes[0] == "Missing values: 29 in 'n'."
    gaps["n"][50] = ""
    assert (
        "column 'n': 30 of 100 values are missing, more than max_missing = 0.29 allows: "
        "row 1, row 2, row 3, …. Fill them in, or raise max_missing."
    ) in refused(gaps, column)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ({"type": "number"}, ["1.5", "", "NA", "nan"]),
        ({"type": "number", "infinite": "missing"}, ["1.5", "", "inf", "nan"]),
        ({"type": "boolean"}, ["yes", "", "NA", " "]),
        ({"type": "date"}, ["2024-01-01", "", "NA", ""]),
        ({"type": "category", "values": ["u"]}, ["u", "", "NA", ""]),
    ],
)
def test_every_type_has_its_share_of_gaps(column: dict[str, Any], cells: list[str]) -> None:
    rule = {**column, "missing": True, "max_missing": 0.7}
    assert "3 of 4 values are missing, more than max_missing = 0.7" in refused(
        {"z": cells}, {"z": rule, "x": NUMBER}, missing=["NA"]
    )
    more = {**rule, "max_missing": 0.75}
    assert taken({"z": cells}, {"z": more, "x": NUMBER}, missing=["NA"]).features.num_rows == 4


def test_values_beyond_the_list_are_kept_and_noted_up_to_a_share() -> None:
    column = {"type": "category", "values": ["u"], "missing": True, "max_unseen": 0.5}
    cells = ["u", "new", "", "u", "newer", ""]
    table = taken({"c": cells}, {"c": column})
    assert table.features.column("c").to_pylist() == cells
    assert (
        "column 'c': 2 of 4 values are not listed and were kept, as max_unseen = 0.5 allows: "
        "row 2 'new', row 5 'newer'."
    ) in table.notes
    less = {"c": {**column, "max_unseen": 0.4}}
    assert "'c': 2 of 4 values are not among the listed values, more than max_unseen = 0.4" in (
        refused({"c": cells}, less)
    )
    for none in ({**column, "max_unseen": 0.0}, {**column, "max_unseen": None}):
        assert "not among the listed values" in refused({"c": cells}, {"c": none})


def test_a_key_that_stands_twice_is_refused_with_all_its_rows() -> None:
    key = {"k": ["p", "q", "p", "r", "q", "p"]}
    assert (
        "column 'k': 5 values are in more than one row, where source.unique says one: "
        "row 1 'p', row 3 'p', row 6 'p', …"
    ) in refused(key, unique=["k"])
    assert taken({"k": list("pqrstu")}, unique=["k"]).features.column_names == ["x"]


def test_several_columns_make_one_key() -> None:
    raw = {"k": ["1", "1", "2", "2"], "l": ["a", "b", "a", "a"]}
    assert "columns 'k', 'l': 2 values are in more than one row" in refused(raw, unique=["k", "l"])
    assert "row 3 '2, a', row 4 '2, a'" in refused(raw, unique=["k", "l"])
    raw["l"][3] = "b"
    assert taken(raw, unique=["k", "l"]).features.num_rows == 4
    # 1, 12 and 11, 2 are two keys.
    assert taken({"k": ["1", "11"] * 2, "l": ["12", "2", "2", "12"]}, unique=["k", "l"])


def test_a_gap_in_a_key_is_refused_and_no_repeat() -> None:
    message = refused({"k": ["p", "", "NA", "p"]}, unique=["k"], missing=["NA"])
    assert "'k': 2 values are missing in the row's key: row 2, row 3" in message
    assert "row 1 'p', row 4 'p'" in message
    assert message.count("'k'") == 2


def test_a_column_of_the_contract_is_compared_by_its_value_and_another_by_its_text() -> None:
    cells = {"k": ["1", "1.0", "2", "3"]}
    assert taken(cells, unique=["k"]).features.num_rows == 4
    columns = {"x": NUMBER, "k": NUMBER}
    assert "row 1 '1', row 2 '1.0'" in refused(cells, columns, unique=["k"])
    broken = refused({"k": ["1", "many", "2", "?"]}, columns, unique=["k"])
    assert "not readable as a number" in broken
    assert "key" not in broken


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.large_string(), pa.binary()])
def test_keys_of_every_type_are_told_apart(kind: pa.DataType) -> None:
    cells = pa.array([0, 1, 2, 1]).cast(pa.string()).cast(kind)
    assert "2 values are in more than one row" in refused({"k": cells}, unique=["k"])
    big = pa.array([2**53, 2**53 + 1, 2**53 + 2, 2**53 + 3])
    assert taken({"k": big}, unique=["k"]).features.num_rows == 4


def test_whole_numbers_beyond_2_to_the_53_are_told_apart_in_a_column_of_the_contract() -> None:
    columns = {"x": NUMBER, "k": NUMBER}
    cells = ["9007199254740993", "9007199254740992", "1", "2"]
    assert taken({"k": cells}, columns, unique=["k"]).features.num_rows == 4
    cells[1] = " 9007199254740993"
    assert "2 values are in more than one row" in refused({"k": cells}, columns, unique=["k"])


FAR = pa.array([2**62, 2**62, 0, 1]).cast(pa.timestamp("ms"))


def test_dates_beyond_the_year_9999_are_refused_in_every_role() -> None:
    message = refused({"t": FAR}, outcome_time="t", unique=["t"])
    assert "'t': 2 values are not readable as a date: row 1 '<value out of range" in message
    assert "'t': 2 values are in more than one row" in message
    assert "'t': 2 values are not readable as a date, in the split's column" in refused(
        {"t": FAR}, split={"kind": "time", "column": "t"}
    )


def test_a_nested_column_is_no_key() -> None:
    assert "'k' holds list<item: int64>, which is no key" in refused(
        {"k": [[1], [2], [3], [4]]}, unique=["k"]
    ).replace("element", "item")


def test_dropped_rows_have_no_key() -> None:
    raw = pa.table({"x": [1, 2, 3], "k": ["p", "p", "q"], "y": ["a", "", "b"]})
    settings = config({"x": NUMBER}, unique=["k"], missing_target="drop")
    assert ingest(raw, settings).rows.tolist() == [0, 2]


@pytest.mark.parametrize(
    "cells",
    [
        ["1970-01-02", "1970-01-01T12:00:00Z", "", "NA"],
        pa.array([DAY, DAY / 2, None, None]).cast(pa.int64()).cast(pa.timestamp("s")),
    ],
)
def test_the_outcomes_time_is_in_seconds_and_may_have_gaps(cells: Any) -> None:
    outcome = taken({"t": cells}, outcome_time="t", missing=["NA"]).outcome
    np.testing.assert_array_equal(outcome, [DAY, DAY / 2, np.nan, np.nan])


def test_an_outcomes_time_that_is_none_is_refused() -> None:
    message = refused({"t": ["1970-01-02", "soon"]}, outcome_time="t")
    assert "'t': 1 value is not readable as a date: row 2 'soon'" in message
    assert "'t' holds int64, where the contract says date" in refused(
        {"t": [1, 2]}, outcome_time="t"
    )
    assert "'t' is missing" in refused({"u": [1, 2]}, outcome_time="t")
    assert taken({"u": [1, 2]}).outcome is None


TIME = {"kind": "time", "column": "t"}


@pytest.mark.parametrize(
    ("cells", "key", "unit"),
    [
        (["1970-01-02", "1970-01-01T00:00:01.5Z"], [DAY, 1.5], DAY),
        (["3", "-1.5e1"], [3.0, -15.0], 1.0),
        (pa.array([7, 8], pa.int16()), [7.0, 8.0], 1.0),
        (pa.array([1, 2], pa.int64()).cast(pa.timestamp("ms")), [0.001, 0.002], DAY),
        (["2023", "2024"], [2023.0, 2024.0], 1.0),
    ],
)
def test_a_split_by_time_reads_dates_as_seconds_and_numbers_as_they_are(
    cells: Any, key: list[float], unit: float
) -> None:
    table = taken({"t": cells}, split=TIME)
    assert table.key is not None
    assert table.key.to_pylist() == key
    assert table.key_unit == unit


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1970-01-02", ""], "'t': 1 value is missing in the split's column: row 2"),
        (["1970-01-02", "1970-01-03", "x"], "not readable as a date, in the split's column: row 3"),
        (["1", "2", "x"], "not readable as a number, in the split's column: row 3 'x'"),
        (["1", "inf"], "not readable as a number, in the split's column: row 2 'inf'"),
        ([True, False], "'t' holds bool, which is no key"),
    ],
)
def test_a_split_by_time_refuses_gaps_and_what_is_neither(cells: Any, words: str) -> None:
    assert words in refused({"t": cells}, split=TIME)


@pytest.mark.parametrize("words", [{"kind": "group"}, {"kind": "column", "test": ["1", "2"]}])
def test_other_splits_read_their_column_as_text(words: dict[str, Any]) -> None:
    table = taken({"g": [1, 2]}, split={**words, "column": "g"})
    assert table.key is not None
    assert table.key.to_pylist() == ["1", "2"]


def test_breaches_of_roles_and_columns_are_told_together() -> None:
    raw = pa.table(
        {"x": ["1", "x"], "k": ["p", "p"], "t": ["soon", ""], "s": ["", "1"], "y": ["a", "c"]}
    )
    message = refusal(
        raw,
        config(
            {"x": NUMBER}, unique=["k"], outcome_time="t", split={"kind": "time", "column": "s"}
        ),
    )
    assert message.startswith("t.csv: 5 problems")
