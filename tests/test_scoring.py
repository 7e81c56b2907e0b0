from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.records import DataError
from pipelines.scoring import Scoring

NUMBER = {"type": "number", "missing": False, "min": 0.0, "infinite": "refuse"}


def contract(**columns: Any) -> dict[str, Any]:
    return {"target": "y", "classes": ["a", "b"], "missing": ["NA"], "columns": columns}


def halves(features: Mapping[str, Any]) -> tuple[Any, Any]:
    rows = len(next(iter(features.values())))
    return np.array(["a"] * rows, dtype=object), np.full((rows, 2), 0.5)


def scored(
    columns: dict[str, Any], *batches: dict[str, list[Any]], lenient: bool = False
) -> tuple[int, dict[str, int]]:
    """How many rows got an answer, and what was odd."""
    scorer = Scoring(contract(**columns), halves, lenient=lenient)
    rows = first = 0
    for batch in batches:
        table = pa.table(batch)
        answered = scorer.score(table, lambda row, first=first: f"line {first + row + 2}")
        first += table.num_rows
        rows += answered.num_rows if answered is not None else 0
    return rows, dict(scorer.conclude())


def refusal(*arguments: Any, **named: Any) -> str:
    with pytest.raises(DataError) as caught:
        scored(*arguments, **named)
    return str(caught.value)


def test_label_and_probabilities_stand_beside_the_rows_as_they_came() -> None:
    table = pa.table({"more": ["=1"], "x": ["1"]})
    answered = Scoring(contract(x=NUMBER), halves).score(table, str)
    assert answered is not None
    assert answered.to_pydict() == {
        "more": ["=1"],
        "x": ["1"],
        "label": ["a"],
        "probability_a": [0.5],
        "probability_b": [0.5],
    }


def test_gaps_and_ranges_of_all_batches_are_refused_together_with_the_way_out() -> None:
    columns = {"x": NUMBER, "z": {"type": "integer", "missing": False}}
    message = refusal(
        columns,
        {"x": ["1", "-2"], "z": ["1", ""]},
        {"x": ["-3", "5"], "z": ["", "NA"]},
        {"x": ["-4", "-5"], "z": ["1", "2"]},
    )
    assert "'x': 4 values are below min = 0.0: line 3 '-2', line 4 '-3', line 6 '-4', …" in message
    assert "'z': 3 values are missing: line 3, line 4, line 5." in message
    assert "--lenient" in message


def test_a_lenient_scoring_answers_and_counts_them() -> None:
    columns = {"x": NUMBER, "z": {"type": "integer", "missing": True, "max_missing": 0.2}}
    batches = ({"x": ["1", "-2"], "z": ["1", ""]}, {"x": ["", "5"], "z": ["", "7"]})
    assert scored(columns, *batches, lenient=True) == (4, {"x": 2, "z": 2})
    assert "max_missing" in refusal(columns, *batches)


def test_types_are_refused_from_the_lenient_too() -> None:
    message = refusal({"x": NUMBER}, {"x": ["1", "tall"]}, {"x": ["inf"]}, lenient=True)
    assert "not readable as a number: line 3 'tall'" in message
    assert "infinite or too large for a float64: line 4 'inf'" in message
    assert "--lenient" not in message


def test_dates_beyond_the_year_9999_are_refused_from_parquet() -> None:
    far = pa.array([2**31 - 1], pa.int32()).cast(pa.date32())
    message = refusal({"d": {"type": "date"}}, {"d": far}, lenient=True)
    assert "not readable as a date: line 2 '<value out of range" in message


def test_a_share_of_gaps_is_that_of_the_whole_table() -> None:
    columns = {"x": {"type": "number", "missing": True, "max_missing": 0.25, "infinite": "refuse"}}
    some, none = {"x": ["", "1", "2"]}, {"x": ["1", "2", "3"]}
    assert scored(columns, some, none) == (6, {})
    assert "3 of 9 values are missing, more than max_missing = 0.25 allows: line 2" in refusal(
        columns, some, some, some
    )
    assert scored(columns, {"x": ["", "", "", "1"]}, *[none] * 4)[0] == 16


def test_a_category_never_seen_is_answered_and_counted_unless_the_contract_sets_a_share() -> None:
    plain = {"type": "category", "values": ["u"], "missing": True}
    batches = ({"c": ["u", "v", "", "w"]}, {"c": ["v", "u", "u", "u"]})
    assert scored({"c": plain}, *batches) == (8, {"c": 3})
    assert scored({"c": {**plain, "max_unseen": 0.5}}, *batches) == (8, {"c": 3})
    limited = {"c": {**plain, "max_unseen": 0.4}}
    assert "3 of 7 values are not among the listed values, more than max_unseen = 0.4" in refusal(
        limited, *batches
    )
    assert scored(limited, *batches, lenient=True) == (8, {"c": 3})
    none = {"c": {**plain, "max_unseen": 0.0}}
    assert "3 of 7 values" in refusal(none, *batches)


def test_a_contract_without_the_newer_rules_scores_as_before() -> None:
    old = {"x": {"type": "number", "missing": True, "infinite": "refuse"}}
    assert scored(old, {"x": ["", "1"]}) == (2, {})


def test_missing_columns_are_refused_by_name_and_further_ones_pass() -> None:
    message = refusal({"x": NUMBER, "z": NUMBER}, {"w": ["1"], "z": ["2"]})
    assert "needs the columns 'x'" in message


def test_the_answers_names_never_replace_a_column() -> None:
    answered = Scoring(contract(x=NUMBER), halves).score(
        pa.table({"x": ["1"], "label": ["kept"]}), str
    )
    assert answered is not None
    assert answered.column_names[2:] == [
        "predicted_label",
        "predicted_probability_a",
        "predicted_probability_b",
    ]
    taken = pa.table({"x": ["1"], "label": ["kept"], "predicted_label": ["kept"]})
    with pytest.raises(DataError, match="'predicted_label'"):
        Scoring(contract(x=NUMBER), halves).score(taken, str)
