"""ONNX Runtime is one library under two names: its build for GPUs counts as it."""

from __future__ import annotations

import importlib.metadata

import pytest

from flows.line import CODE
from pipelines.digests import code_digest
from pipelines.libraries import builds, version

CPU, GPU = "onnxruntime", "onnxruntime-gpu"


def install(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    """Let these be the only builds of ONNX Runtime, `_` in a name standing for `-`."""
    found = {name.replace("_", "-"): number for name, number in versions.items()}
    real = importlib.metadata.version

    def told(name: str) -> str:
        if name not in (CPU, GPU):
            return real(name)
        if name not in found:
            raise importlib.metadata.PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(importlib.metadata, "version", told)


def test_a_library_has_the_version_of_the_build_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, onnxruntime_gpu="1.31.1")
    assert builds(CPU) == {GPU: "1.31.1"}
    assert version(CPU) == "1.31.1"
    install(monkeypatch, onnxruntime="1.31.0")
    assert version(CPU) == "1.31.0"
    assert version("sklearn") == importlib.metadata.version("scikit-learn")


def test_a_library_that_is_not_there_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    assert builds(CPU) == {}
    with pytest.raises(importlib.metadata.PackageNotFoundError, match="onnxruntime"):
        version(CPU)


@pytest.mark.parametrize("step", ["register", "export"])
def test_a_step_has_the_same_code_digest_with_either_build_of_one_version(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for build in ({"onnxruntime": "1.31.1"}, {"onnxruntime_gpu": "1.31.1"}):
        install(monkeypatch, **build)
        found.append(code_digest.__wrapped__(*CODE[step]))
    assert found[0] == found[1]
    install(monkeypatch, onnxruntime_gpu="1.31.2")
    assert code_digest.__wrapped__(*CODE[step]) != found[0]
