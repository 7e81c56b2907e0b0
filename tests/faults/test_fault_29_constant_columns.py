"""Fault 29: constant and all-missing columns are dropped, with a note, all the way through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

from pipelines.config import Candidate
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import compare, probe_rows
from pipelines.inference.serving import Model
from pipelines.records import DataError, Parts, Table
from pipelines.steps.ingest import ingest
from pipelines.steps.train import Job, fit
from tests.inference import cases
from tests.steps.test_ingest import config

gap = np.nan
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CONSTANT: dict[str, dict[str, Any]] = {
    "same": {"type": "number"},
    "never": {"type": "number", "missing": True},
    "long": {"type": "integer"},
    "flag": {"type": "number", "missing": True},
    "only": {"type": "category", "values": ["a", "b"], "missing": True},
}
VARYING: dict[str, dict[str, Any]] = {
    "x": {"type": "number", "missing": True},
    "when": {"type": "date", "unit": "second"},
    "island": {"type": "category", "values": ["p", "q"]},
}


def rows(count: int, varying: dict[str, dict[str, Any]]) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "same": np.full(count, 7.5),
            "when": rng.integers(1_600_000_000, 1_700_000_000, count).astype(float),
            "x": rng.normal(size=count),
            "never": np.full(count, gap),
            "long": np.full(count, 2.0**40 + 1),
            "flag": np.where(rng.random(count) < 0.4, gap, 3.0),
            "island": np.where(rng.random(count) < 0.5, "p", "q").astype(object),
            "only": np.full(count, "a", dtype=object),
        }
    )
    X.loc[::9, "x"] = gap
    return X[[name for name in X.columns if name in {**CONSTANT, **varying}]]


def contract(varying: dict[str, dict[str, Any]]) -> dict[str, Any]:
    columns = {**CONSTANT, **varying}
    return {"target": "y", "classes": [0, 1], "missing": [], "columns": columns}


def fitted(name: str, X: pd.DataFrame, columns: dict[str, dict[str, Any]]) -> Pipeline:
    y = (np.nan_to_num(X["x"]) + X["flag"].isna() > 0.3).astype(int).to_numpy()
    numbers = [n for n in X.columns if columns[n]["type"] != "category"]
    categories = [n for n in X.columns if columns[n]["type"] == "category"]
    preprocessor = Preprocessor(numbers, categories, scale=name not in cases.TREES)
    steps = [("preprocess", preprocessor), ("estimator", cases.ESTIMATORS[name]())]
    return Pipeline(steps).fit(X, y)


@pytest.mark.parametrize("varying", [VARYING, {"x": VARYING["x"]}], ids=["all", "one number"])
@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_fault_29_no_value_of_such_a_column_moves_an_answer_of_pipeline_or_graph(
    name: str, varying: dict[str, dict[str, Any]]
) -> None:
    X, said = rows(200, varying), contract(varying)
    pipeline = fitted(name, X, said["columns"])
    assert pipeline[0].dropped_ == ["same", "never", "long", "only"]
    graph = to_onnx(pipeline, said, {})
    model = Model(graph)
    assert set(model.inputs) == set(X.columns)
    parity = compare(pipeline, graph, pd.concat([X, probe_rows(X, said)], ignore_index=True))
    assert parity.proven, parity.sentence
    moved = X.assign(same=-1e30, never=5.0, long=gap, only="b", flag=X["flag"] + 1)
    np.testing.assert_array_equal(model.run(moved)[1], model.run(X)[1])
    np.testing.assert_array_equal(pipeline.predict_proba(moved), pipeline.predict_proba(X))


def test_fault_29_in_one_wide_matrix_too() -> None:
    X = rows(60, {"x": VARYING["x"]}).drop(columns=["only", "long"])
    more = {f"w{i}": np.full(60, float(i % 3)) for i in range(70)}
    X = pd.concat([X, pd.DataFrame(more)], axis=1).assign(w9=np.arange(60.0))
    columns = {name: {"type": "number", "missing": True} for name in X.columns}
    pipeline = fitted("logistic", X, columns)
    assert pipeline[0].n_features_out_ == 4  # x, w9, x is missing, flag is missing
    said = {"target": "y", "classes": [0, 1], "missing": [], "columns": columns}
    graph = to_onnx(pipeline, said, {})
    assert list(Model(graph).inputs) == ["features"]
    assert compare(pipeline, graph, X).proven


def test_fault_29_the_report_names_the_columns() -> None:
    raw = pa.table({"x": [1, 2, 3], "s": [4, 4, 4], "n": ["", "", ""], "y": ["a", "b", "a"]})
    columns = {"x": {"type": "number"}, "s": {"type": "integer"}}
    columns["n"] = {"type": "category", "values": ["u"], "missing": True}  # type: ignore[dict-item]
    notes = ingest(raw, config(columns)).notes
    assert "Dropped: the columns 's', 'n' have one value throughout" in notes[-1]


def test_fault_29_a_column_that_only_training_holds_constant_is_told_by_the_fit() -> None:
    x = np.arange(20.0)
    features = pa.table({"x": x, "late": np.where(x < 16, 1.0, x)})
    codes = (np.arange(20) % 2).astype(np.int32)
    table = Table(features, codes, np.arange(20), ("a", "b"))
    parts = Parts(np.where(x < 16, 0, 2).astype(np.int8), np.arange(20, dtype=np.uint64))
    job = Job(Candidate(name="prior", estimator="prior"))
    types = {"x": "number", "late": "number"}
    done = fit(job, table, parts, np.full(20, -1, np.int8), types)
    assert any("'late'" in said and "dropped" in said for said in done.warnings)


def test_fault_29_a_table_in_which_nothing_is_left_is_refused() -> None:
    raw = pa.table({"x": [1, 1], "n": ["", ""], "y": ["a", "b"]})
    columns = {"x": {"type": "number"}, "n": {"type": "number", "missing": True}}
    with pytest.raises(DataError, match=r"every column of .columns. has one value throughout"):
        ingest(raw, config(columns))
