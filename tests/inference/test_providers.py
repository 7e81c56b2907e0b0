"""A provider that fails in a call."""

from __future__ import annotations

from typing import Any

import pytest
from onnxruntime.capi import _pybind_state as state

from pipelines.inference import Predictor
from pipelines.inference.convert import to_onnx
from pipelines.inference.serving import opened, session_options
from tests.inference import cases
from tests.inference.test_predictor import sent

CPU = "CPUExecutionProvider"


@pytest.fixture(scope="module")
def content() -> bytes:
    classes = ["a", "b", "c"]
    return to_onnx(cases.fitted("logistic", classes), cases.contract(classes), {})


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
