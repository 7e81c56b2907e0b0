from __future__ import annotations

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from pipelines.estimators import LogisticClassifier
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.inference import Predictor
from pipelines.inference import dense as module
from pipelines.inference.convert import to_onnx
from pipelines.inference.dense import dense
from pipelines.inference.inner import InnerModel
from pipelines.inference.serving import Model, session_options
from tests.inference import cases

CPU = ["CPUExecutionProvider"]


def inner(content: bytes) -> InnerModel:
    found = InnerModel.of(content, Model(content), CPU, session_options())
    assert found is not None
    return found


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("classes", list(cases.CLASSES))
@pytest.mark.parametrize("name", list(cases.ESTIMATORS))
def test_the_inner_form_gives_the_bits_of_the_file_s_graph(name: str, classes: str) -> None:
    own = cases.CLASSES[classes]
    content = to_onnx(cases.fitted(name, own), cases.contract(own), {})
    graph, form = Model(content), inner(content)
    for rows in (1, 2, 3, 400):
        X = pd.concat([cases.features(rows, 5), cases.wild(rows, 6)], ignore_index=True)
        for part in (X, X.tail(1).reset_index(drop=True)):
            labels, probabilities = graph.run(part)
            inner_labels, inner_probabilities = form.features(part)
            assert inner_probabilities.tobytes() == probabilities.tobytes()
            assert inner_labels.tolist() == labels.tolist()
            assert inner_labels.dtype == labels.dtype


TABLES: dict[str, tuple[list[str], list[str]]] = {
    "one number": (["x0"], []),
    "one category": ([], ["c0"]),
    "categories only": ([], ["c0", "c1"]),
    "one of each": (["x0"], ["c0"]),
    "columns named as the inner form's outputs": (["codes", "x0"], ["probabilities"]),
    "a matrix": ([f"x{i}" for i in range(70)], []),
    "many numbers and one category": ([f"x{i}" for i in range(70)], ["c0"]),
    "dates only": (["t0", "t1"], []),
    "a constant beside a number": (["x0", "one"], ["c0", "same"]),
}


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("name", list(TABLES))
def test_a_table_of_any_shape_has_an_inner_form_with_the_same_bits(name: str, gaps: bool) -> None:
    numbers, categories = TABLES[name]
    rng = np.random.default_rng(3)
    X = pd.DataFrame({
        column: np.ones(300) if column == "one"
        else rng.integers(0, 2**40, 300).astype(float) + 2**45 if column[0] == "t"
        else rng.normal(size=300)
        for column in numbers
    } | {
        column: np.array(["s"] * 300 if column == "same" else rng.choice(["a", "b", "é"], 300),
                         dtype=object)
        for column in categories
    })  # fmt: skip
    if gaps and numbers:
        X.loc[::7, numbers] = np.nan
    if gaps and categories:
        X.loc[::5, categories] = ""
    first = X.iloc[:, 0]
    y = np.where(first > first.median() if numbers else first == "a", "yes", "no")
    preprocessor = Preprocessor(numbers, categories)
    pipeline = Pipeline([("p", preprocessor), ("e", LogisticClassifier())]).fit(X, y)
    columns = {name: {"type": "number", "missing": True} for name in numbers} | {
        name: {"type": "category", "values": ["a"], "missing": True} for name in categories
    }
    contract = {"target": "y", "classes": ["no", "yes"], "missing": [], "columns": columns}
    content = to_onnx(pipeline, contract, {})
    labels, probabilities = Model(content).run(X)
    found = inner(content).table(X)
    assert found[1].tobytes() == probabilities.tobytes()
    assert found[0].tolist() == labels.tolist()


def other_layout(content: bytes) -> bytes:
    """The same answers from a graph in which a number takes a detour."""
    model = onnx.load_from_string(content)
    node = next(node for node in model.graph.node if node.op_type == "Unsqueeze")
    detour = onnx.helper.make_node("Identity", [node.input[0]], ["detour"])
    node.input[0] = "detour"
    nodes = [detour, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    written: bytes = model.SerializeToString()
    return written


def test_a_graph_of_another_layout_answers_by_itself() -> None:
    content = to_onnx(cases.fitted("logistic", [0, 1]), cases.contract([0, 1]), {})
    detoured = other_layout(content)
    assert dense(content) is not None
    assert dense(detoured) is None
    X = cases.features(30)
    predictor = Predictor.from_bytes(detoured)
    right = Predictor.from_bytes(content).answer(X)[1]
    rows = X.assign(when=pd.to_datetime(X["when"], unit="s"))
    assert np.array_equal(predictor.predict_proba(rows), right)
    assert np.array_equal(predictor.answer(X)[1], right)


def test_an_inner_form_that_answers_otherwise_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    content = to_onnx(cases.fitted("logistic", [0, 1]), cases.contract([0, 1]), {})
    another = to_onnx(cases.fitted("linear_threshold", [0, 1]), cases.contract([0, 1]), {})
    form = dense(another)
    monkeypatch.setattr(module, "dense", lambda _: form)
    right = Model(content).run(cases.features(30))[1]
    assert np.array_equal(Predictor.from_bytes(content).answer(cases.features(30))[1], right)
    assert "answers otherwise" in caplog.text
