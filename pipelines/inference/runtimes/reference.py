"""ONNX's reference evaluator, which computes each operator in NumPy as the standard says."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from pipelines.inference.runtimes.runtime import MOST_ROWS, Answer, NoAnswerError, Runtime

__all__ = ["REFERENCE", "REFERENCE_PORTABLE"]

BATCH = 8_192
# It walks the trees of an ensemble in Python, a row and a tree at a time: some seconds.
MOST_VISITS = 500_000
ENSEMBLE = "TreeEnsembleRegressor"


def _version() -> str:
    version: str = onnx.__version__
    return version


def _most_rows(content: bytes) -> int:
    """How many rows take some seconds: fewer, the more trees an ensemble has."""
    trees = 0
    for node in onnx.load_from_string(content).graph.node:
        if node.op_type == ENSEMBLE:
            (ids,) = (each.ints for each in node.attribute if each.name == "nodes_treeids")
            trees += len(set(ids))
    return MOST_VISITS // trees if trees else MOST_ROWS


def _model(content: bytes, features: Any) -> Answer:
    graph = onnx.load_from_string(content)
    metadata = {entry.key: entry.value for entry in graph.metadata_props}
    columns = json.loads(metadata["columns"])
    kinds = [
        onnx.helper.tensor_dtype_to_np_dtype(each.type.tensor_type.elem_type)
        for each in graph.graph.input
    ]
    names = [each.name for each in graph.graph.input]
    with np.errstate(over="ignore"):  # beyond float32 is infinite, as in the pipeline
        if len(names) < len(columns):
            matrix = np.stack([np.asarray(features[name]) for name in columns], axis=1)
            feeds = {names[0]: matrix.astype(kinds[0])}
        else:
            feeds = {
                name: np.asarray(features[column]).astype(kind)
                for name, column, kind in zip(names, columns, kinds, strict=True)
            }
    return _answer(graph, feeds, [output.name for output in graph.graph.output])


def _portable(content: bytes, features: Any) -> Answer:
    graph = onnx.load_from_string(content)
    return _answer(graph, {"features": features}, ["label", "probabilities"])


def _answer(graph: Any, feeds: dict[str, Any], outputs: list[str]) -> Answer:
    """The first output, and the others side by side where there are several."""
    try:
        evaluator = ReferenceEvaluator(graph)
        rows = len(next(iter(feeds.values())))
        parts = []
        for start in range(0, max(rows, 1), BATCH):
            batch = {name: values[start : start + BATCH] for name, values in feeds.items()}
            with np.errstate(all="ignore"):
                parts.append(evaluator.run(outputs, batch))
    except Exception as error:  # whatever an operator's NumPy raises
        raise NoAnswerError(f"The reference evaluator gives no answer: {error}") from None
    labels, *columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    return labels, columns[0] if columns[0].ndim == 2 else np.stack(columns, axis=1)


def _here() -> str:
    return ""


NAME = "ONNX reference evaluator"
REFERENCE = Runtime(NAME, "model", _here, _version, _model, most_rows=_most_rows)
REFERENCE_PORTABLE = Runtime(NAME, "portable", _here, _version, _portable, most_rows=_most_rows)
