"""`logitline export` end to end: the champion's bundle, from MLflow into a folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.bundles import Exported
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from tests.flows.workspaces import logitline, train_json, workspace


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, prefect_api: str
) -> tuple[Path, Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("a space")
    config = workspace(folder)
    return folder, config, train_json(config, folder)


def refused(config: Path, folder: Path, *arguments: str | Path) -> str:
    done = logitline("export", config, *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("logitline: ")
    return done.stderr


def files(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_champions_bundle_proves_itself_and_tells_the_decision(trained: Any) -> None:
    folder, config, result = trained
    shutil.move(folder / "data" / "derived", folder / "elsewhere")  # it comes out of MLflow
    done = logitline("export", config, folder / "out", "--json", cwd=folder)
    shutil.move(folder / "elsewhere", folder / "data" / "derived")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    out = folder / "out"
    assert (told["model"], told["version"], told["folder"]) == ("flowers", "1", str(out))
    assert sorted(told["files"]) == sorted(files(out))
    command = [sys.executable, "-P", str(out / "verify.py")]
    checked = subprocess.run(command, cwd="/", env={}, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    lineage = json.loads((out / "lineage.json").read_text())
    assert lineage["decision"] == result["decision"]
    assert lineage["champion"] is True
    assert lineage["graphs_sha256"]["model.onnx"] == result["onnx_sha256"]
    assert lineage["content"]["dataset_sha256"] == result["dataset_sha256"]
    assert (out / "MODEL_CARD.md").read_text().endswith(f"{result['decision']}\n")


def test_a_former_bundle_of_the_model_is_replaced_and_no_other_folder(trained: Any) -> None:
    folder, config, _ = trained
    for _ in range(2):
        assert logitline("export", config, "again", cwd=folder).returncode == 0
    (folder / "again" / "__pycache__").mkdir()  # left by `from verify import answered`
    (folder / "again" / "__pycache__" / "verify.pyc").write_bytes(b"")
    assert logitline("export", config, "again", cwd=folder).returncode == 0
    (folder / "again" / "notes.txt").write_text("mine")
    assert "holds notes.txt, which is not of its bundle" in refused(config, folder, "again")
    (folder / "again" / "notes.txt").unlink()
    lineage = json.loads((folder / "again" / "lineage.json").read_text())
    (folder / "again" / "lineage.json").write_text(json.dumps({**lineage, "model": "other"}))
    assert "is a bundle of other, not of flowers" in refused(config, folder, "again")
    before = files(folder / "data")
    assert "neither empty nor a bundle" in refused(config, folder, "data")
    assert files(folder / "data") == before
    assert "is a file" in refused(config, folder, config)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_place_that_cannot_be_written_is_named(trained: Any) -> None:
    _, config, _ = trained
    said = refused(config, trained[0], "/proc/bundle")
    assert "cannot be written to /proc/bundle: No such file or directory" in said


def test_drafts_of_others_beside_the_folder_stay(trained: Any) -> None:
    folder, config, _ = trained
    (folder / "beside" / ".2024-backup").mkdir(parents=True)
    assert logitline("export", config, "beside/out", cwd=folder).returncode == 0
    assert (folder / "beside" / ".2024-backup").is_dir()


def test_where_there_is_no_page_the_reason_is_told() -> None:
    reason = "Columns 'at' are not exact in float32."
    told = Exported("m", "1", Path("out"), ("verify.py",), False, False, reason)
    assert told.sentence.endswith(f"\nThere is no page: {reason}")
    assert told.as_json["no_page"] == reason
    paged = Exported("m", "1", Path("out"), ("index.html",), True, True, "")
    assert "no page" not in paged.sentence


def test_what_is_no_version_is_refused(trained: Any) -> None:
    folder, config, _ = trained
    assert "takes a number" in refused(config, folder, "none", "--version", "two")
    assert "models:/flowers/9" in refused(config, folder, "none", "--version", "9")
    assert not (folder / "none").exists()


def test_a_bundle_that_was_changed_in_mlflow_is_not_handed_on(trained: Any) -> None:
    folder, config, _ = trained
    kept = next((folder / "mlruns").rglob("bundle/contract.json"))
    content = kept.read_bytes()
    kept.write_text("{}")
    assert "contract.json has another SHA-256" in refused(config, folder, "none")
    kept.unlink()
    assert "cannot be had from MLflow" in refused(config, folder, "none")
    kept.write_bytes(content)
    assert not (folder / "none").exists()


def test_budgets_and_their_measure_stand_with_the_version(trained: Any) -> None:
    folder, _, result = trained
    version = registry.champion(tracking.connect(folder), "flowers")
    assert version is not None
    for name in ("latency_ms", "latency_p99_ms", "batch_latency_ms", "size_mb"):
        assert float(version.tags[f"logitline.{name}"]) > 0
    assert result["cost"]["size_mb"] == Path(result["onnx"]).stat().st_size / 1e6
    page = Path(result["report"]).read_text()
    assert "99th percentile" in page
    content = Path(result["onnx"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == result["onnx_sha256"]


def test_a_broken_budget_is_told_and_promotes_nothing(trained: Any) -> None:
    folder, config, _ = trained
    text = config.read_text()
    config.write_text(text.replace("[promotion]", "[promotion]\nmax_latency_p99_ms = 1e-6"))
    other = {"LOGITLINE_NODE_MODULES": str(folder)}
    (folder / "second").mkdir()
    shutil.copytree(config.parent, folder / "second" / "data", ignore=lambda *_: ["derived"])
    config.write_text(text)
    result = train_json(folder / "second" / "data" / "flowers.toml", folder / "second", **other)
    assert not result["promoted"]
    assert "more than the 1e-06 ms of [promotion] max_latency_p99_ms" in result["decision"]
