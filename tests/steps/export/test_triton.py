"""The model repository for Triton, read back by its own rules."""

from __future__ import annotations

import re

import onnxruntime
import pytest

from pipelines.steps.export.triton import config, folder_name, repository
from tests.inference import cases
from tests.steps.export.releases import release

TYPES = {
    "TYPE_STRING": "tensor(string)",
    "TYPE_FP32": "tensor(float)",
    "TYPE_FP64": "tensor(double)",
    "TYPE_INT64": "tensor(int64)",
    "TYPE_BOOL": "tensor(bool)",
}
ENTRY = re.compile(r'\{ name: "((?:[^"\\]|\\\d{3})*)" data_type: (\w+) dims: \[ (.*) \] \}')


def entries(text: str) -> list[tuple[str, str, list[int]]]:
    """Name, ONNX Runtime's type and dimensions of each input and output."""
    out = []
    for name, kind, dims in ENTRY.findall(text):
        raw = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), name).encode("latin-1")
        out.append((raw.decode(), TYPES[kind], [int(each) for each in dims.split(",")]))
    return out


@pytest.mark.parametrize("classes", ["binary str", "three int", "binary bool"])
def test_every_input_and_output_has_the_sessions_name_type_and_shape(classes: str) -> None:
    from pipelines.inference.convert import to_onnx

    labels = cases.CLASSES[classes]
    model = to_onnx(cases.fitted("logistic", labels), cases.contract(labels), {})
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    nodes = [*session.get_inputs(), *session.get_outputs()]
    told = [
        (node.name, node.type, [size if isinstance(size, int) else -1 for size in node.shape])
        for node in nodes
    ]
    assert entries(config("m", model)) == told


def test_the_graph_is_version_1_of_a_folder_that_is_named_as_the_config_says() -> None:
    files = repository("pen guins é", release().model)
    assert files["triton/pen_guins__/1/model.onnx"] == release().model
    text = files["triton/pen_guins__/config.pbtxt"].decode()
    assert text.startswith('name: "pen_guins__"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 0\n')


def test_the_folders_name_has_letters_digits_and_a_few_marks_only() -> None:
    assert folder_name("a b/c.d-e_é") == "a_b_c.d-e__"
