"""A provider that is installed and does not start, as ONNX Runtime was seen to behave then."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Sequence
from typing import Any

import onnxruntime
import pytest
from onnxruntime.capi import _pybind_state as state

from pipelines.inference import ModelError, Predictor
from pipelines.inference.convert import to_onnx
from pipelines.inference.inner import InnerModel
from pipelines.inference.providers import start_problem
from pipelines.inference.serving import opened, session_options
from tests.inference import cases
from tests.inference.test_predictor import sent

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
ASKED = [(CUDA, {"use_tf32": "0"}), (CPU, {})]
NO_DEVICE = (
    "/src/cuda_call.cc:154 onnxruntime::CudaCall(ERRTYPE, int) [with THRW = true] CUDA failure "
    "100: no CUDA-capable device is detected ; GPU=-1 ; file=/src/x.cc ; expr=cudaSetDevice(0); \n"
    "\n"
)
REAL = onnxruntime.InferenceSession
Providers = Sequence[tuple[str, dict[str, str]]]


class Sessions:
    """ONNX Runtime's build for GPUs; `takes` tells of each session in turn whether CUDA does.

    Without CUDA a session is the CPU's; where there is no device it is so after a page on
    stdout, unless the fallback is off: then making it raises.
    """

    def __init__(self, *takes: bool, device: bool = True) -> None:
        self._takes, self._device = iter(takes), device
        self.asked: list[Providers] = []

    def __call__(
        self, content: bytes, options: Any, providers: Providers, enable_fallback: int = 1
    ) -> Any:
        self.asked.append(providers)
        takes = len(providers) > 1 and next(self._takes, False)
        if len(providers) > 1 and not takes and not self._device:
            if not enable_fallback:
                raise RuntimeError(NO_DEVICE)
            print("*** EP Error ***")  # noqa: T201 - as ONNX Runtime does
        session = REAL(content, options, providers=[CPU], enable_fallback=enable_fallback)
        if takes:
            session.get_providers = lambda: [CUDA, CPU]
        return session


@pytest.fixture(scope="module")
def content() -> bytes:
    classes = ["a", "b", "c"]
    return to_onnx(cases.fitted("logistic", classes), cases.contract(classes), {})


@pytest.fixture(autouse=True)
def build_for_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(InnerModel, "_agrees", lambda _: True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def sessions(monkeypatch: pytest.MonkeyPatch, *takes: bool, device: bool = True) -> Sessions:
    made = Sessions(*takes, device=device)
    monkeypatch.setattr(onnxruntime, "InferenceSession", made)
    return made


@pytest.mark.parametrize("device", [True, False])
def test_a_provider_that_does_not_start_is_an_error_when_strict_and_else_the_cpu_answers(
    content: bytes,
    device: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    right = Predictor(content).predict_proba(sent(20))
    sessions(monkeypatch, device=device)
    with pytest.raises(ModelError, match="CUDAExecutionProvider is installed and did not start: "):
        Predictor(content, providers=[CUDA], strict=True)
    with caplog.at_level(logging.WARNING):
        predictor = Predictor(content, providers=[CUDA])
    assert predictor.providers == (CPU,)
    assert predictor.fallbacks == ()
    assert "CUDAExecutionProvider did not start" in caplog.text
    assert (predictor.predict_proba(sent(20)) == right).all()
    assert capsys.readouterr().out == ""


def test_no_session_but_the_first_is_opened_with_a_provider_that_does_not_start(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each would write its errors to stderr; the first is told not to.
    told: list[int] = []
    monkeypatch.setattr(onnxruntime, "set_default_logger_severity", told.append)
    made = sessions(monkeypatch)
    Predictor(content, providers=[CUDA])
    assert made.asked == [ASKED, [(CPU, {})], [(CPU, {})]]
    assert told == [4, 2]


def test_a_driver_without_a_device_is_told_with_what_hides_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions(monkeypatch, device=False)
    assert start_problem(CUDA) == "CUDA failure 100: no CUDA-capable device is detected"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert start_problem(CUDA).endswith("is detected; CUDA_VISIBLE_DEVICES is ''")


@pytest.mark.parametrize(
    ("driver", "said", "reason"),
    [
        (False, "", "there is no NVIDIA driver, libcuda.so.1 is not found"),
        (True, "Failed to load libcudart.so.13: no such file\nmore", "Failed to load libcudart"),
        (True, "", "its libraries are missing, or of another version"),
    ],
)
def test_what_cuda_lacks_is_named(
    driver: bool, said: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str) -> None:
        if not driver:
            raise OSError(name)

    sessions(monkeypatch)
    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: print(said))  # noqa: T201 - as it does
    assert start_problem(CUDA).startswith(reason)
    assert "\n" not in start_problem(CUDA)


def test_a_reason_is_told_without_the_places_in_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("/a/b.cc:729 void f(Options&, const g::Map&) Please install it.")

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    assert start_problem("TensorrtExecutionProvider") == "Please install it"


def test_cuda_is_told_to_multiply_in_whole_float32_once_its_libraries_are_loaded(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sessions(monkeypatch, True, True, True)
    loaded: list[int] = []  # how many sessions there were then
    monkeypatch.setattr("pipelines.inference.dense.dense", lambda _: None)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: loaded.append(len(made.asked)))
    assert Predictor(content, providers=[CUDA], strict=True).providers == (CUDA, CPU)
    assert made.asked == [ASKED] * 3  # whether it starts, the model, and where its nodes run
    assert loaded[0] == 0


@pytest.mark.parametrize("takes", [(True, False, False), (True, True, False)])
def test_a_model_that_a_started_provider_does_not_take_in_whole_is_said_to_run_on_the_cpu(
    content: bytes,
    takes: Sequence[bool],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # As where its memory is full: the file's graph fits, its inner form no longer.
    sessions(monkeypatch, *takes, device=False)
    with caplog.at_level(logging.WARNING):
        assert Predictor(content, providers=[CUDA]).providers == (CPU,)
    assert "CUDAExecutionProvider did not take the model" in caplog.text
    sessions(monkeypatch, *takes, device=False)
    with pytest.raises(ModelError, match="started and did not take the model"):
        Predictor(content, providers=[CUDA], strict=True)
    assert capsys.readouterr().out == ""


def test_a_provider_that_fails_in_a_call_raises_and_does_not_leave_it_to_the_cpu(
    content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    # Else a proof of that provider would hold the CPU's answers.
    class Failing:
        def __init__(self, session: Any) -> None:
            self._session = session

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

        def run(self, *_: object) -> None:
            raise state.EPFail("out of memory")

    predictor = Predictor(content)
    model = predictor._model
    for session in (model.session, opened(content, [CPU], session_options())):
        session._sess = Failing(session._sess)
        with pytest.raises(state.EPFail, match="out of memory"):
            session.run(None, model.feeds(model.bind(sent(2))))
    assert capsys.readouterr().out == ""
