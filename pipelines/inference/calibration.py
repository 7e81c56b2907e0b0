"""Calibrated probabilities and the label's rule, in core operators.

Calibrators compute in float64 and end in float32, as the probabilities of every graph do;
the rule then compares in float32 on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from pipelines.estimators.calibration import (
    Argmax,
    Costs,
    Isotonic,
    Sigmoid,
    Temperature,
    Threshold,
    Uncalibrated,
)
from pipelines.estimators.calibration.scores import FLOOR
from pipelines.inference.graph import Graph

__all__ = ["calibrated", "decided"]


def calibrated(graph: Graph, p: str, calibrator: Any) -> str:
    """The calibrated probabilities, float32 of shape (N, K), of the estimator's own."""
    return CALIBRATORS[type(calibrator)](graph, p, calibrator)


def decided(graph: Graph, p: str, rule: Any) -> str:
    """The place of each row's label among the classes, int64 of shape (N,)."""
    return RULES[type(rule)](graph, p, rule)


def _uncalibrated(graph: Graph, p: str, _: Uncalibrated) -> str:  # noqa: ARG001 - as the others
    return p


def _temperature(graph: Graph, p: str, fitted: Temperature) -> str:
    logs = _log(graph, graph.Cast(p, to=TensorProto.DOUBLE))
    return _float32(graph, graph.Softmax(graph.Div(logs, _array(fitted.temperature)), axis=1))


def _sigmoid(graph: Graph, p: str, fitted: Sigmoid) -> str:
    u = graph.Mul(_log_odds(graph, p, len(fitted.slopes)), fitted.slopes[None, :])
    q = graph.Sigmoid(graph.Add(u, fitted.intercepts[None, :]))
    return _float32(graph, _one_vs_rest(graph, q, len(fitted.slopes)))


def _isotonic(graph: Graph, p: str, fitted: Isotonic) -> str:
    """V + w (s − x) with x, v, w the left end of the score's segment, its value, its slope.

    The segment is found by bisection, which keeps the work to (N, columns) a halving, where
    comparing with every knot would take (N, columns, knots).
    """
    count = len(fitted.knots)
    length = 2 ** max(len(x) for x in fitted.knots).bit_length()
    tables = [_segments(x, v, length) for x, v in zip(fitted.knots, fitted.values, strict=True)]
    bounds, left, value, slope = (np.concatenate(each) for each in zip(*tables, strict=True))
    s = _log_odds(graph, p, count)
    constants = graph.constant(bounds)
    place: str | NDArray[np.int64] = (np.arange(count) * length)[None, :]
    step = length // 2
    while step:
        further = graph.Add(place, _array(step, np.int64))
        above = graph.GreaterOrEqual(s, graph.Gather(constants, further, axis=0))
        place = graph.Where(above, further, place)
        step //= 2
    x, v, w = (graph.Gather(each, place, axis=0) for each in (left, value, slope))
    q = graph.Add(v, graph.Mul(w, graph.Sub(s, x)))
    return _float32(graph, _one_vs_rest(graph, q, count))


def _segments(x: NDArray[Any], v: NDArray[Any], length: int) -> list[NDArray[np.float64]]:
    """Lower bounds, left ends, values there and slopes of one curve's segments, padded.

    Segment 0 lies below the first knot and is constant, as is the one above the last.
    """
    widths = np.diff(x)
    slopes = np.divide(np.diff(v), widths, out=np.zeros(len(widths)), where=widths > 0)
    padding = length - len(x) - 1
    return [
        np.concatenate([[-np.inf], x, np.full(padding, np.inf)]),
        np.concatenate([x[:1], x, np.zeros(padding)]),
        np.concatenate([v[:1], v, np.zeros(padding)]),
        np.concatenate([[0.0], slopes, np.zeros(padding + 1)]),
    ]


def _log_odds(graph: Graph, p: str, columns: int) -> str:
    """Log odds of each class against the sum of the others; of two, the second one's alone."""
    p = graph.Cast(p, to=TensorProto.DOUBLE)
    if columns == 1:
        logs = _log(graph, p)
        second, first = (graph.Gather(logs, np.array([k]), axis=1) for k in (1, 0))
        return graph.Sub(second, first)
    others = graph.MatMul(p, 1 - np.eye(columns))
    return graph.Sub(_log(graph, p), _log(graph, others))


def _log(graph: Graph, p: str) -> str:
    """The logarithm of p, floored; Where lets NaN through, which Max need not."""
    low = graph.Less(p, _array(FLOOR))
    return graph.Log(graph.Where(low, _array(FLOOR), p))


def _one_vs_rest(graph: Graph, q: str, columns: int) -> str:
    if columns == 1:
        return graph.Concat(graph.Sub(_array(1.0), q), q, axis=1)
    return graph.Div(q, graph.ReduceSum(q, np.array([1]), keepdims=1))


def _float32(graph: Graph, p: str) -> str:
    return graph.Cast(p, to=TensorProto.FLOAT)


def _array(number: float, kind: Any = np.float64) -> NDArray[Any]:
    return np.array(number, dtype=kind)


def _argmax(graph: Graph, p: str, _: Argmax) -> str:
    return graph.ArgMax(p, axis=1, keepdims=0)


def _threshold(graph: Graph, p: str, rule: Threshold) -> str:
    positive = graph.Gather(p, np.array(1), axis=1)
    reached = graph.GreaterOrEqual(positive, _array(rule.value, np.float32))
    return graph.Cast(reached, to=TensorProto.INT64)


def _costs(graph: Graph, p: str, rule: Costs) -> str:
    expected = graph.MatMul(graph.Cast(p, to=TensorProto.DOUBLE), rule.matrix)
    return graph.ArgMin(expected, axis=1, keepdims=0)


CALIBRATORS: dict[type, Callable[[Graph, str, Any], str]] = {
    Uncalibrated: _uncalibrated,
    Sigmoid: _sigmoid,
    Isotonic: _isotonic,
    Temperature: _temperature,
}
RULES: dict[type, Callable[[Graph, str, Any], str]] = {
    Argmax: _argmax,
    Threshold: _threshold,
    Costs: _costs,
}
