"""onnxruntime-web, ONNX Runtime in WebAssembly, under Node, with the portable graph."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from pipelines.inference.runtimes import child
from pipelines.inference.runtimes.runtime import Answer, NoAnswerError, Runtime

__all__ = ["NODE_MODULES", "WEB", "package_folder"]

NODE_MODULES = "LOGITLINE_NODE_MODULES"
PACKAGE = "onnxruntime-web"
# Of the package's builds the one for WebAssembly alone.
BUILD = Path("dist") / "ort.wasm.min.mjs"


def package_folder() -> Path | None:
    """onnxruntime-web's folder, or None where it is not installed.

    It is looked for in LOGITLINE_NODE_MODULES where that is set, else in `node_modules` of
    the working folder and of the folders above it, the nearest first, as Node does.
    """
    named = os.environ.get(NODE_MODULES)
    here = Path.cwd()
    above = [folder / "node_modules" for folder in (here, *here.parents)]
    for modules in [Path(named).absolute()] if named else above:
        if (modules / PACKAGE / BUILD).is_file():
            return modules / PACKAGE
    return None


def _absent() -> str:
    if shutil.which("node") is None:
        return "Node is not on the PATH. Install Node 18 or newer."
    if package_folder() is not None:
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


def _version() -> str:
    folder = package_folder()
    assert folder is not None
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    said = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=False, timeout=30
    )
    return f"{package['version']}, Node {said.stdout.strip().removeprefix('v')}"


def _run(content: bytes, features: Any) -> Answer:
    folder = package_folder()
    if folder is None:
        raise NoAnswerError(_absent())
    command = ["node", str(child.PROGRAMS / "ask_web.mjs"), str(folder / BUILD)]
    return child.ask(command, content, features)


WEB = Runtime("onnxruntime-web", "portable", _absent, _version, _run)
