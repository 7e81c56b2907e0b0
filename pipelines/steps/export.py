"""export: the bundle that another runtime needs, and nothing of this project in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["export"]

RUN = """\
## Run it
```python
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
print([(i.name, i.type, i.shape) for i in session.get_inputs()])
```
"""
ENTERS_AS = {
    "number": "float: the value, NaN for a gap",
    "integer": "float: the value, NaN for a gap",
    "boolean": "float: 1 or 0, NaN for a gap",
    "category": "string: the value, empty for a gap; a value not seen in training is allowed",
}


def export(
    model: bytes,
    name: str,
    version: str,
    contract: Mapping[str, Any],
    inputs: Mapping[str, str],
    columns: Sequence[str],
) -> dict[str, bytes]:
    """The bundle's files by name: model.onnx, its SHA-256, the contract, a README.

    Parameters
    ----------
    inputs : mapping
        The graph's inputs in order: name → element type and shape.
    columns : sequence of str
        The columns in the graph's order, which is that of the matrix `features`.
    """
    digest = hashlib.sha256(model).hexdigest()
    text = json.dumps(contract, indent=2, ensure_ascii=False)
    return {
        "model.onnx": model,
        "model.onnx.sha256": f"{digest}  model.onnx\n".encode(),
        "contract.json": f"{text}\n".encode(),
        "README.md": _readme(name, version, contract, inputs, columns, digest).encode(),
    }


def _enters(column: Mapping[str, Any]) -> str:
    if column["type"] == "date":
        return f"float: {column['unit']}s since 1970-01-01 UTC, NaN for a gap"
    return ENTERS_AS[column["type"]]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _readme(
    name: str,
    version: str,
    contract: Mapping[str, Any],
    inputs: Mapping[str, str],
    columns: Sequence[str],
    digest: str,
) -> str:
    known: Mapping[str, Mapping[str, Any]] = contract["columns"]
    rows = "\n".join(
        f"| {_cell(column)} | {known[column]['type']} | {_enters(known[column])} |"
        for column in columns
    )
    graph = "\n".join(f"| {_cell(i)} | {kind} |" for i, kind in inputs.items())
    outputs = "\n".join(
        f"| probability_{_cell(str(label))} | float, N |" for label in contract["classes"]
    )
    order = (
        "The input `features` holds all columns, in the order of this table.\n"
        if list(inputs) == ["features"]
        else ""
    )
    return f"""# {name}, version {version}

`model.onnx` predicts `{contract["target"]}`. SHA-256: `{digest}`.
Check it before use: `sha256sum -c model.onnx.sha256`.

## Inputs
| input | type and shape |
|---|---|
{graph}

N is the number of rows. What each column of the contract means and how it enters:

| column | type | enters as |
|---|---|---|
{rows}

{order}`contract.json` has the ranges and the values that were seen in training.

## Outputs
| output | type and shape |
|---|---|
| label | the class, N |
{outputs}

{RUN}"""
