"""The nodes of `Preprocessor.transform`: the same operations, in the same precision and order.

Columns of one precision are imputed and scaled together, as one matrix, so that a graph of
five hundred columns stays a few dozen nodes.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from skl2onnx.common.data_types import FloatTensorType

from pipelines.estimators.preprocessing import Preprocessor
from pipelines.inference.graph import Graph

__all__ = ["codes", "convert_preprocessor", "parse_preprocessor"]

GAP = -2.0  # stands for a gap's NaN where codes are compared; no value has it


def parse_preprocessor(scope: Any, model: Preprocessor, inputs: list[Any], **_: Any) -> list[Any]:
    """The declared output: the feature matrix."""
    operator = scope.declare_local_operator("LogitlinePreprocessor", model)
    operator.inputs.extend(inputs)
    matrix = FloatTensorType([None, model.n_features_out_])
    operator.outputs.append(scope.declare_local_variable("X", matrix))
    return list(operator.outputs)


def convert_preprocessor(scope: Any, operator: Any, container: Any) -> None:
    """Write the feature matrix, float32 of shape (N, n_features_out_).

    The operator's inputs are one vector a column, numbers before categories; or a single
    float32 matrix of all columns in that order, the categories as `codes` numbers them. The
    inputs of columns that tell nothing lead nowhere: they stay, so that the model asks for
    the columns of its contract.
    """
    fitted: Preprocessor = operator.raw_operator
    graph = Graph(scope, container)
    inputs = [variable.onnx_name for variable in operator.inputs]
    used = np.flatnonzero(fitted.kept_ | fitted.flagged_)
    if len(operator.inputs[0].type.shape) == 2:
        (matrix,) = inputs
        blocks = _joined(graph, fitted, [(used, _taken(graph, fitted, matrix, used))])
        blocks += _one_hot_of_codes(graph, fitted, matrix)
    else:
        blocks = _joined(graph, fitted, _vectors(graph, fitted, inputs, used))
        blocks += _one_hot_of_texts(graph, fitted, inputs[len(fitted.numbers) :])
    graph.into(operator.outputs[0].onnx_name, "Concat", *blocks, axis=1)


def codes(fitted: Preprocessor) -> dict[str, list[str]]:
    """Category column → the values that its codes 0, 1, … stand for; −1 is any other value.

    A gap is NaN, as it is for a number.
    """
    return {
        name: [value for value in values if value]
        for name, values in zip(fitted.categories, fitted.values_, strict=True)
    }


def _taken(graph: Graph, fitted: Preprocessor, matrix: str, used: NDArray[np.intp]) -> str:
    width = len(fitted.numbers) + len(fitted.categories)
    return matrix if len(used) == width else graph.Gather(matrix, used, axis=1)


def _vectors(
    graph: Graph, fitted: Preprocessor, inputs: list[str], used: NDArray[np.intp]
) -> list[tuple[NDArray[np.intp], str]]:
    doubles = fitted.doubles_[used]
    parts = [used[~doubles], used[doubles]]
    return [(part, graph.columns([inputs[j] for j in part])) for part in parts if part.size]


def _one_hot_of_texts(graph: Graph, fitted: Preprocessor, inputs: list[str]) -> list[str]:
    blocks = []
    for name, values in zip(inputs, fitted.values_, strict=True):
        if len(values):
            column = graph.Unsqueeze(name, np.array([1]))
            blocks.append(graph.Cast(graph.Equal(column, values[None, :]), to=TensorProto.FLOAT))
    return blocks


def _one_hot_of_codes(graph: Graph, fitted: Preprocessor, matrix: str) -> list[str]:
    """All categories' 0/1 columns at once: each compares its column's code with its own."""
    places, wanted = [], []
    for j, values in enumerate(fitted.values_, start=len(fitted.numbers)):
        code = itertools.count()
        places += [j] * len(values)
        wanted += [next(code) if value else GAP for value in values]
    if not places:
        return []
    x = graph.Gather(matrix, np.array(places), axis=1)
    if GAP in wanted:
        x = graph.Where(graph.IsNaN(x), np.array(GAP, dtype=np.float32), x)
    equal = graph.Equal(x, np.array(wanted, dtype=np.float32)[None, :])
    return [graph.Cast(equal, to=TensorProto.FLOAT)]


def _joined(
    graph: Graph, fitted: Preprocessor, parts: list[tuple[NDArray[np.intp], str]]
) -> list[str]:
    """The scaled numbers, and the flags where there are any, in the Preprocessor's order.

    Each part is the positions of its columns among the numbers and their matrix.
    """
    parts = [part for part in parts if part[0].size]
    if not parts:
        return []
    order = np.concatenate([part for part, _ in parts])
    scaled, gaps = zip(*(_scaled(graph, fitted, part, x) for part, x in parts), strict=True)
    blocks = []
    if fitted.kept_.any():
        blocks.append(_chosen(graph, graph.beside(list(scaled)), order, fitted.kept_))
    if fitted.flagged_.any():
        flags = _chosen(graph, graph.beside(list(gaps)), order, fitted.flagged_)
        blocks.append(graph.Cast(flags, to=TensorProto.FLOAT))
    return blocks


def _chosen(graph: Graph, matrix: str, order: NDArray[np.intp], chosen: NDArray[np.bool_]) -> str:
    """The chosen columns in the Preprocessor's order; `order` says what the matrix's are."""
    positions = np.argsort(order)
    positions = positions[chosen[order[positions]]]
    if np.array_equal(positions, np.arange(len(order))):
        return matrix
    return graph.Gather(matrix, positions, axis=1)


def _scaled(graph: Graph, fitted: Preprocessor, part: NDArray[np.intp], x: str) -> tuple[str, str]:
    """((m if isnan(x) else x) − μ) / σ in the part's own precision, then float32; and isnan(x)."""
    double = bool(fitted.doubles_[part[0]])
    precision = np.float64 if double else np.float32
    medians, means, scales = (
        values[part].astype(precision)[None, :]
        for values in (fitted.medians_, fitted.means_, fitted.scales_)
    )
    gaps = graph.IsNaN(x)
    # The gaps are filled between centring and scaling, which gives the same bits as before
    # both: OpenVINO computes (x - mean) / scale as x / scale - mean / scale where it can.
    z = graph.Sub(x, means) if means.any() else x
    z = graph.Where(gaps, np.subtract(medians, means), z)
    if (scales != 1).any():
        z = graph.Div(z, scales)
    return (graph.Cast(z, to=TensorProto.FLOAT) if double else z), gaps
