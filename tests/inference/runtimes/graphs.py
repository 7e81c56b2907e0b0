"""Small portable graphs written by hand, in core operators of opset 21, and what they compute."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.helper import (
    make_graph,
    make_model,
    make_node,
    make_opsetid,
    make_tensor_value_info,
)

CLASSES = ["a", "b", "c"]
MEDIANS = np.array([[0.5, -1.0]], dtype=np.float32)
WEIGHTS = np.array([[1.0, -0.5, 0.25], [0.0, 2.0, -1.0]], dtype=np.float32)
LEAVES = np.array([[0.1, 0.7, 0.2], [0.9, -0.4, 0.0]], dtype=np.float32)
THRESHOLD = np.float32(0.3)


def portable(operators: list[Any] | None = None, metadata: dict[str, str] | None = None) -> bytes:
    """softmax(W x + the leaf that x[1] falls into), gaps filled with medians."""
    constants: list[Any] = []

    def constant(name: str, values: Any) -> str:
        constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    nodes = operators or [
        make_node("IsNaN", ["features"], ["gaps"]),
        make_node("Where", ["gaps", constant("medians", MEDIANS), "features"], ["x"]),
        make_node("MatMul", ["x", constant("weights", WEIGHTS)], ["linear"]),
        make_node("Gather", ["x", constant("column", 1)], ["split"], axis=1),
        make_node("LessOrEqual", ["split", constant("threshold", THRESHOLD)], ["left"]),
        make_node(
            "Where",
            ["left", constant("zero", np.int64(0)), constant("one", np.int64(1))],
            ["leaf"],
        ),
        make_node("Gather", [constant("leaves", LEAVES), "leaf"], ["value"], axis=0),
        make_node("Add", ["linear", "value"], ["raw"]),
        make_node("Softmax", ["raw"], ["probabilities"], axis=1),
        make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]
    graph = make_graph(
        nodes,
        "by hand",
        [make_tensor_value_info("features", TensorProto.FLOAT, ["N", 2])],
        [
            make_tensor_value_info("label", TensorProto.INT64, ["N"]),
            make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3]),
        ],
        constants,
    )
    model = make_model(graph, opset_imports=[make_opsetid("", 21)], ir_version=10)
    said = {"classes": json.dumps(CLASSES), "columns": '["p", "q"]', "codes": "{}"}
    onnx.helper.set_model_props(model, {**said, "label": "position", **(metadata or {})})
    content: bytes = model.SerializeToString()
    return content


def answer(X: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probabilities that `portable` gives, in float64."""
    x = np.where(np.isnan(X), MEDIANS, X).astype(np.float64)
    raw = x @ WEIGHTS + LEAVES[np.where(x[:, 1] <= THRESHOLD, 0, 1)]
    raw = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def rows(count: int) -> NDArray[np.float32]:
    """Rows with gaps, the threshold from both sides among them."""
    X = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    X[::7, 0] = np.nan
    X[1::5, 1] = THRESHOLD
    X[2::5, 1] = np.nextafter(THRESHOLD, np.float32(1))
    return X
