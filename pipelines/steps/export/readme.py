"""README.md: the bundle's files, the graphs' inputs and outputs, how to run them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.inference import verify
from pipelines.inference.signature import metadata, signature
from pipelines.steps.export.markdown import cell, code, table
from pipelines.steps.export.release import Release
from pipelines.steps.export.triton import folder_name

__all__ = ["readme"]

LISTED = 12  # columns of an example row
FILES = {
    "model.onnx": "preprocessing and model in one graph; takes the raw columns by name",
    "model.portable.onnx": "the same in core operators alone; takes one matrix of numbers",
    "model.int8.onnx": "the portable graph with 8-bit products of matrices",
    "contract.json": "columns with their types, ranges and values; classes; words for a gap",
    "examples/": "rows as JSON records (requests.json), and the answers to them (expected.json)",
    "verify.py": "proves the bundle where it stands; needs numpy and onnxruntime only",
    "runtimes.json": "what was proven where, and what int8 loses",
    "lineage.json": "what the model was made from, and what became of it",
    "MODEL_CARD.md": "what it predicts, how well, on what, and its limits",
    "index.html": "a page that runs the portable graph in a browser",
    "triton/": "a model repository for Triton Inference Server",
    "SHA256SUMS": "`sha256sum -c SHA256SUMS`",
}
ENTERS_AS = {
    "number": "float: the value, NaN for a gap",
    "integer": "float: the value, NaN for a gap",
    "boolean": "float: 1 or 0, NaN for a gap",
    "category": "string: the value, empty for a gap; a value not seen in training is allowed",
}
PYTHON = """\
```python
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
print([(i.name, i.type, i.shape) for i in session.get_inputs()])
```
`answered` in verify.py is a whole example: JSON records in, labels and probabilities out.
"""
NODE = """\
### Node
```js
const ort = require("onnxruntime-node"); // or onnxruntime-web

async function main() {
  const session = await ort.InferenceSession.create("model.portable.onnx");
  const row = %s; // one row
  const features = new ort.Tensor("float32", row, [1, %d]);
  const { label, probabilities } = await session.run({ features });
  console.log(label.data, probabilities.data);
}
main();
```
"""
OTHERS = """\
### Elsewhere
- C and C++: the same session in ONNX Runtime's `onnxruntime_cxx_api.h`.
- Rust: the crate `ort` (ONNX Runtime) takes both graphs, `tract-onnx` the portable one.
- OpenVINO: `openvino.Core().read_model("model.portable.onnx")`; set INFERENCE_PRECISION_HINT to
  f32, or it may compute in less.
- Triton: `tritonserver --model-repository=triton`; the model is `%s`.
- The browser: `python -m http.server` in this folder, then open http://localhost:8000/.
"""


def readme(release: Release) -> str:
    """The bundle's README, of these very graphs."""
    digest = hashlib.sha256(release.model).hexdigest()
    return "\n".join(
        [
            f"# {release.name}, version {release.version}\n",
            f"`model.onnx` predicts {code(release.contract['target'])}. SHA-256: `{digest}`.\n"
            "Check the bundle before use: `python verify.py`, or `sha256sum -c SHA256SUMS`.\n",
            table(("file", "what"), _files(release)),
            *_named(release),
            *_portable(release),
            "## Run it\n",
            PYTHON,
            *_node(release),
            OTHERS % folder_name(release.name),
        ]
    )


def _files(release: Release) -> Iterator[tuple[str, str]]:
    absent = set() if release.portable else {"model.portable.onnx", "index.html"}
    if not release.quantized.model:
        absent.add("model.int8.onnx")
    yield from ((name, what) for name, what in FILES.items() if name not in absent)


def _named(release: Release) -> Iterator[str]:
    inputs, outputs = signature(release.model)
    yield "## model.onnx\n"
    yield table(("input", "type and shape"), [(each.name, each.sentence) for each in inputs])
    yield "N is the number of rows. What each column of the contract means and how it enters:\n"
    yield table(
        ("column", "type", "enters as"),
        [
            (name, spec["type"], _enters(spec))
            for name, spec in _columns(release.model, release.contract).items()
        ],
    )
    if [each.name for each in inputs] == ["features"]:
        yield "The input `features` holds all columns, in the order of this table.\n"
    yield "`contract.json` has the ranges and the values that were seen in training.\n"
    yield table(("output", "type and shape"), [(each.name, each.sentence) for each in outputs])


def _columns(model: bytes, contract: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The contract's columns in the graph's order."""
    order: list[str] = json.loads(metadata(model)["columns"])
    return {name: contract["columns"][name] for name in order}


def _portable(release: Release) -> Iterator[str]:
    yield "## model.portable.onnx\n"
    if not release.portable:
        yield f"Not in this bundle: {cell(release.refused)}\n"
        return
    inputs, outputs = signature(release.portable)
    yield "Core operators of ONNX alone, and no text: for any runtime.\n"
    rows = [("input", each.name, each.sentence) for each in inputs]
    rows += [("output", each.name, each.sentence) for each in outputs]
    yield table(("", "name", "type and shape"), rows)
    yield "Columns of `features`, in this order:\n"
    known = metadata(release.portable)
    codes = json.loads(known["codes"])
    columns = _columns(release.portable, release.contract)
    yield table(
        ("place", "column", "enters as"),
        [
            (str(place), name, _coded(codes[name]) if name in codes else _enters(spec))
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
    shown = ", ".join(f"{place} = {value}" for place, value in enumerate(values))
    return f"a place: {shown}; −1 for any other value, NaN for a gap"


def _enters(column: Mapping[str, Any]) -> str:
    if column["type"] == "date":
        return f"float: {column['unit']}s since 1970-01-01 UTC, NaN for a gap"
    return ENTERS_AS[column["type"]]


def _node(release: Release) -> Iterator[str]:
    if not release.portable:
        return
    known = metadata(release.portable)
    order, codes = json.loads(known["columns"]), json.loads(known["codes"])
    row = f"new Float32Array({len(order)}).fill(NaN)"
    if len(order) <= LISTED:
        specs, cells = release.contract["columns"], release.requests[0]
        values = [verify.feature(cells[name], specs[name], codes.get(name)) for name in order]
        row = f"Float32Array.from([{', '.join(map(_literal, values))}])"
    yield NODE % (row, len(order))


def _literal(value: float) -> str:
    return "NaN" if math.isnan(value) else repr(float(value))
