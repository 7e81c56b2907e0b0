from __future__ import annotations

from pathlib import Path

import pytest

from flows.doctoring import Finding, examine
from tests.test_libraries import install


def found(what: str, workspace: Path) -> Finding:
    (finding,) = (each for each in examine(workspace, fix=False) if each.what == what)
    return finding


def test_the_build_for_gpus_is_the_onnx_runtime_that_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, onnxruntime_gpu="1.31.1")
    assert found("libraries", tmp_path).said == "as required"


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({}, "onnxruntime is not installed"),
        ({"onnxruntime_gpu": "1.1"}, "onnxruntime-gpu 1.1 is not >=1.20"),
        (
            {"onnxruntime": "1.31.1", "onnxruntime_gpu": "1.31.1"},
            "onnxruntime and onnxruntime-gpu are both installed, and overwrite each other's files",
        ),
    ],
)
def test_an_onnx_runtime_that_is_absent_old_or_there_twice_is_named_with_the_lock_to_install(
    versions: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, **versions)
    finding = found("libraries", tmp_path)
    assert (finding.well, finding.said) == (False, said)
    assert "requirements.gpu.lock" in finding.remedy
