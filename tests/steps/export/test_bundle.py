"""The bundle written out, and used where nothing of this project is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from pipelines.inference.serving import Model
from pipelines.inference.verify import feature
from pipelines.steps.export.bundle import export, runtimes
from pipelines.steps.export.later import conclude, with_decision
from tests.steps.export.releases import pipeline, release, rows

LINEAGE = {"model": "pen guins", "version": "3", "decision": None}
WEB = {"ort.wasm.min.mjs": b"export {}"}
REFUSED = "Column 'when' is not exact in float32."


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return written(tmp_path / "bundle", conclude(export(release()), LINEAGE, {}))


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def verify(bundle: Path) -> subprocess.CompletedProcess[str]:
    """verify.py as a user starts it: elsewhere, without this project on the path."""
    command = [sys.executable, "-P", str(bundle / "verify.py")]
    return subprocess.run(command, cwd="/", env={}, capture_output=True, text=True)


def resummed(bundle: Path) -> None:
    """Make the sums right again after a file was changed."""
    files = [path for path in bundle.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    content = {path.relative_to(bundle).as_posix(): path.read_bytes() for path in files}
    written(bundle, conclude(content, LINEAGE, {}))


def test_the_bundle_has_all_its_files(bundle: Path) -> None:
    found = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert found == {
        "model.onnx",
        "model.onnx.sha256",
        "model.portable.onnx",
        "model.int8.onnx",
        "portable.json",
        "contract.json",
        "examples/requests.json",
        "examples/expected.json",
        "runtimes.json",
        "lineage.json",
        "MODEL_CARD.md",
        "README.md",
        "verify.py",
        "index.html",
        "triton/pen_guins/config.pbtxt",
        "triton/pen_guins/1/model.onnx",
        "SHA256SUMS",
    }


def test_the_same_release_gives_the_same_bytes() -> None:
    assert export(release()) == export(release())


def test_sha256sum_confirms_every_file_and_refuses_a_changed_one(bundle: Path) -> None:
    command = ["sha256sum", "-c", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=bundle, capture_output=True, text=True)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len([p for p in bundle.rglob("*") if p.is_file()]) - 1
    (bundle / "contract.json").write_text("{}")
    assert subprocess.run(command, cwd=bundle, capture_output=True).returncode == 1
    command = ["sha256sum", "-c", "model.onnx.sha256"]
    assert subprocess.run(command, cwd=bundle, capture_output=True).returncode == 0


def test_without_a_portable_graph_its_files_are_absent_and_the_reason_is_told() -> None:
    files = conclude(export(release(refused=REFUSED)), LINEAGE, WEB)
    portable = {"model.portable.onnx", "portable.json", "index.html", "ort/ort.wasm.min.mjs"}
    assert not portable & set(files)
    assert json.loads(files["runtimes.json"])["portable"] == {"exported": False, "note": REFUSED}
    assert REFUSED in files["MODEL_CARD.md"].decode()
    assert REFUSED in files["README.md"].decode()


def test_portable_json_is_enough_to_ask_the_portable_graph(bundle: Path) -> None:
    told = json.loads((bundle / "portable.json").read_text())
    specs = json.loads((bundle / "contract.json").read_text())["columns"]
    answers = json.loads((bundle / "examples/expected.json").read_text())["rows"]
    requests = json.loads((bundle / "examples/requests.json").read_text())
    rows = [
        [feature(row[name], specs[name], told["codes"].get(name)) for name in told["columns"]]
        for row in requests
    ]
    session = onnxruntime.InferenceSession(bundle / "model.portable.onnx")
    labels, P = session.run(None, {"features": np.array(rows, dtype=np.float32)})
    assert told["label"] == "position"
    assert [told["classes"][each] for each in labels] == [row["label"] for row in answers]
    assert np.abs(P - [row["probabilities"] for row in answers]).max() < 1e-5


def test_the_browsers_runtime_stands_beside_the_page() -> None:
    assert conclude(export(release()), LINEAGE, WEB)["ort/ort.wasm.min.mjs"] == b"export {}"


def test_the_decision_is_put_in_and_replaced() -> None:
    files = export(release())
    assert "None was taken yet" in files["MODEL_CARD.md"].decode()
    told = with_decision(files["MODEL_CARD.md"].decode(), "Promoted: the first.")
    again = with_decision(told, "Not promoted: another.")
    assert again.endswith("\n## Decision\n\nNot promoted: another.\n")
    assert "None was taken" not in again
    assert "Promoted: the first" not in again


def test_runtimes_json_names_each_proof_and_what_int8_loses() -> None:
    told = runtimes(release())
    assert [proof["runtime"] for proof in told["proofs"]] == ["ONNX Runtime CPU", "tract"]
    assert told["proofs"][1]["note"] == "tract is not installed."
    assert told["int8"]["exported"]
    assert told["int8"]["labels_changed"] <= told["int8"]["allowed"]["labels_changed"] == 0.005
    assert told["int8"]["log_loss_added"] <= told["int8"]["allowed"]["log_loss_added"] == 0.005


@pytest.mark.parametrize("classes", [("Adélie", "Gentoo"), (0, 1), (False, True)])
def test_verify_confirms_a_bundle_where_this_project_is_not(
    tmp_path: Path, classes: tuple[object, ...]
) -> None:
    files = conclude(export(release(classes, 0.37)), LINEAGE, {})
    done = verify(written(tmp_path, files))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The bundle is what was exported" in done.stdout


@pytest.mark.parametrize("name", ["model.portable.onnx", "examples/expected.json", "README.md"])
def test_verify_names_a_file_that_was_changed(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    done = verify(bundle)
    assert done.returncode == 1
    assert done.stdout == f"WRONG  {name} is not what was exported: its SHA-256 is another\n"


@pytest.mark.parametrize("name", ["model.onnx", "model.int8.onnx", "examples/expected.json"])
def test_verify_names_a_file_that_nothing_vouches_for(bundle: Path, name: str) -> None:
    sums = (bundle / "SHA256SUMS").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in sums if not line.endswith(f"  {name}\n")]
    (bundle / "SHA256SUMS").write_text("".join(kept), encoding="utf-8")
    done = verify(bundle)
    assert done.returncode == 1
    assert done.stdout == f"WRONG  {name} is not in SHA256SUMS, so nothing vouches for it\n"


def test_verify_names_files_that_came_later_and_is_content(bundle: Path) -> None:
    written(bundle, {f"triton/pen_guins/{n}/model.onnx": b"x" for n in range(2, 9)})
    written(bundle, {"__pycache__/verify.pyc": b"x"})
    done = verify(bundle)
    assert (done.returncode, done.stderr) == (0, "")
    told = [line for line in done.stdout.splitlines() if line.startswith("ADDED")]
    assert len(told) == 6
    assert "'triton/pen_guins/2/model.onnx' is not in SHA256SUMS" in told[0]
    assert told[-1] == "ADDED  2 files more"


def test_verify_says_where_a_graph_cannot_be_run(bundle: Path) -> None:
    model = onnx.load(bundle / "model.portable.onnx")
    model.opset_import[0].version = 999
    onnx.save(model, bundle / "model.portable.onnx")
    resummed(bundle)
    done = verify(bundle)
    assert done.returncode == 1
    assert "WRONG  model.portable.onnx cannot be run here" in done.stdout
    assert "Traceback" not in done.stderr


def test_verify_names_a_file_that_is_missing(bundle: Path) -> None:
    (bundle / "contract.json").unlink()
    done = verify(bundle)
    assert (done.returncode, done.stderr) == (1, "")
    assert "contract.json is missing" in done.stdout


@pytest.mark.parametrize("sums", [b"", b"\xff\xfe", None])
def test_verify_refuses_sums_that_say_nothing(bundle: Path, sums: bytes | None) -> None:
    (bundle / "SHA256SUMS").unlink() if sums is None else (bundle / "SHA256SUMS").write_bytes(sums)
    done = verify(bundle)
    assert (done.returncode, done.stderr) == (1, "")
    assert "SHA256SUMS" in done.stdout


@pytest.mark.parametrize("name", ["model.onnx", "model.portable.onnx", "model.int8.onnx"])
def test_verify_finds_a_graph_of_another_model(bundle: Path, name: str) -> None:
    graph = onnx.load(bundle / name)
    for constant in graph.graph.initializer:
        values = onnx.numpy_helper.to_array(constant)
        if values.dtype in (np.float32, np.int8) and values.ndim == 2:
            constant.CopyFrom(onnx.numpy_helper.from_array(-values, constant.name))
    onnx.save(graph, bundle / name)
    resummed(bundle)
    done = verify(bundle)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(rf"WRONG  {name}, row \d+: a probability is off by", done.stdout)


def test_int8_is_held_against_its_own_answers_to_the_same_call(bundle: Path) -> None:
    """The test rows' differences do not bound those of examples with a wider range."""
    told = json.loads((bundle / "runtimes.json").read_text())
    told["int8"]["max_difference"] = 0.0
    (bundle / "runtimes.json").write_text(json.dumps(told))
    program = (bundle / "verify.py").read_text()
    (bundle / "verify.py").write_text(program.replace("STEP = 1 / 127", "STEP = 0.0"))
    resummed(bundle)
    done = verify(bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads((bundle / "examples" / "expected.json").read_text())
    exact = [row["probabilities"] for row in answers["rows"]]
    assert np.abs(np.subtract(answers["int8"], exact)).max() > 0


def test_the_expected_answers_are_the_fitted_pipelines() -> None:
    it = release(threshold=0.37)
    records = [dict(row) for row in it.requests]
    X = pd.DataFrame(Model(it.model).bind(records))[list(rows().columns)]
    told = it.expected["rows"]
    assert [row["label"] for row in told] == list(pipeline(threshold=0.37).predict(X))
    P = pipeline(threshold=0.37).predict_proba(X)
    assert np.abs(P - [row["probabilities"] for row in told]).max() < 1e-5


def test_a_model_without_products_has_no_int8_and_says_so() -> None:
    quantized = replace(release().quantized, model=b"", note="It would change 9.00% of the labels.")
    files = export(replace(release(), quantized=quantized))
    assert "model.int8.onnx" not in files
    assert "There is no model.int8.onnx. It would change 9.00%" in files["MODEL_CARD.md"].decode()
    assert "model.int8.onnx" not in files["README.md"].decode()
