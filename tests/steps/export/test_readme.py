"""The README of a bundle: it names what is there, and its examples run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from pipelines.steps.export.readme import _coded, readme
from tests.steps.export.releases import release

TEXT = readme(release())
NODE = shutil.which("node")


def table(heading: str, first: str) -> list[list[str]]:
    """The rows of the table below a heading whose first head is this one."""
    body = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
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
    (tmp_path / "model.onnx").write_bytes(release().model)
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "island" in done.stdout


@pytest.mark.skipif(NODE is None, reason="there is no Node on the PATH")
def test_the_node_example_is_javascript() -> None:
    (code,) = re.findall(r"```js\n(.*?)```", TEXT, re.DOTALL)
    assert NODE is not None
    done = subprocess.run([NODE, "--check", "-"], input=code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_category_of_one_value_is_said_to_have_no_places() -> None:
    assert _coded([]).startswith("−1 for any value, NaN for a gap")
