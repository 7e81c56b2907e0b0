"""tract, the inference engine in Rust, with the portable graph."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import Any

from pipelines.inference.runtimes import child
from pipelines.inference.runtimes.runtime import Answer, Runtime

__all__ = ["TRACT"]


def _absent() -> str:
    if importlib.util.find_spec("tract") is not None:
        return ""
    return "tract is not installed. Install the extra: pip install 'logitline[runtimes]'."


def _version() -> str:
    return importlib.metadata.version("tract")


def _run(content: bytes, features: Any) -> Answer:
    # Its backtraces would fill the reason with addresses.
    quiet = {"RUST_BACKTRACE": "0"}
    return child.ask(child.python("ask_tract.py"), content, features, quiet)


TRACT = Runtime("tract", "portable", _absent, _version, _run)
