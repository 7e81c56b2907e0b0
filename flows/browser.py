"""onnxruntime-web's files where Node has them: what a bundle's page runs on."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["NODE_MODULES", "browser_runtime"]

NODE_MODULES = "LOGITLINE_NODE_MODULES"
DIST = Path("onnxruntime-web") / "dist"
# The build for WebAssembly alone.
FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
)


def browser_runtime(workspace: Path) -> dict[str, bytes]:
    """The files by name; nothing where they are not installed.

    They are looked for in the folder that LOGITLINE_NODE_MODULES names, else in `node_modules`
    of the workspace, of the working folder, and of the folders above them.
    """
    named = os.environ.get(NODE_MODULES)
    starts = [folder.resolve() for folder in (workspace, Path.cwd())]
    above = [each / "node_modules" for start in starts for each in (start, *start.parents)]
    for modules in [Path(named)] if named else above:
        found = [modules / DIST / name for name in FILES]
        if all(path.is_file() for path in found):
            return {path.name: path.read_bytes() for path in found}
    return {}
