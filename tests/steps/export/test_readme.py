"""The README of a bundle: it names what is there, and its examples run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import onnx
import onnxruntime
import pytest
from markdown_it import MarkdownIt

from pipelines.steps.export.bundle import export
from pipelines.steps.export.later import conclude
from pipelines.steps.export.readme import _coded, readme
from tests.steps.export.releases import release

TEXT = readme(release())
NODE = shutil.which("node")


def table(heading: str, first: str) -> list[list[str]]:
    """The rows of the table below a heading whose first head is this one."""
    body = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0] if heading else TEXT
    lines = body.split(f"| {first} |")[1].split("\n\n")[0].splitlines()[2:]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]


def test_inputs_columns_and_outputs_are_the_graphs() -> None:
    session = onnxruntime.InferenceSession(release().model, providers=["CPUExecutionProvider"])
    inputs = [node.name for node in session.get_inputs()]
    assert [row[0] for row in table("model.onnx", "input")] == inputs
    assert [row[0] for row in table("model.onnx", "column")] == inputs
    outputs = [node.name for node in session.get_outputs()]
    assert [row[0] for row in table("model.onnx", "output")] == outputs


def test_each_column_of_the_matrix_has_its_place_and_its_codes() -> None:
    rows = table("model.portable.onnx", "place")
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "4", "5"]
    told = {name: enters for _, name, enters in rows}
    assert re.match(r"a place: 0 = .*, 1 = .*; −1 for any other value", told["island"])
    assert "days since 1970-01-01 UTC" in told["seen"]


def test_the_python_example_runs_in_the_bundles_folder(tmp_path: Path) -> None:
    for name, content in export(release()).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    first = release().expected["rows"][0]
    assert "island" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(first["label"])


def test_its_files_are_those_of_the_bundle() -> None:
    named = [row[0] for row in table("", "file")]
    files = conclude(export(release()), {"decision": None}, {})
    assert len(named) == len(set(named))
    assert {name.split("/")[0].removesuffix(".sha256") for name in files} - {"README.md"} == {
        name.rstrip("/") for name in named
    }


def test_the_graphs_versions_are_told() -> None:
    model = onnx.load_from_string(release().model)
    told = f"ONNX opset {model.opset_import[0].version} and IR version {model.ir_version}"
    assert told in TEXT


def test_a_column_enters_in_its_inputs_type_and_under_its_inputs_name() -> None:
    model = onnx.load_from_string(release().model)
    given = next(node for node in model.graph.input if node.name == "noted")
    given.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    given.name = "noted 2"
    text = readme(replace(release(), model=model.SerializeToString()))
    assert "| noted 2 | double, N |" in text
    assert "| noted | date | double: seconds since 1970-01-01 UTC, NaN for a gap |" in text
    assert "`noted` enters as `noted 2`" in text
    assert " enters as `" not in TEXT


def test_of_many_values_the_first_are_listed() -> None:
    told = _coded([f"v{place}" for place in range(1000)])
    assert "0 = v0, 1 = v1" in told
    assert "up to 999" in told
    assert len(told) < 400


def test_names_with_marks_of_markdown_are_seen_as_they_are() -> None:
    seen = MarkdownIt("commonmark").enable("table").render(TEXT)
    assert "<td>bill | length</td>" in seen
    assert "0 = &lt;/script&gt;" in seen


def test_what_needs_the_portable_graph_is_not_told_where_there_is_none() -> None:
    text = readme(release(refused="Column 'when' is not exact in float32."))
    for word in ("openvino", "onnxruntime-node", "tract-onnx", "http.server", "portable.json"):
        assert word not in text
        assert word in TEXT


@pytest.mark.skipif(NODE is None, reason="there is no Node on the PATH")
def test_the_node_example_is_javascript() -> None:
    (code,) = re.findall(r"```js\n(.*?)```", TEXT, re.DOTALL)
    assert NODE is not None
    done = subprocess.run([NODE, "--check", "-"], input=code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_category_of_one_value_is_said_to_have_no_places() -> None:
    assert _coded([]).startswith("−1 for any value, NaN for a gap")
