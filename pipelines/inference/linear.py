"""Probabilities of the linear models and the perceptron, in core operators.

A linear model is computed in float32 where that is exact enough, else in float64, as the
estimators themselves are: the sum x·w of features of size one is off by about
2⁻²⁴ Σ|w|, where of the one-hot columns of a category only the largest |w| counts, because a
row has but one of them. Collinear columns under least squares can have weights of 1e7, which
float32 turns into other labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from pipelines.estimators.baselines import FLOOR
from pipelines.inference.graph import Graph

__all__ = ["linear_threshold", "logistic", "perceptron", "prior"]

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}
ROUNDING = 1e-6  # of a raw value; a tenth of what a probability may differ by

Precision = type[np.float32] | type[np.float64]


def logistic(graph: Graph, X: str, fitted: Any) -> str:
    """softmax(X Wᵀ + b); σ(X wᵀ + b) and its rest where two classes have one row of weights."""
    precision = _precision(graph, fitted.coef_)
    X = _in(graph, X, precision)
    return _softmax(graph, X, fitted.coef_.T, fitted.intercept_, precision)


def perceptron(graph: Graph, X: str, fitted: Any) -> str:
    """The hidden layers' activations, then the output layer as in `logistic`."""
    *hidden, (weights, bias) = zip(fitted.coefs_, fitted.intercepts_, strict=True)
    for layer_weights, layer_bias in hidden:
        X = _affine(graph, X, layer_weights, layer_bias, np.float32)
        if fitted.activation != "identity":
            X = getattr(graph, ACTIVATIONS[fitted.activation])(X)
    return _softmax(graph, X, weights, bias, np.float32)


def linear_threshold(graph: Graph, X: str, fitted: Any) -> str:
    """clip(X Wᵀ + b, ε, 1 − ε) over its sum; two classes have 1 − x beside x."""
    precision = _precision(graph, fitted.coef_)
    X = _in(graph, X, precision)
    raw = _affine(graph, X, fitted.coef_.T, fitted.intercept_, precision)
    if len(fitted.coef_) == 1:
        raw = graph.Concat(graph.Sub(np.ones(1, precision), raw), raw, axis=1)
    low, high = np.array(FLOOR, precision), np.array(1 - FLOOR, precision)
    clipped = graph.Clip(raw, low, high)
    return _out(graph, graph.Div(clipped, _row_sum(graph, clipped)), precision)


def prior(graph: Graph, X: str, fitted: Any) -> str:
    """The class frequencies, once a row of X."""
    rows = graph.Shape(X, start=0, end=1)
    shape = graph.Concat(rows, np.array([1]), axis=0)
    return graph.Expand(fitted.class_prior_.astype(np.float32)[None, :], shape)


def _precision(graph: Graph, coef: NDArray[Any]) -> Precision:
    """What X coefᵀ must be computed in."""
    sizes = np.abs(coef).astype(np.float64)
    sums = sizes.sum(axis=1)
    for part in graph.one_hot:
        sums += sizes[:, part].max(axis=1, initial=0.0) - sizes[:, part].sum(axis=1)
    rounding = 2.0**-24 * sums.max(initial=0.0)
    return np.float64 if rounding > ROUNDING else np.float32


def _in(graph: Graph, X: str, precision: Precision) -> str:
    return X if precision is np.float32 else graph.Cast(X, to=TensorProto.DOUBLE)


def _out(graph: Graph, p: str, precision: Precision) -> str:
    return p if precision is np.float32 else graph.Cast(p, to=TensorProto.FLOAT)


def _row_sum(graph: Graph, matrix: str) -> str:
    return graph.ReduceSum(matrix, np.array([1]), keepdims=1)


def _affine(
    graph: Graph, X: str, weights: NDArray[Any], bias: NDArray[Any], precision: Precision
) -> str:
    product = graph.MatMul(X, np.asarray(weights, dtype=precision))
    return graph.Add(product, np.asarray(bias, dtype=precision))


def _softmax(
    graph: Graph, X: str, weights: NDArray[Any], bias: NDArray[Any], precision: Precision
) -> str:
    bias = np.broadcast_to(np.asarray(bias), weights.shape[1])
    if weights.shape[1] == 1:
        # σ(z) = softmax((0, z)) keeps the precision of both classes near zero.
        weights = np.concatenate([np.zeros_like(weights), weights], axis=1)
        bias = np.concatenate([np.zeros(1), bias])
    raw = _affine(graph, X, weights, bias, precision)
    return _out(graph, graph.Softmax(raw, axis=1), precision)
