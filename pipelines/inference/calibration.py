"""Calibrated probabilities and the label's rule, in core operators.

All in float32, which some runtimes compute in whatever a graph asks for. The logarithm of
an odds of 1e6 would be off by 1e-6 there, and a steep curve multiplies that. So the graph
keeps to the odds themselves, whose rounding is relative, finds segments by comparing them,
and takes the logarithm of a quotient near one only. The rule compares in float32 on both
sides.
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
    """softmax(log(p / max p) / T): the greatest's logarithm is zero, its rivals' are near it."""
    floored = _floored(graph, p)
    greatest = graph.ReduceMax(floored, np.array([1]), keepdims=1)
    logs = graph.Log(graph.Div(floored, greatest))
    return graph.Softmax(graph.Mul(logs, _array(1 / fitted.temperature)), axis=1)


def _sigmoid(graph: Graph, p: str, fitted: Sigmoid) -> str:
    """σ(a s + b) as σ(a log(r / e^c) + d), with r = e^s the odds, c = −b / a and d = 0.

    Where c is out of the odds' reach, d takes the rest.
    """
    slopes, intercepts = fitted.slopes, fitted.intercepts
    reach = 1 - np.log(FLOOR)
    with np.errstate(over="ignore"):
        centre = np.divide(-intercepts, slopes, out=np.zeros_like(slopes), where=slopes > 0)
    centre = np.clip(centre, -reach, reach)
    rest = intercepts + slopes * centre
    logs = graph.Log(graph.Div(_odds(graph, p, len(slopes)), _array(np.exp(centre))[None, :]))
    u = graph.Mul(logs, _array(slopes)[None, :])
    if np.abs(rest).max() > np.finfo(np.float32).eps:
        u = graph.Add(u, _array(rest)[None, :])
    return _one_vs_rest(graph, graph.Sigmoid(u), len(slopes))


def _isotonic(graph: Graph, p: str, fitted: Isotonic) -> str:
    """V + w log(r / R) with R, v, w the odds at the segment's left end, the value, the slope.

    The segment is found by bisection, which keeps the work to (N, columns) a halving, where
    comparing with every knot would take (N, columns, knots).
    """
    count = len(fitted.knots)
    length = 2 ** max(len(x) for x in fitted.knots).bit_length()
    tables = [_segments(x, v, length) for x, v in zip(fitted.knots, fitted.values, strict=True)]
    bounds, left, value, slope = (np.concatenate(each) for each in zip(*tables, strict=True))
    odds = _odds(graph, p, count)
    constants = graph.constant(_array(bounds))
    place: str | NDArray[np.int64] = (np.arange(count) * length)[None, :]
    step = length // 2
    while step:
        further = graph.Add(place, np.array(step))
        above = graph.GreaterOrEqual(odds, graph.Gather(constants, further, axis=0))
        place = graph.Where(above, further, place)
        step //= 2
    R, v, w = (graph.Gather(_array(each), place, axis=0) for each in (left, value, slope))
    q = graph.Add(v, graph.Mul(w, graph.Log(graph.Div(odds, R))))
    return _one_vs_rest(graph, q, count)


def _segments(x: NDArray[Any], v: NDArray[Any], length: int) -> list[NDArray[np.float64]]:
    """Lower bounds and left ends as odds, values there, slopes of one curve's segments, padded.

    Segment 0 lies below the first knot and is constant, as is the one above the last.
    """
    widths = np.diff(x)
    slopes = np.divide(np.diff(v), widths, out=np.zeros(len(widths)), where=widths > 0)
    padding = length - len(x) - 1
    return [
        np.concatenate([[0.0], np.exp(x), np.full(padding, np.inf)]),
        np.concatenate([np.exp(x[:1]), np.exp(x), np.ones(padding)]),
        np.concatenate([v[:1], v, np.zeros(padding)]),
        np.concatenate([[0.0], slopes, np.zeros(padding + 1)]),
    ]


def _odds(graph: Graph, p: str, columns: int) -> str:
    """Odds of each class against the sum of the others; of two, the second one's alone.

    From 1e-6 to 1e6, as both are floored.
    """
    if columns == 1:
        floored = _floored(graph, p)
        second, first = (graph.Gather(floored, np.array([k]), axis=1) for k in (1, 0))
        return graph.Div(second, first)
    others = graph.MatMul(p, _array(1 - np.eye(columns)))
    return graph.Div(_floored(graph, p), _floored(graph, others))


def _floored(graph: Graph, p: str) -> str:
    """The probability, 1e-6 at least; Where lets NaN through, which Max need not."""
    return graph.Where(graph.Less(p, _array(FLOOR)), _array(FLOOR), p)


def _one_vs_rest(graph: Graph, q: str, columns: int) -> str:
    if columns == 1:
        return graph.Concat(graph.Sub(_array(1.0), q), q, axis=1)
    return graph.Div(q, graph.ReduceSum(q, np.array([1]), keepdims=1))


def _array(numbers: float | NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(numbers, dtype=np.float32)


def _argmax(graph: Graph, p: str, _: Argmax) -> str:
    return graph.ArgMax(p, axis=1, keepdims=0)


def _threshold(graph: Graph, p: str, rule: Threshold) -> str:
    positive = graph.Gather(p, np.array(1), axis=1)
    reached = graph.GreaterOrEqual(positive, _array(rule.value))
    return graph.Cast(reached, to=TensorProto.INT64)


def _costs(graph: Graph, p: str, rule: Costs) -> str:
    expected = graph.MatMul(p, _array(rule.matrix / rule.matrix.max()))
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
