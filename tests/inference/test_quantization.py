"""The int8 variant: kept where it loses next to nothing, left out with its reason elsewhere."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from pipelines.inference import quantization
from pipelines.inference.portable import encode, to_portable
from pipelines.inference.quantization import quantize
from pipelines.inference.signature import metadata
from tests.inference import cases
from tests.steps.export.releases import CLASSES as CLASSES_OF_IT
from tests.steps.export.releases import pipeline, release, rows

CLASSES = ["a b", 'c"d', "é,f"]


def quantized(name: str) -> quantization.Quantized:
    portable = to_portable(cases.fitted(name, CLASSES), cases.contract(CLASSES), {})
    X = cases.features(300, seed=3)
    codes = np.searchsorted(sorted(CLASSES), cases.labels(X, CLASSES))
    return quantize(portable, encode(metadata(portable), X), codes)


@pytest.fixture(autouse=True)
def days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that float32 holds, so that there is a portable graph."""
    plain = {name: spec for name, spec in cases.COLUMNS.items() if name != "when"}
    monkeypatch.setattr(cases, "COLUMNS", plain)


def test_a_model_keeps_its_labels_and_gets_integer_products() -> None:
    made = release().quantized
    graph = onnx.load_from_string(made.model)
    assert "MatMulInteger" in {node.op_type for node in graph.graph.node}
    assert made.rows == 120
    assert made.labels_changed <= 0.005
    assert made.log_loss_added <= 0.005
    assert 0 < made.max_difference < 0.1


def test_no_weight_stays_that_nothing_uses() -> None:
    graph = onnx.load_from_string(release().quantized.model).graph
    used = {name for node in graph.node for name in node.input}
    assert {constant.name for constant in graph.initializer} <= used


def test_the_same_graph_gives_the_same_bytes() -> None:
    it, X = release(), rows()
    codes = np.searchsorted(np.array(CLASSES_OF_IT), pipeline().predict(X))
    again = quantize(it.portable, encode(metadata(it.portable), X), codes)
    assert again.model
    assert again == it.quantized


def test_the_metadata_stays() -> None:
    kept = metadata(release().quantized.model)
    assert metadata(release().portable).items() <= kept.items()


def test_beyond_the_bounds_it_is_left_out_with_its_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quantization, "MOST_LOSS", -1.0)
    made = quantized("logistic")
    assert made.model == b""
    assert made.note.startswith("It would change ")
    assert "of 300 test rows" in made.note


def test_a_model_without_products_is_left_out() -> None:
    made = quantized("prior")
    assert (made.model, made.rows) == (b"", 0)
    assert "no product" in made.note or "constant weights" in made.note


def test_without_rows_nothing_can_be_judged() -> None:
    portable = to_portable(cases.fitted("logistic", CLASSES), cases.contract(CLASSES), {})
    made = quantize(portable, np.empty((0, 7), np.float32), np.empty(0, int))
    assert made.note == "There are no test rows to judge it on."
