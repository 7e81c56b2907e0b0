"""Makes a file of the graph that skl2onnx left: names, metadata, the batch's dimension, checks.

The same content gives the same bytes: everything stands in sorted order, and nothing is
written that a clock, a version of a library or a process decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import onnx

from pipelines.inference.graph import ConversionError
from pipelines.inference.serving import FORMAT

__all__ = ["as_json", "drop_unused", "metadata", "renamed", "sealed"]

IR_VERSION = 10  # the first that knows opset 21
BATCH = "N"


def as_json(content: Any) -> str:
    """The content as JSON, the same text each time."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def metadata(
    contract: Mapping[str, Any],
    columns: Sequence[str],
    lineage: Mapping[str, str],
    further: Mapping[str, str],
) -> dict[str, str]:
    """A graph's metadata: format, contract, classes, columns, the lineage, and what is further.

    Raises ConversionError where the lineage uses a key of the graph's own.
    """
    content = {
        "format": FORMAT,
        "contract": as_json(contract),
        "classes": as_json(contract["classes"]),
        "columns": as_json(columns),
        **further,
    }
    clash = sorted(content.keys() & lineage.keys())
    if clash:
        raise ConversionError(f"The lineage cannot use the keys {', '.join(clash)}.")
    return {**lineage, **content}


def renamed(graph: onnx.GraphProto, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Give inputs and outputs these names, and inner values such as clash with none of them."""
    names = dict(zip((value.name for value in graph.input), inputs, strict=True))
    names |= dict(zip((value.name for value in graph.output), outputs, strict=True))
    taken = {*inputs, *outputs}
    inner = [constant.name for constant in graph.initializer]
    inner += [name for node in graph.node for name in node.output]
    for name in inner:
        if name not in names:
            free = name
            while free in taken:
                free += "_"
            taken.add(free)
            names[name] = free
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = names[value.name]
    del graph.value_info[:]
    for node in graph.node:
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]


def drop_unused(graph: onnx.GraphProto) -> None:
    """Drop the constants that no node takes: ONNX Runtime would warn of each at every load."""
    used = {name for node in graph.node for name in node.input}
    kept = [constant for constant in graph.initializer if constant.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def sealed(model: onnx.ModelProto, metadata: Mapping[str, str]) -> bytes:
    """The checked model's bytes, with the metadata in sorted order."""
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = FORMAT.split("/")
    model.domain = ""
    model.doc_string = ""
    del model.metadata_props[:]
    for key in sorted(metadata):
        model.metadata_props.add(key=key, value=metadata[key])
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    opsets = sorted(model.opset_import, key=lambda entry: str(entry.domain))
    versions = [(entry.domain, entry.version) for entry in opsets]
    del model.opset_import[:]
    used = {node.domain for node in model.graph.node}
    for domain, version in versions:
        if domain in used:
            model.opset_import.add(domain=domain, version=version)
    drop_unused(model.graph)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content
