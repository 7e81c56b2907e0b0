"""A workspace that was really moved: noticed, refused, mended, and its model comes again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking import moving, registry
from pipelines.adapters.tracking.client import WorkspaceError, artifact_root, connect, experiment
from pipelines.adapters.tracking.registry import NoVersionError, download_model
from pipelines.adapters.tracking.runs import add_artifacts


def register(workspace: Path, model: str = "m") -> MlflowClient:
    """A logged model with a version, as the line leaves them."""
    client = connect(workspace)
    run_id = client.create_run(experiment(client, workspace, model)).info.run_id
    add_artifacts(client, run_id, {"split.parquet": b"rows"})
    experiment_id = client.get_run(run_id).info.experiment_id
    made = client.create_logged_model(experiment_id, "model", run_id)
    content = workspace / "content"
    content.mkdir()
    (content / "model.onnx").write_bytes(b"graph")
    client.log_model_artifacts(made.model_id, str(content))
    client.finalize_logged_model(made.model_id, "READY")
    tags = {registry.SHA256: "abc"}
    source = made.artifact_location
    version = registry.create_version(client, model, source, run_id, tags, made.model_id)
    registry.set_alias(client, version, "champion")
    return client


def test_a_workspace_in_its_place_has_no_foreign_addresses(fresh: Path) -> None:
    register(fresh)
    assert moving.foreign_roots(fresh) == []
    assert moving.schema_problem(fresh) == ""
    path, sha256 = download_model("models:/m@champion", fresh)
    assert (path.read_bytes(), sha256) == (b"graph", "abc")


def test_a_moved_workspace_is_noticed_refused_and_mended(fresh: Path, tmp_path: Path) -> None:
    register(fresh)
    moved = tmp_path / "größer, with 100% spaces"
    shutil.move(fresh, moved)
    assert moving.schema_problem(moved) == ""  # the database itself is sound
    foreign = moving.foreign_roots(moved)
    assert foreign
    assert all(root.endswith(str(fresh)) for root in foreign)
    with pytest.raises(WorkspaceError, match=r"was moved.*logitline doctor --fix"):
        connect(moved)
    assert not fresh.exists()  # nothing was written to where it was

    assert moving.rewrite_roots(moved, foreign) >= 4
    assert moving.foreign_roots(moved) == []
    path, _ = download_model("models:/m@champion", moved)
    assert path.read_bytes() == b"graph"
    assert path.is_relative_to(moved)
    client = connect(moved)
    run_id = registry.resolve(client, "models:/m/1").run_id
    split = client.download_artifacts(run_id, "split.parquet", str(tmp_path))
    assert Path(split).read_bytes() == b"rows"
    again = client.create_run(experiment(client, moved, "m")).info.run_id
    add_artifacts(client, again, {"new": b"1"})
    assert len(list(artifact_root(moved).rglob("new"))) == 1
    assert not fresh.exists()


def test_a_copy_of_a_workspace_does_not_touch_the_original(fresh: Path, tmp_path: Path) -> None:
    register(fresh)
    copy = tmp_path / "copy"
    shutil.copytree(fresh, copy)
    moving.rewrite_roots(copy, moving.foreign_roots(copy))
    assert moving.foreign_roots(fresh) == []
    assert download_model("models:/m/1", copy)[0].is_relative_to(copy)
    assert download_model("models:/m/1", fresh)[0].is_relative_to(fresh)


def test_addresses_outside_any_workspace_are_left_as_they_are(fresh: Path) -> None:
    client = connect(fresh)
    elsewhere = client.create_experiment("elsewhere", "s3://bucket/mlruns/artifacts/x")
    assert moving.foreign_roots(fresh) == []
    moving.rewrite_roots(fresh, ["s3://bucket"])
    assert client.get_experiment(elsewhere).artifact_location == "s3://bucket/mlruns/artifacts/x"


def test_files_that_are_gone_are_named_with_the_place_to_ask(fresh: Path) -> None:
    register(fresh)
    shutil.rmtree(artifact_root(fresh))
    with pytest.raises(NoVersionError, match=r"files of models:/m/1.*logitline doctor"):
        download_model("models:/m/1", fresh)


def test_a_database_that_mlflow_cannot_use_is_described(tmp_path: Path) -> None:
    path = moving.database(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"garbage" * 1_000)
    assert "not a database" in moving.schema_problem(tmp_path)
