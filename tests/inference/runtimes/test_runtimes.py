from __future__ import annotations

import numpy as np
import onnx
import pytest

from pipelines.inference.convert import to_onnx
from pipelines.inference.runtimes import RUNTIMES, NoAnswerError, Runtime
from tests.inference import cases
from tests.inference.runtimes import at_hand, graphs

PORTABLE = [runtime for runtime in RUNTIMES if runtime.graph == "portable"]
MODEL = [runtime for runtime in RUNTIMES if runtime.graph == "model"]
in_each_portable = pytest.mark.parametrize("runtime", PORTABLE, ids=lambda each: each.name)
in_each_model = pytest.mark.parametrize("runtime", MODEL, ids=lambda each: each.name)


def test_the_table_names_each_runtime_once_a_graph() -> None:
    assert [(runtime.name, runtime.graph) for runtime in RUNTIMES] == [
        ("ONNX Runtime CPU", "model"),
        ("ONNX Runtime CPU", "portable"),
        ("ONNX Runtime CUDA", "model"),
        ("ONNX Runtime CUDA", "portable"),
        ("ONNX reference evaluator", "model"),
        ("ONNX reference evaluator", "portable"),
        ("OpenVINO", "portable"),
        ("tract", "portable"),
        ("onnxruntime-web", "portable"),
    ]


@in_each_portable
@pytest.mark.parametrize("count", [0, 1, 70_000])
def test_a_portable_graph_is_computed_as_written_for_any_number_of_rows(
    runtime: Runtime, count: int
) -> None:
    at_hand.require(runtime)
    X = graphs.rows(count)
    labels, probabilities = runtime.run(graphs.portable(), X)
    assert (labels.shape, labels.dtype) == ((count,), np.int64)
    assert (probabilities.shape, probabilities.dtype) == ((count, 3), np.float32)
    np.testing.assert_allclose(probabilities, graphs.answer(X), atol=1e-6)
    assert (labels == probabilities.argmax(axis=1)).all()


@in_each_model
@pytest.mark.parametrize("classes", [[0, 1], ["a", "b", "c"]], ids=str)
def test_the_graph_of_named_columns_is_computed_as_written(
    runtime: Runtime, classes: list[object]
) -> None:
    at_hand.require(runtime)
    pipeline = cases.fitted("hist_gradient_boosting", classes)
    X = cases.wild(60)
    model = to_onnx(pipeline, cases.contract(classes), {})
    labels, probabilities = runtime.run(model, X)
    assert labels.tolist() == pipeline.predict(X).tolist()
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), atol=1e-6)


@in_each_portable
def test_a_graph_that_it_cannot_run_is_no_answer_and_a_reason_in_a_line(runtime: Runtime) -> None:
    at_hand.require(runtime)
    unknown = onnx.helper.make_node("NoSuchOperator", ["features"], ["probabilities"])
    label = onnx.helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0)
    with pytest.raises(NoAnswerError) as refused:
        runtime.run(graphs.portable([unknown, label]), graphs.rows(3))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


def test_every_absent_runtime_says_what_to_do() -> None:
    said = [runtime.absent() for runtime in RUNTIMES]
    assert all(not absent or "nstall" in absent for absent in said)
    assert not said[0]


@in_each_portable
def test_a_runtime_at_hand_names_its_version(runtime: Runtime) -> None:
    at_hand.require(runtime)
    assert runtime.version()[0].isdigit()
