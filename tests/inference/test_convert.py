from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
from onnx.reference import ReferenceEvaluator
from skl2onnx._supported_operators import sklearn_operator_name_map
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from pipelines.estimators import LogisticClassifier
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.estimators.reference import ReferenceLogistic
from pipelines.inference.convert import ConversionError, to_onnx
from pipelines.inference.parity import compare, probe_rows
from pipelines.inference.serving import Model
from tests.inference import cases

# Four epochs are enough for weights that differ from their start.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LINEAGE = {"data_sha256": "a" * 64, "config_sha256": "b" * 64}


@pytest.mark.parametrize("classes", cases.CLASSES.values(), ids=cases.CLASSES)
@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_every_estimator_s_graph_is_proven_equal_to_its_pipeline(
    name: str, classes: list[Any]
) -> None:
    contract = cases.contract(classes)
    pipeline = cases.fitted(name, classes)
    model = to_onnx(pipeline, contract, LINEAGE)
    rows = [cases.features(300, seed=3), cases.wild(300), probe_rows(cases.features(99), contract)]
    parity = compare(pipeline, model, pd.concat(rows, ignore_index=True))
    assert parity.proven, parity.sentence
    assert parity.max_difference < 2e-6


@pytest.mark.parametrize("name", ["logistic", "prior", "hist_gradient_boosting", "mlp_relu"])
def test_the_reference_evaluator_answers_as_onnx_runtime_does(name: str) -> None:
    classes = cases.CLASSES["three str"]
    content = to_onnx(cases.fitted(name, classes), cases.contract(classes), LINEAGE)
    model = Model(content)
    X = cases.wild(20)
    labels, probabilities = model.answer(X)
    answers = ReferenceEvaluator(content).run(None, model.feeds(X))
    assert answers[0].tolist() == labels.tolist()
    np.testing.assert_allclose(np.stack(answers[1:], axis=1), probabilities, atol=1e-6)


@pytest.mark.parametrize("scale", [True, False])
def test_the_feature_matrix_has_the_preprocessor_s_bits(scale: bool) -> None:
    pipeline = cases.pipeline(ReferenceLogistic(), scale)
    X = cases.features(400)
    pipeline.fit(X, cases.labels(X, [0, 1]))
    preprocessor = pipeline.named_steps["preprocess"]
    assert preprocessor.doubles_.tolist() == [False, False, True, False, False, False]
    content = to_onnx(pipeline, cases.contract([0, 1]), {})
    session = onnxruntime.InferenceSession(
        cases.with_output(content, "X_"), providers=["CPUExecutionProvider"]
    )
    for rows in (cases.features(300, seed=5), cases.wild(300)):
        (matrix,) = session.run(["X_"], Model(content).feeds(rows))
        assert matrix.dtype == np.float32
        assert np.array_equal(matrix.view(np.int32), preprocessor.transform(rows).view(np.int32))


def test_inputs_and_outputs_carry_the_names_of_columns_and_classes() -> None:
    classes = cases.CLASSES["three str"]
    model = onnx.load_from_string(
        to_onnx(cases.fitted("prior", classes), cases.contract(classes), {})
    )
    inputs = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    float_, double, string = (
        onnx.TensorProto.FLOAT,
        onnx.TensorProto.DOUBLE,
        onnx.TensorProto.STRING,
    )
    assert inputs == {
        "plain": float_,
        "größe, in 'm'": float_,
        "when": double,
        'say "hi"': float_,
        "label_": float_,  # an output has the name `label`
        "probability_0": float_,
        "ins el": string,
        "X": string,
    }
    assert [value.name for value in model.graph.output] == [
        "label",
        "probability_a b",
        'probability_c"d',
        "probability_é,f",
    ]


@pytest.mark.parametrize(
    ("classes", "kind", "output"),
    [
        ([1, 2], np.int64, "probability_1"),
        ([False, True], np.bool_, "probability_False"),
        (["b", "ä"], np.object_, "probability_b"),
    ],
    ids=["int", "bool", "str"],
)
def test_labels_come_in_the_type_of_the_classes(classes: Any, kind: Any, output: str) -> None:
    model = Model(to_onnx(cases.fitted("logistic", classes), cases.contract(classes), {}))
    answer = model.predict({name: [] for name in cases.COLUMNS})
    assert list(answer.columns)[1] == output
    labels, probabilities = model.answer(cases.features(50))
    assert labels.dtype == kind
    assert set(labels.tolist()) == set(classes)
    assert probabilities.shape == (50, 2)


def test_a_column_with_an_output_s_name_is_still_bound_by_its_own() -> None:
    pipeline = cases.fitted("logistic", [0, 1])
    model = to_onnx(pipeline, cases.contract([0, 1]), {})
    names = [value.name for value in onnx.load_from_string(model).graph.input]
    assert "probability_0_" in names
    assert compare(pipeline, model, cases.features(100)).proven


def wide(columns: int, **replaced: Any) -> tuple[Pipeline, pd.DataFrame, dict[str, Any]]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({f"pixel {i}": rng.normal(size=80) for i in range(columns)})
    X.iloc[::7, 3] = np.nan
    for name, values in replaced.items():
        X[name.replace("_", " ")] = values
    preprocessor = Preprocessor(list(X.columns), [])
    pipeline = Pipeline([("preprocess", preprocessor), ("estimator", LogisticClassifier())])
    pipeline.fit(X, np.arange(80) % 3)
    spec = {name: {"type": "number"} for name in X.columns}
    return pipeline, X, {"target": "y", "classes": [0, 1, 2], "missing": [], "columns": spec}


@pytest.mark.parametrize(
    ("columns", "inputs"), [(65, ["features"]), (64, [f"pixel {i}" for i in range(64)])]
)
def test_more_than_64_float_columns_enter_as_one_matrix(columns: int, inputs: list[str]) -> None:
    pipeline, X, contract = wide(columns)
    content = to_onnx(pipeline, contract, {})
    model = Model(content)
    assert list(model.inputs) == inputs
    assert model.columns == list(X.columns)
    assert compare(pipeline, content, X[X.columns[::-1]]).proven


def test_columns_that_need_float64_keep_their_own_inputs() -> None:
    seconds = 1_700_000_000.0 + np.arange(80)
    pipeline, X, contract = wide(70, pixel_7=seconds)
    content = to_onnx(pipeline, contract, {})
    assert Model(content).inputs["pixel 7"] == "double, N"
    assert Model(content).inputs["pixel 8"] == "float, N"
    assert compare(pipeline, content, X).proven


def test_weights_too_large_for_float32_are_computed_in_float64() -> None:
    rng = np.random.default_rng(0)
    pipeline = cases.fitted("linear_threshold", [0, 1, 2])
    estimator = pipeline.named_steps["estimator"]
    noise = rng.normal(size=estimator.coef_.shape[0])
    # As collinear columns leave them: large weights that cancel in the sum.
    estimator.coef_[:, 0] += 1e7 * noise
    estimator.coef_[:, 1] -= 1e7 * noise
    X = cases.features(300)
    X["größe, in 'm'"] = X["plain"].fillna(0.0)
    pipeline.named_steps["preprocess"].means_[:2] = 0
    pipeline.named_steps["preprocess"].scales_[:2] = 1
    pipeline.named_steps["preprocess"].medians_[:2] = 0
    parity = compare(pipeline, to_onnx(pipeline, cases.contract([0, 1, 2]), {}), X)
    assert parity.proven, parity.sentence


def test_the_linear_and_perceptron_graphs_are_core_operators_alone() -> None:
    for name in cases.ESTIMATORS:
        model = onnx.load_from_string(
            to_onnx(cases.fitted(name, [0, 1]), cases.contract([0, 1]), {})
        )
        domains = {node.domain for node in model.graph.node}
        assert domains == ({"", "ai.onnx.ml"} if name in cases.TREES else {""})
        assert {entry.domain for entry in model.opset_import} == domains


def test_metadata_hold_contract_lineage_and_order_sorted_by_key() -> None:
    contract = cases.contract(["a", "b"])
    model = onnx.load_from_string(to_onnx(cases.fitted("prior", ["a", "b"]), contract, LINEAGE))
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert [entry.key for entry in model.metadata_props] == sorted(metadata)
    assert LINEAGE.items() <= metadata.items()
    assert json.loads(metadata["contract"]) == contract
    assert json.loads(metadata["classes"]) == ["a", "b"]
    assert json.loads(metadata["columns"]) == list(cases.COLUMNS)


PRINT_DIGESTS = """
import hashlib, warnings
warnings.simplefilter("ignore")
from pipelines.inference.convert import to_onnx
from tests.inference import cases
for name in ("logistic", "decision_tree"):
    pipeline = cases.fitted(name, ["a", "b"])
    model = to_onnx(pipeline, cases.contract(["a", "b"]), {"z": "1", "a": "2"})
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


def test_a_conversion_registers_nothing_in_skl2onnx() -> None:
    before = dict(sklearn_operator_name_map)
    to_onnx(cases.fitted("logistic", [0, 1]), cases.contract([0, 1]), {})
    assert sklearn_operator_name_map == before
    assert Preprocessor not in skl2onnx.supported_converters()


@pytest.mark.parametrize(
    ("pipeline", "classes", "message"),
    [
        (lambda: cases.fitted("prior", [0, 1]), [0, 1, 2], r"classes \[0, 1\].*lists \[0, 1, 2\]"),
        (
            lambda: cases.pipeline(RandomForestClassifier()).fit(
                cases.features(50), np.arange(50) % 2
            ),
            [0, 1],
            "RandomForestClassifier has no converter",
        ),
        (
            lambda: Pipeline([("estimator", ReferenceLogistic().fit([[0.0], [1.0]], [0, 1]))]),
            [0, 1],
            "this one has ReferenceLogistic",
        ),
    ],
    ids=["classes", "estimator", "steps"],
)
def test_a_pipeline_without_a_graph_is_refused_with_the_reason(
    pipeline: Any, classes: list[int], message: str
) -> None:
    with pytest.raises(ConversionError, match=message):
        to_onnx(pipeline(), cases.contract(classes), {})


def test_a_lineage_key_that_the_graph_uses_itself_is_refused() -> None:
    with pytest.raises(ConversionError, match="contract"):
        to_onnx(cases.fitted("prior", [0, 1]), cases.contract([0, 1]), {"contract": "x"})
