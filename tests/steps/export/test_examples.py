"""The example rows, and the answers that are told of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.estimators.calibration import Argmax
from pipelines.inference import verify
from pipelines.inference.serving import Model
from pipelines.steps.export.examples import NEAR, expected, requests
from tests.steps.export.releases import COLUMNS, contract, release, rows

CONTRACT = {
    "columns": {
        "x": {"type": "number", "min": -1.0},
        "day": {"type": "date", "unit": "day"},
        "word": {"type": "category", "values": ["a"]},
    }
}


def test_there_are_about_a_dozen_with_gaps_unseen_values_and_extremes() -> None:
    found = [row for row, _ in requests(rows(), contract())]
    assert 8 <= len(found) <= 12
    assert dict.fromkeys(COLUMNS) in found
    assert any(row["island"] == "never seen in training" for row in found)
    assert {row["bill | length"] for row in found} >= {-2.5, 2.5, None}
    assert all(set(row) == set(COLUMNS) for row in found)


def test_a_row_is_json_as_a_person_writes_it() -> None:
    X = pd.DataFrame({"x": [1.5], "day": [10_957.0], "word": pd.Series(["a"], dtype=object)})
    (first, tolerance), *_ = requests(X, CONTRACT)
    assert first == {"x": 1.5, "day": "2000-01-01", "word": "a"}
    assert tolerance == 1e-5
    json.dumps(first, allow_nan=False)


def test_a_table_without_gaps_has_no_row_twice() -> None:
    X = pd.DataFrame({"x": [1.0] * 9, "day": [0.0] * 9, "word": pd.Series(["a"] * 9, dtype=object)})
    found = [row for row, _ in requests(X, CONTRACT)]
    assert all(row not in found[:place] for place, row in enumerate(found))


def test_no_calendar_has_a_moment_and_so_it_is_a_gap() -> None:
    X = pd.DataFrame({"x": [1.0], "day": [1e9], "word": pd.Series(["a"], dtype=object)})
    assert requests(X, CONTRACT)[0][0]["day"] is None


def test_rows_near_another_label_are_left_out() -> None:
    P = np.array([[0.5 + NEAR / 4, 0.5 - NEAR / 4], [0.2, 0.8]])

    def answer(_: Any) -> Any:
        return np.array(["a", "b"], dtype=object), P

    kept, told = expected([({"x": 1}, 1e-5), ({"x": 2}, 1e-4)], answer, Argmax().margins)
    assert kept == [{"x": 2}]
    assert told["rows"] == [{"label": "b", "probabilities": [0.2, 0.8], "tolerance": 1e-4}]


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "island"])
def test_verify_reads_a_row_as_the_predictor_does(name: str) -> None:
    records = [dict(row) for row in release().requests]
    bound = Model(release().model).bind(records)[name]
    read = [verify.feature(row[name], COLUMNS[name], None) for row in records]
    np.testing.assert_array_equal(bound, read)


def test_verify_reads_a_moment_with_a_zone_as_the_predictor_does() -> None:
    told = ["1970-03-01T01:30:00+02:00", "1970-02-28T23:30:00Z", "1970-02-28T23:30:00"]
    bound = Model(release().model).bind([{**release().requests[0], "noted": each} for each in told])
    read = [verify.feature(each, COLUMNS["noted"], None) for each in told]
    np.testing.assert_array_equal(bound["noted"], read)
    assert read[0] == read[1] == read[2]
