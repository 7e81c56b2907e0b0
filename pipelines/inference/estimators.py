"""The estimators that have a graph: a table of converters, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
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

__all__ = ["PROBABILITIES", "convert_estimator", "parse_estimator"]

# Each writes the probabilities, float32 of shape (N, K), of the feature matrix and returns
# their name.
PROBABILITIES: dict[type, Callable[[Graph, str, Any], str]] = {
    LogisticClassifier: linear.logistic,
    ReferenceLogistic: linear.logistic,
    MLPClassifier: linear.perceptron,
    LinearThreshold: linear.linear_threshold,
    Prior: linear.prior,
    DecisionTreeClassifier: trees.decision_tree,
    HistGradientBoostingClassifier: trees.gradient_boosting,
}

LABELS = {"b": BooleanTensorType, "i": Int64TensorType}


def parse_estimator(scope: Any, model: Any, inputs: list[Any], **_: Any) -> list[Any]:
    """The declared outputs: the label, then one probability vector a class."""
    operator = scope.declare_local_operator("LogitlineEstimator", model)
    operator.inputs.extend(inputs)
    labels = LABELS.get(model.classes_.dtype.kind, StringTensorType)
    operator.outputs.append(scope.declare_local_variable("label", labels([None])))
    for _ in model.classes_:
        probability = scope.declare_local_variable("probability", FloatTensorType([None]))
        operator.outputs.append(probability)
    return list(operator.outputs)


def convert_estimator(scope: Any, operator: Any, container: Any) -> None:
    """Write the probabilities and the label: by a rule, or the first class of the greatest one."""
    fitted = operator.raw_operator
    inner = uncalibrated(fitted)
    graph = Graph(scope, container)
    label, *columns = (variable.onnx_name for variable in operator.outputs)
    p = PROBABILITIES[type(inner)](graph, operator.inputs[0].onnx_name, inner)
    if inner is not fitted:
        p = calibrated(graph, p, fitted.calibrator)
    for index, column in enumerate(columns):
        graph.into(column, "Gather", p, np.array(index), axis=1)
    classes = fitted.classes_
    if classes.dtype.kind == "i":
        classes = classes.astype(np.int64)
    codes = decided(graph, p, fitted.rule if inner is not fitted else Argmax())
    graph.into(label, "Gather", classes, codes, axis=0)
