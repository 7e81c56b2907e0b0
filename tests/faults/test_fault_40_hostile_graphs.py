"""Fault 40: hostile graphs are refused, and the process that is asked to load them lives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipelines.inference import ModelError, Predictor, vetting

CONTRACT = {
    "target": "y",
    "classes": ["a", "b"],
    "missing": [],
    "columns": {"x": {"type": "number", "missing": True}},
}
METADATA = {
    "format": "logitline/1",
    "contract": json.dumps(CONTRACT),
    "classes": json.dumps(CONTRACT["classes"]),
    "columns": '["x"]',
    "inputs": '["x"]',
}
OUTPUTS = ["label", "probability_a", "probability_b"]


def model(
    nodes: list[onnx.NodeProto],
    constants: list[onnx.TensorProto] | None = None,
    functions: list[onnx.FunctionProto] | None = None,
) -> bytes:
    """A model that claims to be one of logitline: `p` of its nodes is its answer."""
    info = helper.make_tensor_value_info
    last = [
        helper.make_node("Cast", ["p"], ["label"], to=TensorProto.STRING),
        *(helper.make_node("Identity", ["p"], [name]) for name in OUTPUTS[1:]),
    ]
    outputs = [info(name, TensorProto.FLOAT, [None]) for name in OUTPUTS[1:]]
    graph = helper.make_graph(
        [*nodes, *last],
        "g",
        [info("x", TensorProto.FLOAT, [None])],
        [info("label", TensorProto.STRING, [None]), *outputs],
        constants or [],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)][: 2 if functions else 1]
    made = helper.make_model(graph, opset_imports=opsets, functions=functions or [], ir_version=10)
    helper.set_model_props(made, METADATA)
    content: bytes = made.SerializeToString()
    return content


def sound() -> bytes:
    """One for a gap, zero for a number."""
    nodes = [
        helper.make_node("IsNaN", ["x"], ["gap"]),
        helper.make_node("Cast", ["gap"], ["p"], to=TensorProto.FLOAT),
    ]
    return model(nodes)


def nested_functions(depth: int = 40) -> bytes:
    """Each function calls the one below twice: 2**40 nodes once they are written out."""
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)]
    functions = []
    for level in range(depth):
        name = f"f{level}"
        inner = ("Neg", "") if level == 0 else (f"f{level - 1}", "own")
        nodes = [
            helper.make_node(inner[0], ["a"], ["b"], domain=inner[1]),
            helper.make_node(inner[0], ["b"], ["c"], domain=inner[1]),
        ]
        functions.append(helper.make_function("own", name, ["a"], ["c"], nodes, opsets))
    return model([helper.make_node(f"f{depth - 1}", ["x"], ["p"], domain="own")], None, functions)


def nested_graphs(depth: int = 3_000) -> bytes:
    """Branches within branches, deeper than a parser's stack."""
    body = helper.make_graph([helper.make_node("Neg", ["x"], ["p"])], "g", [], [])
    content = body.SerializeToString()
    for _ in range(depth):
        attribute = onnx.AttributeProto(name="then_branch", type=onnx.AttributeProto.GRAPH)
        wrapped = attribute.SerializeToString() + field(6, content)
        node = onnx.NodeProto(op_type="If", output=["p"]).SerializeToString() + field(5, wrapped)
        content = field(1, node)
    return field(7, content)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field of protobuf's wire format."""
    out, length = bytearray([number << 3 | 2]), len(content)
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    return bytes([*out, length]) + content


def giant_constant() -> bytes:
    """A node of a few bytes that asks for 400 GB."""
    size = numpy_helper.from_array(np.array([100_000_000_000]), "size")
    zero = numpy_helper.from_array(np.float32([0]), "zero")
    nodes = [
        helper.make_node("Expand", ["zero", "size"], ["giant"]),
        helper.make_node("ReduceSum", ["giant"], ["sum"], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["p"]),
    ]
    return model(nodes, [size, zero])


def sized_by_a_value(operator: str, *operands: str) -> bytes:
    """A tensor of as many values as the row's number says, and of one for a gap."""
    one = numpy_helper.from_array(np.float32([1]), "one")
    nodes = [
        helper.make_node("IsNaN", ["x"], ["gap"]),
        helper.make_node("Where", ["gap", "one", "x"], ["number"]),
        helper.make_node("Cast", ["number"], ["size"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["size"], ["most"], keepdims=0),
        helper.make_node(operator, operands, ["giant"]),
        helper.make_node("Cast", ["giant"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["floats"], ["sum"], keepdims=0),
        helper.make_node("Add", ["number", "sum"], ["p"]),
    ]
    constants = {name: numpy_helper.from_array(np.int64(n), name) for n, name in enumerate("01")}
    return model(nodes, [one, *constants.values()])


def random_numbers() -> bytes:
    """Another answer each time."""
    return model([helper.make_node("RandomNormalLike", ["x"], ["p"])])


def endless_loop() -> bytes:
    """A loop of 2**62 turns."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Neg", ["v"], ["w"])],
        "body",
        [info("i", TensorProto.INT64, []), info("go", TensorProto.BOOL, []),
         info("v", TensorProto.FLOAT, [None])],
        [info("on", TensorProto.BOOL, []), info("w", TensorProto.FLOAT, [None])],
    )  # fmt: skip
    turns = numpy_helper.from_array(np.array(2**62), "turns")
    return model([helper.make_node("Loop", ["turns", "", "x"], ["p"], body=body)], [turns])


def external_data(location: str) -> bytes:
    """A constant whose values are to be read from another file."""
    constant = onnx.TensorProto(name="secret", data_type=TensorProto.FLOAT, dims=[4])
    constant.data_location = TensorProto.EXTERNAL
    constant.external_data.add(key="location", value=location)
    nodes = [
        helper.make_node("ReduceSum", ["secret"], ["sum"], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["p"]),
    ]
    return model(nodes, [constant])


def foreign_operator() -> bytes:
    return model([helper.make_node("Call", ["x"], ["p"], domain="somewhere.else")])


OTHERS = "it uses .*, which no graph"
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nested functions": (nested_functions, "functions|died"),
    "nested graphs": (nested_graphs, "nests graphs|died|cannot be read"),
    "a giant constant": (giant_constant, "memory|alloc|died"),
    "an endless loop": (endless_loop, "nests graphs"),
    "data outside its folder": (lambda: external_data("../../../etc/hostname"), "other files"),
    "data beside it": (lambda: external_data("secret.bin"), "other files"),
    "another's operators": (foreign_operator, "operators of another domain"),
    "as many as a value says": (
        lambda: sized_by_a_value("ConstantOfShape", "size"),
        OTHERS,
    ),
    "copies by a value": (lambda: sized_by_a_value("Tile", "one", "size"), OTHERS),
    "a shape by a value": (lambda: sized_by_a_value("Expand", "one", "size"), "sizes from values"),
    "a count to a value": (
        lambda: sized_by_a_value("Range", "0", "most", "1"),
        OTHERS,
    ),
    "chance": (random_numbers, OTHERS),
}


def test_a_harmless_graph_of_this_kind_passes(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(sound())
    assert Predictor.load(path).predict_proba({"x": [1.0, None]}).tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_fault_40_a_hostile_graph_is_refused_and_the_process_lives(
    tmp_path: Path, kind: str
) -> None:
    make, reason = HOSTILE[kind]
    path = tmp_path / "model.onnx"
    path.write_bytes(make())
    (tmp_path / "secret.bin").write_bytes(np.ones(4, np.float32).tobytes())
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ModelError, match=f"refused, .*({reason})"):
        Predictor.load(path)


def test_fault_40_no_digest_no_parsing_before_a_child_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(sound())
    Predictor.load(path)
    assert "no SHA-256 is known" in caplog.text
    monkeypatch.setattr(vetting, "CODE", "import os; os.abort()")
    with pytest.raises(ModelError, match="signal 6"):
        Predictor.load(path)
