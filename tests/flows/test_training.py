"""The training flow end to end: a real Prefect server, a real MLflow store, real processes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from flows import portables
from pipelines.adapters.answers import FILE as ANSWERS
from pipelines.adapters.answers import read_answers
from pipelines.adapters.store import file_sha256
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry, runs
from pipelines.digests import ROOT
from pipelines.inference import Predictor
from pipelines.metrics import METRICS, log_losses
from tests.flows.workspaces import flowers, logitline, train_json, workspace

STEPS = ["ingest", "split", "train", "evaluate", "register", "export", "promote"]
BROKEN = """
[[candidates]]
name = "broken"
estimator = "mlp"
learning_rate_init = 1e30
"""


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, prefect_api: str
) -> Iterator[tuple[Path, Path, dict[str, Any]]]:
    """A workspace after its first training: folder, config, and what the command printed."""
    folder = tmp_path_factory.mktemp("a space")
    config = workspace(folder, more=BROKEN)
    return folder, config, train_json(config, folder)


def test_the_first_training_runs_all_seven_steps(trained: Any) -> None:
    _, _, result = trained
    assert [step["name"] for step in result["steps"]] == STEPS
    assert {step["status"] for step in result["steps"]} == {"ran"}


def test_every_candidate_has_its_metrics_or_its_reason(trained: Any) -> None:
    _, _, result = trained
    by_name = {each["name"]: each for each in result["candidates"]}
    assert list(by_name) == ["logistic", "tree", "prior", "broken"]
    for name in ("logistic", "tree", "prior"):
        assert by_name[name]["status"] == "fitted"
        assert set(by_name[name]["metrics"]) == set(METRICS)
        loss = by_name[name]["metrics"]["log_loss"]
        assert loss["low"] <= loss["value"] <= loss["high"]
    assert by_name["broken"]["status"] == "failed"
    assert "epoch" in by_name["broken"]["reason"]


def test_the_champion_is_registered_with_its_digest_and_answers(trained: Any) -> None:
    folder, _, result = trained
    assert result["promoted"] is True
    content = Path(result["onnx"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == result["onnx_sha256"]
    version = registry.champion(tracking.connect(folder), "flowers")
    assert version is not None
    assert (version.number, version.sha256) == (
        result["model"]["version"],
        result["onnx_sha256"],
    )
    path, sha256 = registry.download_model(result["model"]["uri"], folder)
    predictor = Predictor.load(path, sha256=sha256)
    (label,) = predictor.predict({"height": 50.0, "petals": 30, "colour": None})
    assert label in ("daisy", "rose", "tulip")


def test_the_version_keeps_its_portable_graph_with_the_digest_and_the_same_lineage(
    trained: Any,
) -> None:
    folder, _, result = trained
    client = tracking.connect(folder)
    version = registry.champion(client, "flowers")
    assert version is not None
    portable = runs.read_artifact(client, version.run_id, portables.FILE)
    assert hashlib.sha256(portable).hexdigest() == version.tags[portables.TAG]
    assert "gives the pipeline's label on all" in version.tags[portables.NOTE]
    own, other = (
        {entry.key: entry.value for entry in onnx.load_from_string(content).metadata_props}
        for content in (Path(result["onnx"]).read_bytes(), portable)
    )
    lineage = {key for key in own if key.startswith("logitline.")}
    assert {f"logitline.{name}" for name in ("dataset_sha256", "split", "config", "code")} < lineage
    assert own["logitline.lock_sha256"] == file_sha256(ROOT / "requirements.lock")
    assert {key: own[key] for key in lineage}.items() <= other.items()


def test_the_bundle_checks_out_and_runs_without_this_project(trained: Any) -> None:
    _, _, result = trained
    bundle = Path(result["export"])
    assert {"model.onnx", "model.portable.onnx", "MODEL_CARD.md", "verify.py", "triton"} <= {
        p.name for p in bundle.iterdir()
    }
    digest = (bundle / "model.onnx.sha256").read_text().split()[0]
    assert digest == result["onnx_sha256"]
    session = onnxruntime.InferenceSession(bundle / "model.onnx")
    feeds = {
        "height": np.array([31.0, np.nan], np.float32),
        "petals": np.array([6, 20], np.float32),
        "colour": np.array(["red", ""], object),
    }
    label, *probabilities = session.run(None, feeds)
    assert label.shape == (2,)
    assert np.sum(probabilities, axis=0) == pytest.approx([1, 1], abs=1e-5)


def test_mlflow_holds_a_parent_and_a_child_a_candidate(trained: Any) -> None:
    folder, _, result = trained
    client = tracking.connect(folder)
    parent = client.get_run(result["run_id"])
    children = client.search_runs(
        [parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{result['run_id']}'"
    )
    states = {run.info.run_name: run.info.status for run in children}
    assert states == {
        "logistic": "FINISHED",
        "tree": "FINISHED",
        "prior": "FINISHED",
        "broken": "FAILED",
    }
    fitted = [run for run in children if run.info.status == "FINISHED"]
    for run in fitted:
        assert set(METRICS) <= set(run.data.metrics)
        plots = {f.path for f in client.list_artifacts(run.info.run_id, "plots")}
        assert {"plots/roc.png", "plots/calibration.png", "plots/confusion.png"} <= plots
        assert run.inputs.dataset_inputs[0].dataset.name == "flowers.csv"
    logistic = next(run for run in fitted if run.info.run_name == "logistic")
    curve = client.get_metric_history(logistic.info.run_id, "training_loss")
    assert len(curve) > 2
    tags = parent.data.tags
    assert tags["logitline.dataset_sha256"] == result["dataset_sha256"]
    kept = {f.path for f in client.list_artifacts(result["run_id"])}
    assert {"split.parquet", "report.html", "pipeline", "config.toml", ANSWERS} <= kept


def test_the_answers_that_are_kept_give_the_metrics_that_were_told(trained: Any) -> None:
    folder, _, result = trained
    kept = read_answers(runs.read_artifact(tracking.connect(folder), result["run_id"], ANSWERS))
    won = next(each for each in result["candidates"] if each["name"] == result["winner"])
    losses = log_losses(kept.P, kept.codes)
    assert losses.mean() == pytest.approx(won["metrics"]["log_loss"]["value"])
    hits = (kept.labels == kept.codes).mean()
    assert hits == pytest.approx(won["metrics"]["accuracy"]["value"])
    split = pd.read_parquet(result["split"])
    assert kept.digests.tolist() == split["row_digest"][split["part"] == "test"].tolist()


def test_the_report_names_the_decision_and_the_failed_candidate(trained: Any) -> None:
    _, _, result = trained
    page = Path(result["report"]).read_text()
    assert "broken" in page
    assert result["winner"] in page


def test_prefect_links_the_report_of_the_flow_run(trained: Any, prefect_api: str) -> None:
    import urllib.request

    _, _, result = trained
    request = urllib.request.Request(
        f"{prefect_api}/artifacts/filter",
        data=json.dumps({"artifacts": {"key": {"any_": ["report-flowers"]}}}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found = json.load(answer)
    here = [each for each in found if Path(result["report"]).as_uri() in each["data"]]
    assert here
    assert here[0]["flow_run_id"]


def test_prefect_saw_the_seven_tasks(trained: Any, prefect_api: str) -> None:
    import urllib.request

    request = urllib.request.Request(
        f"{prefect_api}/task_runs/filter",
        data=json.dumps({"limit": 200}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        runs = json.load(answer)
    done = {run["name"].rsplit("-", 1)[0] for run in runs if run["state_type"] == "COMPLETED"}
    assert set(STEPS) <= done


def test_a_second_training_skips_every_step_and_gives_the_same(trained: Any) -> None:
    folder, config, first = trained
    second = train_json(config, folder)
    assert {step["status"] for step in second["steps"]} == {"skipped"}
    for name in ("winner", "model", "onnx_sha256", "run_id", "decision", "promoted"):
        assert second[name] == first[name]


def test_explain_names_the_changed_section_and_runs_nothing(trained: Any, tmp_path: Path) -> None:
    folder, config, _ = trained
    same = json.loads(logitline("train", config, "--explain", "--json", cwd=folder).stdout)
    assert not any(step["runs"] for step in same["steps"])
    text = config.read_text()
    try:
        config.write_text(text.replace("max_depth = 4", "max_depth = 3"))
        plan = json.loads(logitline("train", config, "--explain", "--json", cwd=folder).stdout)
    finally:
        config.write_text(text)
    by_name = {step["name"]: step for step in plan["steps"]}
    assert not by_name["ingest"]["runs"]
    assert not by_name["split"]["runs"]
    assert by_name["train"]["reason"] == (
        "[[candidates]], [selection], [search], [calibration] or [threshold] has changed"
    )
    assert by_name["promote"]["runs"]
    again = json.loads(logitline("train", config, "--explain", "--json", cwd=folder).stdout)
    assert not any(step["runs"] for step in again["steps"])


def test_a_lost_bundle_is_written_again_and_nothing_else(trained: Any) -> None:
    folder, config, first = trained
    shutil.rmtree(first["export"])
    again = train_json(config, folder)
    assert [s["name"] for s in again["steps"] if s["status"] == "ran"] == ["export"]
    assert Path(again["onnx"]).exists()


def test_more_data_of_the_same_kind_meets_the_champion_on_rows_neither_learned_from(
    tmp_path: Path, prefect_api: str
) -> None:
    config = workspace(tmp_path, confidence=0.999)
    first = train_json(config, tmp_path)
    table = config.with_name("flowers.csv")
    table.write_text(table.read_text() + flowers(30, seed=5).split("\n", 1)[1])
    second = train_json(config, tmp_path)
    assert second["dataset_sha256"] != first["dataset_sha256"]
    assert "the champion (version 1)" in second["decision"]
    assert second["promoted"] is False
    client = tracking.connect(tmp_path)
    champion = registry.champion(client, "flowers")
    assert champion is not None
    assert champion.number == "1"
    assert registry.aliases(client, "flowers")["2"] == ["challenger"]
    third = train_json(config, tmp_path)
    assert {step["status"] for step in third["steps"]} == {"skipped"}


def test_noise_is_not_promoted(tmp_path: Path, prefect_api: str) -> None:
    config = workspace(tmp_path)
    rng = np.random.default_rng(3)
    table = config.with_name("flowers.csv")
    header, *rows = table.read_text().splitlines()
    kinds = rng.permutation([row.rsplit(",", 1)[1] for row in rows])
    shuffled = [f"{row.rsplit(',', 1)[0]},{kind}" for row, kind in zip(rows, kinds, strict=True)]
    table.write_text("\n".join([header, *shuffled]) + "\n")
    result = train_json(config, tmp_path)
    assert result["promoted"] is False
    assert registry.champion(tracking.connect(tmp_path), "flowers") is None


def test_a_damaged_fit_is_fitted_again_and_another_order_of_columns_is_another_graph(
    tmp_path: Path, prefect_api: str
) -> None:
    config = workspace(tmp_path)
    first = train_json(config, tmp_path)
    store = tmp_path / "data" / "derived" / "store"
    for damaged in store.glob("fit/*/pipeline.skops"):
        content = bytearray(damaged.read_bytes())
        content[len(content) // 2] ^= 255
        damaged.write_bytes(content)
    shutil.rmtree(store / "register")
    again = train_json(config, tmp_path)
    ran = {step["name"] for step in again["steps"] if step["status"] == "ran"}
    assert {"train", "register"} <= ran
    assert again["onnx_sha256"] == first["onnx_sha256"]
    text = config.read_text()
    petals = 'petals = { type = "integer", min = 0 }\n'
    config.write_text(text.replace(petals, "").replace("[columns]\n", f"[columns]\n{petals}"))
    swapped = train_json(config, tmp_path)
    assert swapped["steps"][0]["status"] == "ran"
    third = train_json(config, tmp_path)
    assert {step["status"] for step in third["steps"]} == {"skipped"}


def test_equal_test_rows_prove_nothing(tmp_path: Path, prefect_api: str) -> None:
    config = workspace(tmp_path)
    rows = ["height,petals,colour,kind"]
    for index in range(300):
        kind = ("daisy", "rose", "tulip")[index % 3]
        rows.append(f"{10 * (index % 4)},{index % 3},red,{kind}")
    config.with_name("flowers.csv").write_text("\n".join(rows) + "\n")
    allowed = '\n[leaks]\nallow.petals = "they are the kind in this table, to make rows equal"\n'
    config.write_text(config.read_text() + allowed)
    for salt in range(50):
        config.write_text(config.read_text().replace(f"salt = {salt - 1}", f"salt = {salt}"))
        done = logitline("train", config, "--json", cwd=tmp_path)
        if done.returncode == 0:
            break
    result = json.loads(done.stdout)
    assert result["promoted"] is False
    assert "differ from each other" in result["decision"]
