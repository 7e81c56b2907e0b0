"""`logitline doctor`: whether everything that the line stands on is as it should be."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import moving
from pipelines.inference.providers import available_providers
from pipelines.inference.runtimes import runtimes_of
from pipelines.libraries import builds

__all__ = ["Finding", "examine"]

NEEDED_GB = 1.0
LOCKS = (
    "Install requirements.lock into a new environment; on a machine with an NVIDIA GPU "
    "requirements.gpu.lock instead."
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, what to do."""

    what: str
    well: bool
    said: str
    remedy: str = ""


def examine(workspace: Path, fix: bool) -> list[Finding]:
    """What was found, and with `fix` what was mended."""
    workspace = workspace.resolve()
    checks: list[Callable[[], Iterator[Finding]]] = [
        _versions,
        lambda: _storage(workspace),
        lambda: _database(workspace, fix),
        _providers,
        lambda: _runtimes(workspace),
    ]
    return [finding for check in checks for finding in check()]


def _versions() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), python, "")
    wrong: list[str] = []
    for line in importlib.metadata.requires("logitline") or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        wrong += _misfits(requirement)
    remedy = LOCKS if wrong else ""
    yield Finding("libraries", not wrong, "; ".join(wrong) or "as required", remedy)


def _misfits(requirement: Requirement) -> Iterator[str]:
    """What is wrong with what is installed of a library."""
    found = builds(requirement.name)
    if not found:
        yield f"{requirement.name} is not installed"
    if len(found) > 1:
        yield f"{' and '.join(found)} are both installed, and overwrite each other's files"
    for name, installed in found.items():
        if not requirement.specifier.contains(installed, prereleases=True):
            yield f"{name} {installed} is not {requirement.specifier}"


def _storage(workspace: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(workspace).free / 1e9
    remedy = "" if free >= NEEDED_GB else f"Free at least {NEEDED_GB:g} GB on this disk."
    yield Finding("disk", free >= NEEDED_GB, f"{free:.1f} GB free in {workspace}", remedy)


def _database(workspace: Path, fix: bool) -> Iterator[Finding]:
    uri = tracking.tracking_uri(workspace)
    if uri != tracking.local_uri(workspace):
        yield Finding("mlflow", True, f"MLFLOW_TRACKING_URI is set: {uri}")
        return
    if not moving.database(workspace).exists():
        yield Finding("mlflow", True, "no runs yet; the first training makes the database")
        return
    state = moving.schema_problem(workspace)
    remedy = f"Run: mlflow db upgrade {uri}" if state else ""
    yield Finding("mlflow database", not state, state or "its schema fits this mlflow", remedy)
    if state:
        return
    elsewhere = moving.foreign_roots(workspace)
    if elsewhere and fix:
        count = moving.rewrite_roots(workspace, elsewhere)
        yield Finding("mlflow artifacts", True, f"{count} addresses now point into {workspace}")
    elif elsewhere:
        said = f"recorded under {', '.join(map(str, elsewhere))}: the workspace was moved"
        yield Finding("mlflow artifacts", False, said, "Run: logitline doctor --fix")
    else:
        yield Finding("mlflow artifacts", True, "in this workspace")


def _providers() -> Iterator[Finding]:
    found = available_providers()
    yield Finding("onnxruntime", True, ", ".join(found))


def _runtimes(workspace: Path) -> Iterator[Finding]:
    """The runtimes that `export` proves a graph in; none but ONNX Runtime's CPU is needed."""
    for name, runtime in {runtime.name: runtime for runtime in runtimes_of(workspace)}.items():
        absent = runtime.absent()
        yield Finding(name, True, f"not here: {absent}" if absent else runtime.version())
