"""Fault 39: a model file with a flipped bit, or cut short, is refused before it is parsed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pipelines.inference import ModelError, Predictor
from pipelines.inference.convert import to_onnx
from pipelines.inference.serving import _load_pyfunc
from tests.inference import cases

DAMAGES = 10_000


@pytest.fixture(scope="module")
def content() -> bytes:
    return to_onnx(cases.fitted("logistic", [0, 1]), cases.contract([0, 1]), {})


@pytest.fixture
def path(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with its digest beside it; whoever parses what lies there fails the test."""
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    path.with_name("model.onnx.sha256").write_text(f"{digest}  model.onnx\n")
    Predictor.load(path)

    def parsed(*_: object, **__: object) -> None:
        raise AssertionError("a damaged file was parsed")

    monkeypatch.setattr(onnxruntime, "InferenceSession", parsed)
    return path


def test_fault_39_ten_thousand_flipped_bits_are_refused_before_parsing(
    path: Path, content: bytes
) -> None:
    bits = np.random.default_rng(0).choice(len(content) * 8, DAMAGES, replace=False)
    with path.open("r+b", buffering=0) as file:
        for bit in bits.tolist():
            byte = content[bit // 8]
            file.seek(bit // 8)
            file.write(bytes([byte ^ 1 << bit % 8]))
            with pytest.raises(ModelError, match="not the file that was proven"):
                Predictor.load(path)
            file.seek(bit // 8)
            file.write(bytes([byte]))


def test_fault_39_a_file_cut_anywhere_is_refused_before_parsing(path: Path, content: bytes) -> None:
    for length in range(len(content) - 1, -1, -7):
        with path.open("r+b") as file:
            file.truncate(length)
        with pytest.raises(ModelError, match="not the file that was proven"):
            Predictor.load(path)


def test_fault_39_the_loader_in_mlflow_refuses_it_too(path: Path, content: bytes) -> None:
    path.write_bytes(content[:-1])
    with pytest.raises(ModelError, match="not the file that was proven"):
        _load_pyfunc(str(path.parent))


def test_what_is_no_plain_file_or_too_large_for_a_model_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")  # a reader would wait for ever
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(2**31 + 1)  # would take as much memory
    for name, reason in (
        ("pipe.onnx", "It is no plain file"),
        ("large.onnx", "File too large"),
        ("", "Is a directory"),
    ):
        with pytest.raises(ModelError, match=f"the model cannot be read: {reason}"):
            Predictor.load(tmp_path / name, sha256="0" * 64)


def test_a_pipe_in_the_digest_s_place_is_refused_unread(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    os.mkfifo(tmp_path / "model.onnx.sha256")
    with pytest.raises(ModelError, match="the digest cannot be read: It is no plain file"):
        Predictor.load(path)


@pytest.mark.parametrize("nothing", ["", " \n"])
def test_an_empty_digest_is_that_of_no_file(tmp_path: Path, content: bytes, nothing: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"not the file that was proven.* expected nothing"):
        Predictor.load(path, sha256=nothing)
    assert Predictor.load(path, sha256=f"{hashlib.sha256(content).hexdigest()}\n")
