from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.inference.parity import ProofRows, probe_rows, proof_rows
from pipelines.inference.parity import rows as made
from tests.inference import cases

CONTRACT = cases.contract(["a", "b"])
SPECS = {
    "n": {"type": "number", "min": 0},
    "whole": {"type": "integer"},
    "on": {"type": "boolean"},
    "c": {"type": "category", "values": ["u", "v", "w"]},
}
SMALL = {"columns": SPECS, "classes": [0, 1], "target": "y", "missing": []}


def small() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": [1.0, 2.0, 3.0, 4.0],
            "whole": [-1.0, 0.0, 1.0, 2.0],
            "on": [0.0, 1.0, 0.0, 1.0],
            "c": np.array(["u", "v", "u", "v"], dtype=object),
        }
    )


def pipeline(estimator: str = "logistic") -> Any:
    inner = cases.ESTIMATORS[estimator]()
    preprocess = cases.Preprocessor(["n", "whole", "on"], ["c"], scale=True)
    return cases.Pipeline([("p", preprocess), ("e", inner)]).fit(small(), [0, 1, 1, 0])


def of(rows: ProofRows, kind: str) -> pd.DataFrame:
    return rows.table[rows.kinds == made.KINDS.index(kind)]


def test_the_test_rows_come_first_and_unchanged() -> None:
    X = small()
    rows = proof_rows(pipeline(), X, SMALL)
    pd.testing.assert_frame_equal(rows.table.head(4), X, check_dtype=False)
    assert (rows.kinds[:4] == 0).all()
    assert rows.name(2) == "row 2"
    assert rows.name(4) == "row 4 (a probe)"
    assert rows.name(len(rows.kinds) - 1).endswith("(an extreme)")


def test_extremes_take_a_number_as_far_as_its_contract_allows_and_to_1e24_without() -> None:
    extremes = of(proof_rows(pipeline(), small(), SMALL), "extreme")
    assert set(extremes["n"]) == {2.0, 0.0, 1e6, 1e15, 1e24}
    assert set(extremes["whole"]) == {0.0, -1e6, -1e15, -(2.0**53), 1e6, 1e15, 2.0**53}
    assert set(extremes["on"]) == {0.0}
    assert set(extremes["c"]) == {"u"}
    usual = extremes[["n", "whole"]] == [2.0, 0.0]
    assert (usual.sum(axis=1) == 1).all()


def test_only_extremes_may_differ_by_more() -> None:
    rows = proof_rows(pipeline(), small(), SMALL)
    assert rows.extreme.sum() == len(of(rows, "extreme"))
    assert not rows.extreme[: len(rows.kinds) - len(of(rows, "extreme"))].any()


def test_every_category_of_the_contract_is_tried_the_gap_and_an_unseen_one_too() -> None:
    probes = of(proof_rows(pipeline(), small(), SMALL), "probe")
    assert set(probes["c"]) == {"u", "v", "w", "", "never seen in training"}


def test_mixtures_take_each_column_from_its_probes() -> None:
    rows = proof_rows(pipeline(), small(), SMALL)
    mixtures, probes = of(rows, "mixture of probes"), of(rows, "probe")
    for name in SPECS:
        assert set(mixtures[name].astype(str)) == set(probes[name].astype(str))


def test_rows_on_which_the_pipeline_has_no_answer_are_left_out() -> None:
    X = small()
    contract = {**SMALL, "columns": {**SPECS, "n": {"type": "number", "max": 1e300}}}
    rows = proof_rows(pipeline(), X, contract)
    assert rows.table["n"].max() == 1e24
    assert np.isfinite(pipeline().predict_proba(rows.table)).all()


def test_the_rows_repeat() -> None:
    first, second = (proof_rows(pipeline(), small(), SMALL) for _ in range(2))
    pd.testing.assert_frame_equal(first.table, second.table)


def test_of_a_wide_table_probes_are_taken_evenly_and_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(made, "MOST_CELLS", 0)
    count = 300
    X = pd.DataFrame({f"x{i}": np.arange(4.0) + i for i in range(count)})
    contract = {**SMALL, "columns": {name: {"type": "number"} for name in X.columns}}
    preprocess = cases.Preprocessor(list(X.columns), [], scale=True)
    inner = cases.ESTIMATORS["prior"]()
    fitted = cases.Pipeline([("p", preprocess), ("e", inner)]).fit(X, [0, 1, 1, 0])
    rows = proof_rows(fitted, X, contract)
    assert rows.sampled == "Of 1500 probes 1000 were tried."
    assert len(of(rows, "probe")) == 1002
    assert len(of(rows, "extreme")) == 1000


@pytest.mark.parametrize("most", [10, 100, 399])
def test_a_sample_is_half_test_rows_and_keeps_the_ends(most: int) -> None:
    kinds = np.repeat(np.arange(5, dtype=np.int8), [200, 50, 50, 50, 50])
    rows = ProofRows(pd.DataFrame({"n": np.arange(400.0)}), kinds, {})
    taken = rows.sample(most)
    assert len(taken) == len(set(taken)) == most
    assert {0, 199, 200, 399} <= set(taken)
    assert (kinds[taken] == 0).sum() == max(most - max(most // 2, most - 200), most - 200)
    assert set(kinds[taken]) == {0, 1, 2, 3, 4}


def test_a_sample_that_may_be_larger_is_all() -> None:
    rows = ProofRows(pd.DataFrame({"n": np.arange(3.0)}), np.zeros(3, dtype=np.int8), {})
    assert rows.sample(3).tolist() == [0, 1, 2]


def test_a_table_without_rows_has_probes_all_the_same() -> None:
    rows = proof_rows(pipeline(), small().head(0), SMALL)
    assert len(of(rows, "test row")) == 0
    assert len(of(rows, "probe")) > 5


def test_probe_rows_take_each_column_to_its_ends_to_a_gap_and_to_an_unseen_value() -> None:
    X = cases.features(200)
    contract = {**CONTRACT, "columns": dict(CONTRACT["columns"])}
    contract["columns"]["label"] = {"type": "integer", "min": -100, "max": 100}
    contract["columns"]["X"] = {
        "type": "category",
        "values": ["1", "2", "never seen in training"],
    }
    rows = probe_rows(X, contract)
    assert list(rows.columns) == list(X.columns)
    assert rows.dtypes["plain"] == np.float64
    typical = rows.iloc[0]
    assert typical["X"] in ("1", "2")
    assert typical["plain"] in X["plain"].to_numpy()
    assert all(value == "" or value != value for value in rows.iloc[1])
    for name in ("plain", "when", "label"):
        assert {X[name].min(), X[name].max()} <= set(rows[name])
        assert rows[name].isna().sum() == 2
    assert {-100.0, 100.0} <= set(rows["label"])
    assert {"", "1", "2", "never seen in training!"} <= set(rows["X"])
    # Beside the typical row and the empty one, a row differs from the typical in one column.
    different = (rows.iloc[2:] != typical) & ~(rows.iloc[2:].isna() & typical.isna())
    assert (different.sum(axis=1) <= 1).all()


def test_probe_rows_of_columns_that_hold_nothing_are_gaps() -> None:
    X = pd.DataFrame({"n": [np.nan, np.nan], "c": ["", ""]})
    contract = {"columns": {"n": {"type": "number"}, "c": {"type": "category", "values": ["v"]}}}
    rows = probe_rows(X, contract)
    assert rows["n"].isna().all()
    assert set(rows["c"]) == {"", "never seen in training", "v"}
