"""The runtimes that a graph is proven in: one file each, and the table of them.

A graph's features come in one of two forms. `model` takes the table as ingest leaves it
(float64 with NaN, text with ""); `portable` takes the float32 matrix of `encode`, shape
(N, C). What is installed is asked for when a runtime is used, never at import.
"""

from __future__ import annotations

from pipelines.inference.runtimes import onnxruntime, openvino, reference, tract, web
from pipelines.inference.runtimes.runtime import Answer, NoAnswerError, Runtime

__all__ = ["CPU", "CPU_PORTABLE", "RUNTIMES", "Answer", "NoAnswerError", "Runtime"]

CPU = onnxruntime.CPU
CPU_PORTABLE = onnxruntime.CPU_PORTABLE

RUNTIMES: tuple[Runtime, ...] = (
    CPU,
    onnxruntime.CPU_PORTABLE,
    onnxruntime.CUDA,
    onnxruntime.CUDA_PORTABLE,
    reference.REFERENCE,
    reference.REFERENCE_PORTABLE,
    openvino.OPENVINO,
    tract.TRACT,
    web.WEB,
)
