"""The bundle that another runtime gets, written out and used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.estimators.registry import build
from pipelines.inference import Predictor
from pipelines.inference.convert import to_onnx
from pipelines.steps.export import export

CONTRACT: dict[str, Any] = {
    "target": "species",
    "classes": ["Adélie", "Gentoo"],
    "missing": ["NA"],
    "columns": {
        "bill | length": {"type": "number", "missing": True},
        "year": {"type": "integer"},
        "tagged": {"type": "boolean"},
        "seen": {"type": "date", "unit": "day"},
        "noted": {"type": "date", "unit": "second"},
        "island": {"type": "category", "values": ["Biscoe", "Dream"]},
    },
}


@pytest.fixture(scope="module")
def model() -> bytes:
    rng = np.random.default_rng(0)
    numbers = [name for name in CONTRACT["columns"] if name != "island"]
    X = pd.DataFrame({name: rng.normal(size=60) for name in numbers})
    X["island"] = rng.choice(["Biscoe", "Dream"], 60)
    y = np.where(X["year"] > 0, "Gentoo", "Adélie")
    return to_onnx(build("logistic", {}, numbers, ["island"]).fit(X, y), CONTRACT, {})


@pytest.fixture
def bundle(model: bytes, tmp_path: Path) -> Path:
    graph = Predictor.from_bytes(model)
    made = export(model, "penguins", "3", CONTRACT, graph.inputs, graph.columns)
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_the_bundle_has_four_files_and_the_model_untouched(bundle: Path, model: bytes) -> None:
    assert {path.name for path in bundle.iterdir()} == {
        "model.onnx",
        "model.onnx.sha256",
        "contract.json",
        "README.md",
    }
    assert (bundle / "model.onnx").read_bytes() == model


def test_sha256sum_confirms_the_model_and_refuses_a_changed_one(bundle: Path) -> None:
    line = (bundle / "model.onnx.sha256").read_text()
    assert re.fullmatch(r"[0-9a-f]{64}  model\.onnx\n", line)
    command = ["sha256sum", "-c", "model.onnx.sha256"]
    assert subprocess.run(command, cwd=bundle, capture_output=True).returncode == 0
    content = bytearray((bundle / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / "model.onnx").write_bytes(content)
    assert subprocess.run(command, cwd=bundle, capture_output=True).returncode == 1


def test_the_contract_comes_back_from_its_json(bundle: Path) -> None:
    text = (bundle / "contract.json").read_text(encoding="utf-8")
    assert json.loads(text) == CONTRACT
    assert "Adélie" in text


def test_the_readme_names_every_input_column_and_output(bundle: Path, model: bytes) -> None:
    text = (bundle / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# penguins, version 3\n")
    for name, kind in Predictor.from_bytes(model).inputs.items():
        assert f"| {name.replace('|', chr(92) + '|')} | {kind} |" in text
    for line in [
        "| bill \\| length | number | float: the value, NaN for a gap |",
        "| year | integer | float: the value, NaN for a gap |",
        "| tagged | boolean | float: 1 or 0, NaN for a gap |",
        "| seen | date | float: days since 1970-01-01 UTC, NaN for a gap |",
        "| noted | date | float: seconds since 1970-01-01 UTC, NaN for a gap |",
        "| island | category | string: the value, empty for a gap; a value not seen in training "
        "is allowed |",
        "| probability_Adélie | float, N |",
        "| probability_Gentoo | float, N |",
    ]:
        assert line in text


def test_the_readmes_outputs_are_the_graphs(bundle: Path, model: bytes) -> None:
    import onnxruntime

    text = (bundle / "README.md").read_text(encoding="utf-8")
    table = text.split("## Outputs")[1].split("##")[0]
    named = re.findall(r"^\| (\S+) \|", table, re.MULTILINE)[1:]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert named == [output.name for output in session.get_outputs()]


def test_the_readmes_example_runs_in_the_bundles_folder(bundle: Path) -> None:
    text = (bundle / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=bundle, capture_output=True, text=True, check=True
    )
    assert "island" in done.stdout


def test_every_row_of_the_readmes_tables_has_the_headings_cells(bundle: Path) -> None:
    cells = 0
    for line in (bundle / "README.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            cells = 0
            continue
        here = len(re.findall(r"(?<!\\)\|", line))
        assert cells in (0, here), line
        cells = here
