"""Fault 42: a champion of another schema is refused, and the running one goes on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from pipelines.adapters.tracking import registry
from pipelines.inference import ModelError, Predictor
from pipelines.inference.convert import to_onnx
from tests.inference import cases

ROW: dict[str, Any] = dict.fromkeys(cases.COLUMNS)
COLUMNS = cases.COLUMNS


def graph(name: str = "logistic", classes: list[Any] | None = None, **changed: Any) -> bytes:
    own = classes or [0, 1]
    return to_onnx(cases.fitted(name, own), {**cases.contract(own), **changed}, {})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    put(tmp_path / "model.onnx", graph())
    return tmp_path / "model.onnx"


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.with_name("model.onnx.sha256").write_text(hashlib.sha256(content).hexdigest())


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "target": ({"target": "z"}, "its target is 'z' and not 'y'"),
    "classes": ({"classes": [0, 1, 2]}, r"its classes are \[0, 1, 2\] and not \[0, 1\]"),
    "type": (
        {"columns": {**COLUMNS, "plain": {"type": "integer"}}},
        "column 'plain' is integer and not number",
    ),
    "unit": (
        {"columns": {**COLUMNS, "when": {"type": "date", "unit": "day"}}},
        "column 'when' is date of unit day and not date of unit second",
    ),
    "more": ({"columns": {**COLUMNS, "new": {"type": "number"}}}, "it asks for 'new'"),
    "fewer": (
        {"columns": {name: spec for name, spec in COLUMNS.items() if name != "label"}},
        "it no longer takes 'label'",
    ),
}


@pytest.mark.parametrize("kind", list(OTHERS))
def test_fault_42_a_new_model_of_another_schema_is_refused_and_the_old_one_goes_on(
    path: Path, kind: str
) -> None:
    changed, message = OTHERS[kind]
    predictor = Predictor.load(path)
    right = predictor.predict_proba(ROW)
    if kind == "classes":
        content = graph(classes=[0, 1, 2])
    elif kind in ("more", "fewer"):
        content = retold(graph(), changed["columns"])
    else:
        content = graph(**changed)
    put(path, content)
    with pytest.raises(ModelError, match=f"is refused, and the old one .* goes on: .*{message}"):
        predictor.renewed()
    assert np.array_equal(predictor.predict_proba(ROW), right)


def retold(content: bytes, columns: dict[str, Any]) -> bytes:
    """The model with another contract in its metadata, and as many columns less as it takes."""
    model = onnx.load_from_string(content)
    told = {entry.key: entry for entry in model.metadata_props}
    contract = {**json.loads(told["contract"].value), "columns": columns}
    told["contract"].value = json.dumps(contract)
    names, inputs = (json.loads(told[key].value) for key in ("columns", "inputs"))
    lost = [place for place, name in enumerate(names) if name not in columns]
    for place in lost:
        gone = onnx.helper.make_node("Identity", [model.graph.input[0].name], [inputs[place]])
        model.graph.node.insert(0, gone)
        for value in [v for v in model.graph.input if v.name == inputs[place]]:
            model.graph.input.remove(value)
    for key, whole in (("columns", names), ("inputs", inputs)):
        told[key].value = json.dumps([n for i, n in enumerate(whole) if i not in lost])
    written: bytes = model.SerializeToString()
    return written


def test_fault_42_a_new_model_of_the_same_schema_takes_over(path: Path) -> None:
    predictor = Predictor.load(path)
    put(path, graph("linear_threshold", missing=["NA"]))
    fresh = predictor.renewed()
    assert fresh is not predictor
    assert fresh.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert fresh.renewed() is fresh


def test_fault_42_nothing_new_is_the_same_predictor(path: Path) -> None:
    predictor = Predictor.load(path)
    assert predictor.renewed() is predictor


@pytest.mark.parametrize("content", [b"", b"no model"])
def test_fault_42_a_broken_new_model_is_refused_and_the_old_one_goes_on(
    path: Path, content: bytes
) -> None:
    predictor = Predictor.load(path)
    right = predictor.predict_proba(ROW)
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not the file that was proven"):
        predictor.renewed()
    put(path, content)
    with pytest.raises(ModelError, match="cannot load"):
        predictor.renewed()
    assert np.array_equal(predictor.predict_proba(ROW), right)


def test_fault_42_an_alias_that_moved_is_followed_and_keeps_the_options(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "download_model", lambda _: (path, None))
    predictor = Predictor.load("models:/m@champion", threads=2, arena=False)
    put(path, graph("linear_threshold"))
    fresh = predictor.renewed()
    assert fresh.sha256 != predictor.sha256
    assert fresh._options == predictor._options
    assert fresh._options["threads"] == 2
    assert not fresh._options["arena"]


def test_fault_42_a_predictor_from_bytes_has_nothing_to_be_renewed_from() -> None:
    with pytest.raises(ModelError, match="made from bytes"):
        Predictor.from_bytes(graph()).renewed()
