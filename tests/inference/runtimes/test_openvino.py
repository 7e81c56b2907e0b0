from __future__ import annotations

import importlib.util

import pytest

from pipelines.inference.runtimes.openvino import OPENVINO


def test_a_graph_in_float64_is_refused_before_openvino_rounds_it() -> None:
    assert "float64" in OPENVINO.refuses({"precision": "float64"})
    assert OPENVINO.refuses({"precision": "float32"}) == ""
    assert OPENVINO.refuses({}) == ""


def test_its_absence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert "logitline[runtimes]" in OPENVINO.absent()
