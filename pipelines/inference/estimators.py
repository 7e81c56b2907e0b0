"""The estimators that have a graph: a table of converters, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx.common.data_types import (
    BooleanTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

from pipelines.estimators.baselines import LinearThreshold, Prior
from pipelines.estimators.calibration import Argmax
from pipelines.estimators.calibration.classifier import uncalibrated
from pipelines.estimators.logistic import LogisticClassifier
from pipelines.estimators.mlp import MLPClassifier
from pipelines.estimators.reference import ReferenceLogistic
from pipelines.inference import linear, trees
from pipelines.inference.calibration import calibrated, decided
from pipelines.inference.graph import Graph
from pipelines.inference.tree_operator import regressor
from pipelines.inference.tree_walk import walk

__all__ = [
    "PROBABILITIES",
    "convert_estimator",
    "convert_portable",
    "label_is_class",
    "parse_estimator",
    "parse_portable",
]

# Each writes the probabilities, float32 of shape (N, K), of the feature matrix and returns
# their name.
Writers = Mapping[type, Callable[[Graph, str, Any], str]]

PROBABILITIES: Writers = {
    LogisticClassifier: linear.logistic,
    ReferenceLogistic: linear.logistic,
    MLPClassifier: linear.perceptron,
    LinearThreshold: linear.linear_threshold,
    Prior: linear.prior,
    DecisionTreeClassifier: partial(trees.decision_tree, write=regressor),
    HistGradientBoostingClassifier: partial(trees.gradient_boosting, write=regressor),
}
# The same in core operators alone.
PORTABLE: Writers = {
    **PROBABILITIES,
    DecisionTreeClassifier: partial(trees.decision_tree, write=walk),
    HistGradientBoostingClassifier: partial(trees.gradient_boosting, write=walk),
}

LABELS = {"b": BooleanTensorType, "i": Int64TensorType}


def parse_estimator(scope: Any, model: Any, inputs: list[Any], **_: Any) -> list[Any]:
    """The declared outputs: the label, then one probability vector a class."""
    labels = LABELS.get(model.classes_.dtype.kind, StringTensorType)
    probabilities = [("probability", FloatTensorType([None]))] * len(model.classes_)
    return _declared(scope, model, inputs, [("label", labels([None])), *probabilities])


def parse_portable(scope: Any, model: Any, inputs: list[Any], **_: Any) -> list[Any]:
    """The declared outputs: the label, then the matrix of probabilities."""
    matrix = FloatTensorType([None, len(model.classes_)])
    outputs = [("label", Int64TensorType([None])), ("probabilities", matrix)]
    return _declared(scope, model, inputs, outputs)


def _declared(
    scope: Any, model: Any, inputs: list[Any], outputs: Sequence[tuple[str, Any]]
) -> list[Any]:
    operator = scope.declare_local_operator("LogitlineEstimator", model)
    operator.inputs.extend(inputs)
    for name, kind in outputs:
        operator.outputs.append(scope.declare_local_variable(name, kind))
    return list(operator.outputs)


def convert_estimator(scope: Any, operator: Any, container: Any) -> None:
    """Write the label itself and one vector of probabilities a class."""
    graph = Graph(scope, container)
    label, *columns = (variable.onnx_name for variable in operator.outputs)
    p, codes = _answers(graph, operator, PROBABILITIES)
    for index, column in enumerate(columns):
        graph.into(column, "Gather", p, np.array(index), axis=1)
    classes = operator.raw_operator.classes_
    if classes.dtype.kind == "i":
        classes = classes.astype(np.int64)
    graph.into(label, "Gather", classes, codes, axis=0)


def convert_portable(scope: Any, operator: Any, container: Any) -> None:
    """Write the matrix of probabilities, and the label as a whole number.

    That is the class where `label_is_class` says so, else its place among the classes.
    """
    graph = Graph(scope, container)
    label, probabilities = (variable.onnx_name for variable in operator.outputs)
    p, codes = _answers(graph, operator, PORTABLE)
    graph.into(probabilities, "Identity", p)
    classes = operator.raw_operator.classes_
    if label_is_class(classes):
        graph.into(label, "Gather", classes.astype(np.int64), codes, axis=0)
    else:
        graph.into(label, "Identity", codes)


def label_is_class(classes: NDArray[Any]) -> bool:
    """Whether a portable graph gives the class itself: where all are whole numbers of 32 bits.

    OpenVINO computes int64 as int32 without a word.
    """
    return bool(classes.dtype.kind == "i" and (classes == classes.astype(np.int32)).all())


def _answers(graph: Graph, operator: Any, writers: Writers) -> tuple[str, str]:
    """Probabilities (N, K), and labels (N,) as places: by a rule, or of the greatest one."""
    fitted = operator.raw_operator
    inner = uncalibrated(fitted)
    p = writers[type(inner)](graph, operator.inputs[0].onnx_name, inner)
    if inner is fitted:
        return p, decided(graph, p, Argmax())
    p = calibrated(graph, p, fitted.calibrator)
    return p, decided(graph, p, fitted.rule)
