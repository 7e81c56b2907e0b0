"""onnxruntime-web, ONNX Runtime in WebAssembly: under Node, with the portable graph; its files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.inference.runtimes import child
from pipelines.inference.runtimes.runtime import Answer, NoAnswerError, Runtime

__all__ = ["NODE_MODULES", "browser_files", "package_folder", "web_runtime"]

NODE_MODULES = "LOGITLINE_NODE_MODULES"
PACKAGE = "onnxruntime-web"
# Of the package's builds the one for WebAssembly alone; its first file loads the others.
BUILD = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def package_folder(workspace: Path) -> Path | None:
    """onnxruntime-web's folder, or None where it is not installed.

    It is looked for in LOGITLINE_NODE_MODULES where that is set, else in `node_modules` of
    the workspace, of the folders above it, of the working folder and of the folders above
    that, the nearest first, as Node does.
    """
    named = os.environ.get(NODE_MODULES)
    starts = (workspace.resolve(), Path.cwd())
    above = [each / "node_modules" for start in starts for each in (start, *start.parents)]
    for modules in [Path(named).absolute()] if named else above:
        if all((modules / PACKAGE / "dist" / name).is_file() for name in BUILD):
            return modules / PACKAGE
    return None


def browser_files(workspace: Path) -> dict[str, bytes]:
    """What a page needs of onnxruntime-web, by name; nothing where it is not installed."""
    folder = package_folder(workspace)
    return {name: (folder / "dist" / name).read_bytes() for name in BUILD} if folder else {}


def web_runtime(workspace: Path) -> Runtime:
    """onnxruntime-web under Node, as `package_folder` finds it when it is asked."""
    absent, version = partial(_absent, workspace), partial(_version, workspace)
    return Runtime("onnxruntime-web", "portable", absent, version, partial(_run, workspace))


def _absent(workspace: Path) -> str:
    if shutil.which("node") is None:
        return "Node is not on the PATH. Install Node 18 or newer."
    if package_folder(workspace) is not None:
        return ""
    named = os.environ.get(NODE_MODULES)
    if named:
        return (
            f"{NODE_MODULES} names {named}, which holds no {PACKAGE}. Name the folder "
            f"node_modules that `npm install {PACKAGE}` made."
        )
    return (
        f"{PACKAGE} is not in a node_modules folder here or above. Run `npm install {PACKAGE}` "
        f"in the workspace, or name its node_modules in {NODE_MODULES}."
    )


def _version(workspace: Path) -> str:
    folder = package_folder(workspace)
    assert folder is not None
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    said = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=False, timeout=30
    )
    return f"{package['version']}, Node {said.stdout.strip().removeprefix('v')}"


def _run(workspace: Path, content: bytes, features: Any) -> Answer:
    folder = package_folder(workspace)
    if folder is None:
        raise NoAnswerError(_absent(workspace))
    command = ["node", str(child.PROGRAMS / "ask_web.mjs"), str(folder / "dist" / BUILD[0])]
    return child.ask(command, content, features)
