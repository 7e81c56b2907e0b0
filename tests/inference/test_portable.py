"""The portable graph of every estimator, held against the fitted pipeline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from pipelines.estimators import LogisticClassifier
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.inference.binding import InputError
from pipelines.inference.convert import ConversionError, to_onnx
from pipelines.inference.parity import compare, probe_rows
from pipelines.inference.portable import PortableModel, encode, to_portable
from pipelines.inference.serving import Model, ModelError
from tests.inference import cases, portable_cases

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LINEAGE = {"data_sha256": "a" * 64, "config_sha256": "b" * 64}


def portable(name: str, classes: list[Any]) -> tuple[Pipeline, bytes]:
    pipeline = portable_cases.fitted(name, classes)
    return pipeline, to_portable(pipeline, portable_cases.contract(classes), LINEAGE)


def metadata(model: bytes) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load_from_string(model).metadata_props}


@pytest.mark.parametrize("classes", cases.CLASSES.values(), ids=cases.CLASSES)
@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_every_estimator_s_graph_is_proven_equal_to_its_pipeline(
    name: str, classes: list[Any]
) -> None:
    pipeline, model = portable(name, classes)
    probes = probe_rows(portable_cases.features(99), portable_cases.contract(classes))
    rows = [portable_cases.features(300, seed=3), portable_cases.wild(300), probes]
    X = pd.concat(rows, ignore_index=True)
    parity = compare(pipeline, model, X, PortableModel)
    assert parity.proven, parity.sentence
    assert parity.max_difference < 1e-6


@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_the_reference_evaluator_answers_as_onnx_runtime_does(name: str) -> None:
    classes = cases.CLASSES["three int"]
    _, model = portable(name, classes)
    X = portable_cases.wild(20)
    labels, probabilities = PortableModel(model).run(X)
    again, others = portable_cases.referred(model, encode(metadata(model), X))
    assert again.tolist() == labels.tolist()
    np.testing.assert_allclose(others, probabilities, atol=1e-6)


@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_every_graph_is_core_operators_in_float32_alone(name: str) -> None:
    _, content = portable(name, ["a", "b", "c"])
    model = onnx.load_from_string(content)
    assert {node.domain for node in model.graph.node} == {""}
    assert [entry.domain for entry in model.opset_import] == [""]
    assert metadata(content)["precision"] == "float32"


def test_the_graph_takes_one_matrix_and_gives_labels_and_a_matrix_of_n_rows() -> None:
    _, model = portable("logistic", ["a", "b", "c"])
    graph = onnx.load_from_string(model).graph
    described = {
        value.name: (
            value.type.tensor_type.elem_type,
            [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim],
        )
        for value in (*graph.input, *graph.output)
    }
    float_, int64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    assert described == {
        "features": (float_, ["N", len(cases.COLUMNS)]),
        "label": (int64, ["N"]),
        "probabilities": (float_, ["N", 3]),
    }


@pytest.mark.parametrize("name", ["logistic", "decision_tree", "hist_gradient_boosting", "prior"])
@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row_have_as_many_answers(name: str, rows: int) -> None:
    _, model = portable(name, ["a", "b", "c"])
    labels, probabilities = PortableModel(model).run(portable_cases.features(rows))
    assert labels.shape == (rows,)
    assert probabilities.shape == (rows, 3)


def test_metadata_hold_contract_lineage_columns_and_codes_sorted_by_key() -> None:
    contract = portable_cases.contract(["a", "b"])
    _, model = portable("prior", ["a", "b"])
    found = metadata(model)
    assert list(found) == sorted(found)
    assert LINEAGE.items() <= found.items()
    assert found["format"] == "logitline/1"
    assert found["graph"] == "portable"
    assert json.loads(found["contract"]) == contract
    assert json.loads(found["classes"]) == ["a", "b"]
    assert json.loads(found["columns"]) == list(cases.COLUMNS)
    assert json.loads(found["codes"]) == {"ins el": ["Biscoe", "x,y", "é"], "X": ["1", "2"]}


@pytest.mark.parametrize(
    ("classes", "kind", "holds"),
    [
        ([-7, 2**31 - 1], "class", [-7, 2**31 - 1]),
        ([7, 2**31], "position", [0, 1]),
        ([False, True], "position", [0, 1]),
    ],
)
def test_a_label_is_the_whole_number_itself_or_the_class_s_position(
    classes: list[Any], kind: str, holds: list[int]
) -> None:
    pipeline, model = portable("logistic", classes)
    X = portable_cases.features(60)
    labels, _ = portable_cases.referred(model, encode(metadata(model), X))
    assert metadata(model)["label"] == kind
    assert sorted(set(labels.tolist())) == holds
    assert PortableModel(model).run(X)[0].tolist() == pipeline.predict(X).tolist()


def test_a_category_enters_as_its_position_an_unseen_one_as_minus_one_a_gap_as_nan() -> None:
    texts = {"columns": '["n","c"]', "codes": '{"c":["é","b"]}'}
    X = {"n": np.array([1e300, np.nan, 0.1, -2]), "c": np.array(["b", "", "é", "z"], object)}
    matrix = encode(texts, X)
    assert matrix.dtype == np.float32
    assert matrix[:, 0] == pytest.approx([np.inf, np.nan, np.float32(0.1), -2], nan_ok=True)
    assert matrix[:, 1] == pytest.approx([1, np.nan, 0, -1], nan_ok=True)
    frame = pd.DataFrame({"c": X["c"], "n": X["n"]}).astype({"c": "str"}).set_axis([5, 3, 1, 0])
    assert np.array_equal(encode(texts, frame), matrix, equal_nan=True)


def test_rows_that_lack_a_column_are_refused_with_its_name() -> None:
    with pytest.raises(InputError, match="no column 'b', 'c'"):
        encode({"columns": '["a","b","c"]', "codes": "{}"}, {"a": [1.0]})


@pytest.mark.parametrize("columns", [1, 3])
def test_numbers_alone_and_a_single_column_enter_as_a_matrix_too(columns: int) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(80, columns)), columns=list("abc")[:columns])
    X["a"] += np.arange(80) % 2
    estimator = LogisticClassifier()
    pipeline = Pipeline([("p", Preprocessor(list(X.columns), [])), ("e", estimator)])
    pipeline.fit(X, np.arange(80) % 2)
    spec = {name: {"type": "number"} for name in X.columns}
    contract = {"target": "y", "classes": [0, 1], "missing": [], "columns": spec}
    model = to_portable(pipeline, contract, {})
    assert compare(pipeline, model, X, PortableModel).proven


def test_categories_alone_and_a_column_of_one_value_have_a_graph() -> None:
    X = pd.DataFrame({"c": ["a", "b", "", "a"] * 9, "same": ["one"] * 36})
    pipeline = Pipeline([("p", Preprocessor([], ["c", "same"])), ("e", LogisticClassifier())])
    pipeline.fit(X, np.arange(36) % 2)
    spec = {"type": "category", "values": ["a", "b", "one"], "missing": True}
    contract = {
        "target": "y",
        "classes": [0, 1],
        "missing": [],
        "columns": {"c": spec, "same": spec},
    }
    model = to_portable(pipeline, contract, {})
    wild = pd.DataFrame({"c": ["z", "", "a", "b"], "same": ["two", "", "one", "b"]})
    assert json.loads(metadata(model)["codes"]) == {"c": ["a", "b"], "same": []}
    assert compare(pipeline, model, pd.concat([X, wild]), PortableModel).proven


def test_columns_that_float32_does_not_hold_are_refused_by_name_with_the_remedy() -> None:
    pipeline = cases.fitted("logistic", [0, 1])
    with pytest.raises(ConversionError, match=r"Column 'when' is not exact in float32.*Use model"):
        to_portable(pipeline, cases.contract([0, 1]), {})
    X = portable_cases.features(100)
    X["plain"] = 2.0**40 + np.arange(100)
    X["label"] = 2.0**53 - np.arange(100)
    two = cases.pipeline(LogisticClassifier()).fit(X, np.arange(100) % 2)
    with pytest.raises(ConversionError, match=r"Columns 'plain', 'label' are not exact"):
        to_portable(two, portable_cases.contract([0, 1]), {})


@pytest.mark.parametrize("name", ["hist_gradient_boosting", "logistic"])
def test_a_graph_larger_than_allowed_is_refused_with_its_size(name: str) -> None:
    pipeline = portable_cases.fitted(name, [0, 1])
    with pytest.raises(ConversionError, match=r"takes 0\.0 MB, more than the 0\.001 MB it may"):
        to_portable(pipeline, portable_cases.contract([0, 1]), {}, max_mb=0.001)
    assert to_portable(pipeline, portable_cases.contract([0, 1]), {}, max_mb=1)


def test_large_trees_are_refused_before_their_graph_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[Any] = []
    monkeypatch.setattr("pipelines.inference.portable.walked", lambda *given: built.append(given))
    pipeline = portable_cases.fitted("decision_tree", [0, 1])
    with pytest.raises(ConversionError, match="max_depth"):
        to_portable(pipeline, portable_cases.contract([0, 1]), {}, max_mb=0.0001)
    assert not built


def test_weights_too_large_for_float32_are_computed_in_float64_and_the_metadata_say_so() -> None:
    pipeline = portable_cases.fitted("linear_threshold", [0, 1, 2])
    pipeline[-1].coef_[:, 0] += 1e6
    model = to_portable(pipeline, portable_cases.contract([0, 1, 2]), {})
    assert metadata(model)["precision"] == "float64"
    assert compare(pipeline, model, portable_cases.features(300), PortableModel).proven


def test_a_lineage_key_that_the_graph_uses_itself_is_refused() -> None:
    pipeline = portable_cases.fitted("prior", [0, 1])
    with pytest.raises(ConversionError, match="codes"):
        to_portable(pipeline, portable_cases.contract([0, 1]), {"codes": "x"})


def test_the_predictor_s_model_says_which_graph_it_needs_instead() -> None:
    _, model = portable("prior", [0, 1])
    with pytest.raises(ModelError, match=r"portable graph.*Give model\.onnx"):
        Model(model)


PRINT_DIGESTS = """
import hashlib, warnings
warnings.simplefilter("ignore")
from pipelines.inference.portable import to_portable
from tests.inference import portable_cases
for name in ("logistic", "hist_gradient_boosting"):
    pipeline = portable_cases.fitted(name, ["a", "b"])
    model = to_portable(pipeline, portable_cases.contract(["a", "b"]), {"z": "1", "a": "2"})
    print(hashlib.sha256(model).hexdigest())
"""


def test_the_same_content_gives_the_same_bytes_in_another_process(
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", PRINT_DIGESTS], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    exec(PRINT_DIGESTS, {})
    assert capsys.readouterr().out == done.stdout


def test_both_graphs_carry_the_same_contract_and_lineage() -> None:
    pipeline, model = portable("logistic", ["a", "b"])
    other = metadata(to_onnx(pipeline, portable_cases.contract(["a", "b"]), LINEAGE))
    shared = {key: metadata(model)[key] for key in ("format", "contract", "classes", "columns")}
    assert {**LINEAGE, **shared}.items() <= other.items()
