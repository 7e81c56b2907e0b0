"""The runtimes that a graph is proven in: one file each, and the table of them.

A graph's features come in one of two forms. `model` takes the table as ingest leaves it
(float64 with NaN, text with ""); `portable` takes the float32 matrix of `encode`, shape
(N, C). What is installed is asked for when a runtime is used, never at import.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.inference.runtimes import onnxruntime, openvino, reference, tract, web
from pipelines.inference.runtimes.runtime import Answer, NoAnswerError, Runtime

__all__ = [
    "CPU",
    "CPU_PORTABLE",
    "RUNTIMES",
    "Answer",
    "NoAnswerError",
    "Runtime",
    "browser_files",
    "runtimes_of",
]

browser_files = web.browser_files
CPU, CPU_PORTABLE = onnxruntime.CPU, onnxruntime.CPU_PORTABLE


def runtimes_of(workspace: Path) -> tuple[Runtime, ...]:
    """All of them; what Node needs is looked for in the workspace first."""
    return (
        CPU,
        CPU_PORTABLE,
        onnxruntime.CUDA,
        onnxruntime.CUDA_PORTABLE,
        reference.REFERENCE,
        reference.REFERENCE_PORTABLE,
        openvino.OPENVINO,
        tract.TRACT,
        web.web_runtime(workspace),
    )


RUNTIMES = runtimes_of(Path())
