"""OpenVINO on the CPU, with the portable graph."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Mapping
from typing import Any

from pipelines.inference.runtimes import child
from pipelines.inference.runtimes.runtime import Answer, Runtime

__all__ = ["OPENVINO"]


def _absent() -> str:
    if importlib.util.find_spec("openvino") is not None:
        return ""
    return "OpenVINO is not installed. Install the extra: pip install 'logitline[runtimes]'."


def _version() -> str:
    return importlib.metadata.version("openvino")


def _refuses(metadata: Mapping[str, str]) -> str:
    # It says nothing itself: 0.50 for 0.73 was seen on a timestamp.
    if metadata.get("precision") == "float64":
        return (
            "The graph computes in float64 in parts, which OpenVINO computes in float32 without "
            "a word: its answers may be off. Use another runtime for this model."
        )
    return ""


def _run(content: bytes, features: Any) -> Answer:
    return child.ask(child.python("ask_openvino.py"), content, features)


OPENVINO = Runtime("OpenVINO", "portable", _absent, _version, _run, _refuses)
