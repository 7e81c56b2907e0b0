from __future__ import annotations

import numpy as np
import onnxruntime as installed
import pytest

from pipelines.inference.convert import to_onnx
from pipelines.inference.runtimes import CPU, NoAnswerError, onnxruntime
from tests.inference import cases
from tests.inference.runtimes import graphs


def test_without_cuda_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert "requirements.gpu.lock" in onnxruntime.CUDA.absent()
    assert CPU.absent() == ""


def test_cuda_that_does_not_start_is_not_at_hand_and_the_reason_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(installed, "get_available_providers", lambda: here)
    monkeypatch.setattr(onnxruntime, "start_problem", lambda name: f"{name[:4]} has no driver")
    for runtime in (onnxruntime.CUDA, onnxruntime.CUDA_PORTABLE):
        assert runtime.absent() == (
            "CUDAExecutionProvider is installed and did not start: CUDA has no driver."
        )


def test_cuda_that_does_not_start_is_no_answer_and_not_the_cpus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # ONNX Runtime steps over a provider that does not start with no more than a warning.
    class Session:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

    monkeypatch.setattr(installed, "InferenceSession", Session)
    with pytest.raises(NoAnswerError, match="is installed and did not start"):
        onnxruntime.CUDA_PORTABLE.run(graphs.portable(), graphs.rows(2))


def test_a_call_that_fails_is_no_answer_with_either_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    # As where the memory of a GPU holds the model and not the rows.
    def fail(*_: object) -> None:
        raise RuntimeError("CUDA failure 2: out of memory")

    classes = ["a", "b", "c"]
    model = to_onnx(cases.fitted("logistic", classes), cases.contract(classes), {})
    monkeypatch.setattr(installed.InferenceSession, "run", fail)
    for runtime, graph, rows in (
        (onnxruntime.CPU, model, cases.features(2)),
        (onnxruntime.CPU_PORTABLE, graphs.portable(), graphs.rows(2)),
    ):
        with pytest.raises(NoAnswerError, match="out of memory"):
            runtime.run(graph, rows)


def test_cuda_is_told_to_multiply_in_whole_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Session:
        def __init__(self, *_: object, providers: list[object], **__: object) -> None:
            asked.extend(providers)

        def get_providers(self) -> list[str]:
            return ["CUDAExecutionProvider"]

        def run(self, *_: object) -> list[object]:
            return [np.zeros(2, dtype=np.int64), np.zeros((2, 3), dtype=np.float32)]

    monkeypatch.setattr(installed, "InferenceSession", Session)
    onnxruntime.CUDA_PORTABLE.run(graphs.portable(), graphs.rows(2))
    assert asked[0] == ("CUDAExecutionProvider", {"use_tf32": "0"})
