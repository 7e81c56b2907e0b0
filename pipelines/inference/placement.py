"""Where a session's nodes run: read from ONNX Runtime's own profile of one call."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.inference.serving import Provider, opened

__all__ = ["elsewhere", "placements"]


def placements(
    model: bytes, feeds: Mapping[str, Any], providers: Sequence[Provider], options: Any
) -> dict[str, tuple[str, str]]:
    """Node → its operator and the provider that ran it; `options` are used up.

    The nodes are those that are left after ONNX Runtime's own rewriting, fused ones and copies
    between devices among them.
    """
    with tempfile.TemporaryDirectory() as folder:
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder, "profile"))
        session = opened(model, providers, options)
        session.run(None, dict(feeds))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    found = {}
    for event in events:
        told = event.get("args", {})
        if event.get("cat") == "Node" and "provider" in told:
            name = str(event["name"]).removesuffix("_kernel_time")
            found[name] = (str(told["op_name"]), str(told["provider"]))
    return found


def elsewhere(found: Mapping[str, tuple[str, str]], provider: str) -> tuple[str, ...]:
    """The nodes that another provider ran than the one asked for, each with its operator."""
    return tuple(f"{name} ({kind})" for name, (kind, on) in found.items() if on != provider)
