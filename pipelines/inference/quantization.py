"""An int8 variant of the portable graph, kept only where it loses next to nothing.

Products of matrices are computed with 8-bit weights and 8-bit activations; the activations'
range is that of each call (dynamic quantization). Weights take seven of the eight bits, so
that processors without VNNI, whose 16-bit sums would overflow, give the same answers.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic

from pipelines.inference.sealing import drop_unused
from pipelines.inference.serving import session_options

__all__ = ["MOST_LABELS", "MOST_LOSS", "Quantized", "quantize"]

MOST_LABELS = 0.005
"""The share of the rows' labels that may change."""
MOST_LOSS = 0.005
"""By how much the mean log loss may rise, in nats."""
PRODUCTS = ("MatMul", "Gemm")
SMALLEST = 1e-15  # a probability of zero has no logarithm


@dataclass(frozen=True)
class Quantized:
    """The int8 variant, or why there is none.

    Attributes
    ----------
    model : bytes
        Empty where it is left out.
    note : str
        Why it is left out; else empty.
    rows : int
        Rows that it was judged on.
    labels_changed : float
        The share of them with another label than the portable graph's.
    log_loss_added : float
        What it adds to the mean log loss.
    max_difference : float
        The largest difference of a probability.
    """

    model: bytes
    note: str
    rows: int = 0
    labels_changed: float = 0.0
    log_loss_added: float = 0.0
    max_difference: float = 0.0


def quantize(portable: bytes, features: NDArray[np.float32], codes: NDArray[Any]) -> Quantized:
    """The int8 variant of a portable graph, judged on rows of known classes.

    Parameters
    ----------
    features : ndarray of float32, shape (n, C)
        The rows as the portable graph takes them.
    codes : ndarray of int, shape (n,)
        Their classes, as positions.
    """
    if not any(node.op_type in PRODUCTS for node in onnx.load_from_string(portable).graph.node):
        return Quantized(b"", "The graph has no product of matrices that int8 could speed up.")
    if not len(features):
        return Quantized(b"", "There are no test rows to judge it on.")
    model = _quantized(portable)
    if not any(node.op_type == "MatMulInteger" for node in onnx.load_from_string(model).graph.node):
        return Quantized(b"", "No product in the graph has constant weights to quantize.")
    labels, P = _answers(portable, features)
    labels8, P8 = _answers(model, features)
    if not np.isfinite(P8).all():
        return Quantized(b"", "In int8 some probabilities are not defined.", len(features))
    changed = float(np.mean(labels != labels8))
    added = _log_loss(P8, codes) - _log_loss(P, codes)
    judged = (len(features), changed, added, float(np.abs(P8 - P).max()))
    if changed > MOST_LABELS or added > MOST_LOSS:
        note = (
            f"It would change {changed:.2%} of the labels of {len(features)} test rows and add "
            f"{added:.4f} to the log loss; allowed are {MOST_LABELS:.1%} and {MOST_LOSS:g}."
        )
        return Quantized(b"", note, *judged)
    return Quantized(model, "", *judged)


def _quantized(portable: bytes) -> bytes:
    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)  # it advises a preprocessing that this graph needs none of
    try:
        with tempfile.TemporaryDirectory() as folder:  # it writes to files only
            path = Path(folder) / "model.int8.onnx"
            quantize_dynamic(
                onnx.load_from_string(portable),
                path,
                op_types_to_quantize=list(PRODUCTS),
                reduce_range=True,
                weight_type=QuantType.QInt8,
            )
            made = onnx.load(path)
    finally:
        log.setLevel(level)
    drop_unused(made.graph)  # the weights that were replaced
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def _answers(
    model: bytes, features: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    session = onnxruntime.InferenceSession(
        model, session_options(), providers=["CPUExecutionProvider"]
    )
    labels, P = session.run(["label", "probabilities"], {"features": features})
    return labels, P.astype(np.float64)


def _log_loss(P: NDArray[np.float64], codes: NDArray[Any]) -> float:
    return float(-np.log(np.maximum(P[np.arange(len(codes)), codes], SMALLEST)).mean())
