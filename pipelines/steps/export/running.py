"""How the graphs are run, as the bundle's README tells it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from pipelines.inference import verify
from pipelines.inference.signature import metadata
from pipelines.steps.export.release import Release
from pipelines.steps.export.triton import folder_name

__all__ = ["running"]

LISTED = 12  # columns of an example row
PYTHON = """\
```python
import json
from pathlib import Path

import onnxruntime
from verify import answered  # numpy and onnxruntime alone: read it, or take it along

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
print([(i.name, i.type, i.shape) for i in session.get_inputs()])

rows = json.loads(Path("examples/requests.json").read_text(encoding="utf-8"))
labels, probabilities = answered(Path("model.onnx").read_bytes(), rows)
print(labels[0], probabilities[0])
```
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
C = "C and C++: the same session in ONNX Runtime's `onnxruntime_cxx_api.h`."
RUST = "Rust: the crate `ort` (ONNX Runtime)"
BOTH = "takes both graphs, `tract-onnx` the portable one."
OPENVINO = (
    'OpenVINO: `openvino.Core().read_model("model.portable.onnx")`; set INFERENCE_PRECISION_HINT '
    "to f32, or it may compute in less."
)
TRITON = "Triton: `tritonserver --model-repository=triton`; the model is `%s`."
BROWSER = "The browser: `python -m http.server` in this folder, then open http://localhost:8000/."


def running(release: Release) -> Iterator[str]:
    """The section's parts: Python, Node where there is a portable graph, others."""
    triton = TRITON % folder_name(release.name)
    yield "## Run it\n"
    yield PYTHON
    if release.portable:
        yield _node(release)
        others = [C, f"{RUST} {BOTH}", OPENVINO, triton, BROWSER]
    else:
        others = [C, f"{RUST}.", triton]
    yield "### Elsewhere\n"
    yield "".join(f"- {each}\n" for each in others)


def _node(release: Release) -> str:
    known = metadata(release.portable)
    order, codes = json.loads(known["columns"]), json.loads(known["codes"])
    row = f"new Float32Array({len(order)}).fill(NaN)"
    if len(order) <= LISTED:
        specs, cells = release.contract["columns"], release.requests[0]
        values = [verify.feature(cells[name], specs[name], codes.get(name)) for name in order]
        row = f"Float32Array.from([{', '.join(map(_literal, values))}])"
    return NODE % (row, len(order))


def _literal(value: float) -> str:
    return "NaN" if math.isnan(value) else repr(float(value))
