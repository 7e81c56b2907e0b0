from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from sklearn.pipeline import Pipeline

from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import ParityError, Proof, proof_rows, prove, require
from pipelines.inference.runtimes import CPU, RUNTIMES, NoAnswerError, Runtime
from tests.inference import cases

CLASSES = ["a", "b", "c"]
CONTRACT = cases.contract(CLASSES)
X = cases.features(60, 3)


@pytest.fixture(scope="module")
def fitted() -> Pipeline:
    return cases.fitted("logistic", CLASSES)


@pytest.fixture(scope="module")
def model(fitted: Pipeline) -> bytes:
    return to_onnx(fitted, CONTRACT, {})


def broken(model: bytes, constant: int) -> bytes:
    """The model with the feature matrix's first weight of one constant changed."""
    graph = onnx.load_from_string(model)
    floats = [
        each
        for each in graph.graph.initializer
        if each.data_type == onnx.TensorProto.FLOAT and len(each.dims) == 2
    ]
    chosen = floats[constant]
    values = numpy_helper.to_array(chosen).copy()
    values[0, 0] += 0.5
    chosen.CopyFrom(numpy_helper.from_array(values, chosen.name))
    content: bytes = graph.SerializeToString()
    return content


def only(proofs: tuple[Proof, ...]) -> Proof:
    (proof,) = proofs
    return proof


def asked(runtime: Runtime, fitted: Pipeline, model: bytes | None) -> Proof:
    return only(prove(fitted, {runtime.graph: model}, X, CONTRACT, [runtime]))


def test_a_graph_that_agrees_is_proven_with_what_was_found(fitted: Pipeline, model: bytes) -> None:
    proof = asked(CPU, fitted, model)
    assert proof.proven
    assert (proof.runtime, proof.graph, proof.note) == ("ONNX Runtime CPU", "model", "")
    assert proof.version == CPU.version()
    assert proof.rows == len(proof_rows(fitted, X, CONTRACT).kinds)
    assert proof.label_mismatches == 0
    assert 0 < proof.max_difference < 1e-5
    assert proof.max_difference_extreme < 1e-4
    assert "proven on" in proof.sentence


def test_an_absent_runtime_is_not_proven_with_the_remedy(fitted: Pipeline, model: bytes) -> None:
    absent = replace(CPU, absent=lambda: "Install it.", version=None)
    proof = asked(absent, fitted, model)
    assert not proof.proven
    assert (proof.version, proof.rows, proof.note) == ("", 0, "Install it.")
    assert proof.sentence == "ONNX Runtime CPU, model graph: not proven. Install it."


def test_a_graph_that_there_is_not_is_not_proven(fitted: Pipeline) -> None:
    assert asked(CPU, fitted, None).note == "There is no model graph of this model."


def test_a_runtime_that_crashes_is_not_proven_and_stops_nothing(
    fitted: Pipeline, model: bytes
) -> None:
    def crash(*_: Any) -> Any:
        raise NoAnswerError("It crashed: SIGSEGV.")

    proofs = prove(fitted, {"model": model}, X, CONTRACT, [replace(CPU, run=crash), CPU])
    assert [proof.note for proof in proofs] == ["It crashed: SIGSEGV.", ""]


def test_a_runtime_that_would_compute_otherwise_is_not_asked(
    fitted: Pipeline, model: bytes
) -> None:
    picky = replace(CPU, refuses=lambda metadata: f"Not {metadata['format']}.", run=None)
    assert asked(picky, fitted, model).note == "Not logitline/1."


def test_a_slow_runtime_answers_a_sample_and_says_so(fitted: Pipeline, model: bytes) -> None:
    slow = replace(CPU, most_rows=lambda _: 40)
    proof = asked(slow, fitted, model)
    assert proof.rows == 40
    assert proof.sampled.startswith("40 of ")


@pytest.mark.parametrize("name", ["ONNX Runtime CPU", "ONNX reference evaluator"])
def test_a_disagreement_names_the_runtime_the_row_and_the_column(
    name: str, fitted: Pipeline, model: bytes
) -> None:
    (runtime,) = (each for each in RUNTIMES if (each.name, each.graph) == (name, "model"))
    one = Pipeline([*fitted.steps])
    one[0].medians_[0] += 3.0  # plain's, in the pipeline alone
    try:
        with pytest.raises(ParityError) as refused:
            asked(runtime, one, model)
    finally:
        one[0].medians_[0] -= 3.0
    message = str(refused.value)
    assert message.startswith(f"{name} {runtime.version()}, model graph: The graph disagrees")
    assert "The worst is row " in message
    assert "The difference comes from column 'plain', which is missing" in message


def test_a_difference_on_the_typical_row_too_is_put_down_to_no_column(
    fitted: Pipeline, model: bytes
) -> None:
    rows = proof_rows(fitted, X, CONTRACT)
    fitted[-1].intercept_[0] += 1.0
    try:
        with pytest.raises(ParityError, match="o single column makes the difference"):
            require(fitted, model, rows)
    finally:
        fitted[-1].intercept_[0] -= 1.0


def test_a_probability_that_is_no_number_is_a_disagreement_said_in_words(
    fitted: Pipeline, model: bytes
) -> None:
    def undefined(model: bytes, features: Any) -> Any:
        labels, probabilities = CPU.run(model, features)
        probabilities[3] = np.nan
        return labels, probabilities

    with pytest.raises(ParityError) as refused:
        asked(replace(CPU, run=undefined), fitted, model)
    assert "row 3" in str(refused.value)
    assert "nan" not in str(refused.value)
    assert "is not a number" in str(refused.value)


def test_extremes_may_differ_by_ten_times_as_much_and_no_more(
    fitted: Pipeline, model: bytes
) -> None:
    extreme = proof_rows(fitted, X, CONTRACT).extreme

    def off(by: float, where: Any) -> Runtime:
        def run(model: bytes, features: Any) -> Any:
            labels, probabilities = CPU.run(model, features)
            if len(probabilities) == len(where):
                probabilities[where, 0] += np.float32(by)
            return labels, probabilities

        return replace(CPU, run=run)

    proof = asked(off(9e-5, extreme), fitted, model)
    assert proof.max_difference < 1e-5 < proof.max_difference_extreme
    with pytest.raises(ParityError, match=r"\(an extreme\)"):
        asked(off(1.1e-4, extreme), fitted, model)
    with pytest.raises(ParityError):
        asked(off(9e-5, ~extreme), fitted, model)


def test_the_pipeline_is_asked_once_for_all_runtimes(
    fitted: Pipeline, model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    honest = type(fitted[-1]).predict_proba
    kind = type(fitted[-1])
    monkeypatch.setattr(kind, "predict_proba", lambda s, X: calls.append(len(X)) or honest(s, X))
    prove(fitted, {"model": model}, X, CONTRACT, [CPU, CPU])
    assert len(set(calls)) == 1
    assert len(calls) <= 2  # predict asks for itself


def test_a_broken_graph_is_refused_in_every_constant(fitted: Pipeline, model: bytes) -> None:
    for constant in (0, 1, 2):
        with pytest.raises(ParityError):
            asked(CPU, fitted, broken(model, constant))
