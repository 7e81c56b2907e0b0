from __future__ import annotations

import pytest

from pipelines.inference import ModelError, vetting
from pipelines.inference.convert import to_onnx
from pipelines.inference.vetting import vet
from tests.inference import cases
from tests.inference.test_calibration import FITS, calibrated


@pytest.fixture(scope="module")
def content() -> bytes:
    return to_onnx(cases.fitted("logistic", [0, 1]), cases.contract([0, 1]), {})


def test_a_model_of_logitline_passes(content: bytes) -> None:
    vet(content)


def test_what_is_no_model_is_refused_with_the_reason() -> None:
    with pytest.raises(ModelError, match=r"f\.onnx: refused, it cannot be read .*with its digest"):
        vet(b"no model at all", "f.onnx")


def test_a_child_that_takes_too_long_is_ended(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"more than 0\.01 seconds"):
        vet(content, seconds=0.01)


def test_a_child_that_dies_is_told_with_its_signal(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vetting, "CODE", "import os; os.kill(os.getpid(), 11)")
    with pytest.raises(ModelError, match=r"died \(signal 11\)"):
        vet(content)


def test_a_child_that_says_nothing_is_no_proof(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vetting, "CODE", "pass")
    with pytest.raises(ModelError, match=r"died \(exit status 0\)"):
        vet(content)


@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_every_graph_of_ours_is_one_of_ours(name: str) -> None:
    classes = cases.CLASSES["three str"]
    plain = cases.fitted(name, classes)
    for pipeline in (plain, *(calibrated(name, classes, method, "costs")[0] for method in FITS)):
        content = to_onnx(pipeline, cases.contract(classes), {})
        assert vetting._problem(content) == ""
