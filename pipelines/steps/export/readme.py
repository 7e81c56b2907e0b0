"""README.md: the bundle's files, the graphs' inputs and outputs, how to run them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.inference.signature import Tensor, metadata, signature, versions
from pipelines.steps.export.markdown import code, plain, table
from pipelines.steps.export.release import Release
from pipelines.steps.export.running import running

__all__ = ["readme"]

SHOWN = 12  # values of a category
OLDEST = "1.18"  # the first ONNX Runtime that knows opset 21 and IR version 10
FILES = {
    "model.onnx": "preprocessing and model in one graph; takes the raw columns by name",
    "model.portable.onnx": "the same in core operators alone; takes one matrix of numbers",
    "model.int8.onnx": "the portable graph with 8-bit products of matrices",
    "portable.json": "the portable graph's columns in order, categories' values, classes",
    "contract.json": "columns with their types, ranges and values; classes; words for a gap",
    "examples/": "rows as JSON records (requests.json), and the answers to them (expected.json)",
    "verify.py": "proves the bundle where it stands; needs numpy and onnxruntime only",
    "runtimes.json": "what was proven where, and what int8 loses",
    "lineage.json": "what the model was made from, and what became of it",
    "MODEL_CARD.md": "what it predicts, how well, on what, and its limits",
    "index.html": "a page that runs the portable graph in a browser, with the runtime in ort/",
    "triton/": "a model repository for Triton Inference Server",
    "SHA256SUMS": "`sha256sum -c SHA256SUMS`",
}
PORTABLE_ONLY = {"model.portable.onnx", "portable.json", "index.html"}
ENTERS_AS = {"number": "the value", "integer": "the value", "boolean": "1 or 0"}
TEXT = "string: the value, empty for a gap; a value not seen in training is allowed"


def readme(release: Release) -> str:
    """The bundle's README, of these very graphs."""
    digest = hashlib.sha256(release.model).hexdigest()
    opset, ir = versions(release.model)
    return "\n".join(
        [
            f"# {plain(release.name)}, version {release.version}\n",
            f"`model.onnx` predicts {code(release.contract['target'])}. SHA-256: `{digest}`.\n"
            "Check the bundle before use: `python verify.py`, or `sha256sum -c SHA256SUMS`.\n",
            table(("file", "what"), _files(release)),
            f"The graphs are of ONNX opset {opset} and IR version {ir}: ONNX Runtime {OLDEST} "
            "or newer.\n",
            *_named(release),
            *_portable(release),
            *running(release),
        ]
    )


def _files(release: Release) -> Iterator[tuple[str, str]]:
    absent = set() if release.portable else set(PORTABLE_ONLY)
    if not release.quantized.model:
        absent.add("model.int8.onnx")
    yield from ((name, what) for name, what in FILES.items() if name not in absent)


def _named(release: Release) -> Iterator[str]:
    inputs, outputs = signature(release.model)
    columns = _columns(release.model, release.contract)
    matrix = len(inputs[0].shape) == 2
    types = [inputs[0].type] * len(columns) if matrix else [each.type for each in inputs]
    yield "## model.onnx\n"
    yield _tensors("input", inputs)
    yield "N is the number of rows. What each column of the contract means and how it enters:\n"
    yield table(
        ("column", "type", "enters as"),
        [
            (plain(name), spec["type"], _enters(spec, kind))
            for (name, spec), kind in zip(columns.items(), types, strict=True)
        ],
    )
    if matrix:
        yield "The input `features` holds all columns, in the order of this table.\n"
    else:
        yield "The inputs are these columns in this order." + _renamed(columns, inputs) + "\n"
    yield (
        "`contract.json` has the ranges and the values that were seen in training. The graph's "
        "metadata hold it as JSON, and `columns` and `classes` in order.\n"
    )
    yield _tensors("output", outputs)


def _tensors(what: str, tensors: tuple[Tensor, ...]) -> str:
    return table((what, "type and shape"), [(plain(each.name), each.sentence) for each in tensors])


def _renamed(columns: Mapping[str, Any], inputs: tuple[Tensor, ...]) -> str:
    """What inputs have another name than their columns, as an output has it already."""
    pairs = [(a, b.name) for a, b in zip(columns, inputs, strict=True) if a != b.name]
    told = ", ".join(f"{code(column)} enters as {code(name)}" for column, name in pairs)
    return f" Another name is taken by an output: {told}." if told else ""


def _columns(model: bytes, contract: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The contract's columns in the graph's order."""
    order: list[str] = json.loads(metadata(model)["columns"])
    return {name: contract["columns"][name] for name in order}


def _portable(release: Release) -> Iterator[str]:
    yield "## model.portable.onnx\n"
    if not release.portable:
        yield f"Not in this bundle: {plain(release.refused)}\n"
        return
    inputs, outputs = signature(release.portable)
    yield "Core operators of ONNX alone, and no text: for any runtime.\n"
    rows = [("input", each.name, each.sentence) for each in inputs]
    rows += [("output", each.name, each.sentence) for each in outputs]
    yield table(("", "name", "type and shape"), rows)
    yield "Columns of `features`, in this order; for programs they stand in portable.json:\n"
    known = metadata(release.portable)
    codes = json.loads(known["codes"])
    columns = _columns(release.portable, release.contract)
    yield table(
        ("place", "column", "enters as"),
        [
            (str(place), plain(name), _coded(codes[name]) if name in codes else _enters(spec))
            for place, (name, spec) in enumerate(columns.items())
        ],
    )
    yield _label(release.contract["classes"], known["label"])


def _label(classes: list[Any], holds: str) -> str:
    listed = ", ".join(f"{place} = {code(label)}" for place, label in enumerate(classes))
    if holds == "class":
        return f"`label` is the class itself. The columns of `probabilities`: {listed}.\n"
    return f"`label` is a place, as the columns of `probabilities` are: {listed}.\n"


def _coded(values: list[str]) -> str:
    if not values:
        return "−1 for any value, NaN for a gap: all training rows had the same"
    listed = [f"{place} = {plain(value)}" for place, value in enumerate(values[:SHOWN])]
    if len(values) > SHOWN:
        listed.append(f"and so on up to {len(values) - 1}, as `codes` of portable.json has them")
    return f"a place: {', '.join(listed)}; −1 for any other value, NaN for a gap"


def _enters(column: Mapping[str, Any], kind: str = "float") -> str:
    if column["type"] == "category":
        return TEXT
    dated = f"{column.get('unit')}s since 1970-01-01 UTC"
    return f"{kind}: {ENTERS_AS.get(column['type'], dated)}, NaN for a gap"
