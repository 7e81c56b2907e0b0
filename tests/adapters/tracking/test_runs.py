"""A training as runs of a real MLflow store: one parent, a child a candidate, once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking import runs
from pipelines.adapters.tracking.client import experiment
from pipelines.adapters.tracking.runs import CandidateRun, SourceFacts, TrainingRun

SHA256 = "0123456789abcdef" * 4
SOURCE = SourceFacts(
    name="penguins.csv",
    location="/data/penguins.csv",
    sha256=SHA256,
    rows=344,
    columns={"island": "category", "bill, mm": "number"},
)
NAN = float("nan")


def training(key: str) -> TrainingRun:
    return TrainingRun(
        name="penguins logistic",
        key=key,
        source=SOURCE,
        parameters={"winner": "logistic", "salt": 0},
        metrics={"log_loss": 0.1, "roc_auc": NAN},
        tags={"logitline.code": "c0de"},
        artifacts={"plots/candidates.png": b"png", "config.toml": b"toml"},
        candidates=[
            CandidateRun(
                name="logistic",
                parameters={"C": 1.0, "long": "x" * 10_000},
                metrics={"log_loss": 0.1, "accuracy": 0.9, "endless": float("inf")},
                curve=(0.5, 0.25, NAN, 0.125),
                tags={"logitline.winner": "true"},
                artifacts={"plots/roc.png": b"png"},
            ),
            CandidateRun("mlp", {"alpha": 0.1}, {}, reason="it diverged in epoch 3"),
        ],
    )


def children(client: MlflowClient, parent: str) -> dict[str, Run]:
    experiment_id = client.get_run(parent).info.experiment_id
    mine = f"tags.`mlflow.parentRunId` = '{parent}'"
    return {run.info.run_name: run for run in client.search_runs([experiment_id], mine)}


def active(client: MlflowClient, experiment_id: str) -> int:
    return len(client.search_runs([experiment_id]))


def test_a_training_is_one_parent_with_a_child_a_candidate(
    client: MlflowClient, experiment_id: str
) -> None:
    parent = runs.log_training(client, experiment_id, training("k1"))
    assert active(client, experiment_id) == 3
    run = client.get_run(parent)
    assert (run.info.run_name, run.info.status) == ("penguins logistic", "FINISHED")
    assert run.data.params == {"winner": "logistic", "salt": "0"}
    assert run.data.metrics == {"log_loss": 0.1}
    assert run.data.tags["logitline.code"] == "c0de"
    assert {item.path for item in client.list_artifacts(parent)} == {"plots", "config.toml"}
    assert list(children(client, parent)) in (["logistic", "mlp"], ["mlp", "logistic"])
    assert runs.run_exists(client, parent)


def test_a_candidates_run_has_its_parameters_metrics_curve_and_plots(
    client: MlflowClient, experiment_id: str
) -> None:
    parent = runs.log_training(client, experiment_id, training("k1"))
    child = children(client, parent)["logistic"]
    assert child.info.status == "FINISHED"
    assert child.data.params["C"] == "1.0"
    assert len(child.data.params["long"]) == 500
    assert child.data.metrics == {"log_loss": 0.1, "accuracy": 0.9, "training_loss": 0.125}
    history = client.get_metric_history(child.info.run_id, "training_loss")
    assert [(each.step, each.value) for each in history] == [(0, 0.5), (1, 0.25), (3, 0.125)]
    assert child.data.tags["logitline.winner"] == "true"
    assert child.data.tags["logitline.code"] == "c0de"
    assert [item.path for item in client.list_artifacts(child.info.run_id, "plots")] == [
        "plots/roc.png"
    ]


def test_a_failed_candidates_run_is_failed_with_its_reason(
    client: MlflowClient, experiment_id: str
) -> None:
    parent = runs.log_training(client, experiment_id, training("k1"))
    child = children(client, parent)["mlp"]
    assert child.info.status == "FAILED"
    assert child.data.tags["reason"] == "it diverged in epoch 3"
    assert child.data.params == {"alpha": "0.1"}
    assert client.get_run(parent).info.status == "FINISHED"


def test_every_run_names_its_data_set_with_the_whole_sha256(
    client: MlflowClient, experiment_id: str
) -> None:
    parent = runs.log_training(client, experiment_id, training("k1"))
    for run in [client.get_run(parent), *children(client, parent).values()]:
        (used,) = run.inputs.dataset_inputs
        assert {tag.key: tag.value for tag in used.tags} == {
            "mlflow.data.context": "training",
            "sha256": SHA256,
        }
        assert used.dataset.name == "penguins.csv"
        assert SHA256.startswith(used.dataset.digest)
        assert json.loads(used.dataset.profile) == {"num_rows": 344, "num_columns": 2}
        schema = json.loads(used.dataset.schema)["mlflow_colspec"]
        assert [column["name"] for column in schema] == ["island", "bill, mm"]


def test_a_table_too_wide_for_a_schema_is_logged_without_one(
    client: MlflowClient, experiment_id: str
) -> None:
    wide = {f"{'x' * 700} {number}": "number" for number in range(100)}
    one = replace(training("k1"), source=replace(SOURCE, columns=wide), candidates=[])
    parent = runs.log_training(client, experiment_id, one)
    (used,) = client.get_run(parent).inputs.dataset_inputs
    assert not used.dataset.schema


def test_a_curve_longer_than_a_call_is_logged_whole(
    client: MlflowClient, experiment_id: str
) -> None:
    curve = tuple(1 / (step + 1) for step in range(2_000))
    long = replace(training("k1"), candidates=[CandidateRun("mlp", {}, {"f1": 0.5}, curve)])
    parent = runs.log_training(client, experiment_id, long)
    run_id = children(client, parent)["mlp"].info.run_id
    history = client.get_metric_history(run_id, "training_loss")
    assert [each.value for each in sorted(history, key=lambda each: each.step)] == list(curve)


def test_a_reason_of_any_length_is_kept_as_far_as_a_tag_holds_it(
    client: MlflowClient, experiment_id: str
) -> None:
    failed = CandidateRun("mlp", {}, {}, reason="too long " * 5_000)
    parent = runs.log_training(client, experiment_id, replace(training("k"), candidates=[failed]))
    runs.set_run_tags(client, parent, {"decision": "x" * 20_000})
    assert len(children(client, parent)["mlp"].data.tags["reason"]) == 5_000
    assert len(client.get_run(parent).data.tags["decision"]) == 5_000


def test_logging_again_under_the_same_key_gives_the_same_run(
    client: MlflowClient, experiment_id: str
) -> None:
    first = runs.log_training(client, experiment_id, training("k1"))
    assert runs.log_training(client, experiment_id, training("k1")) == first
    assert active(client, experiment_id) == 3
    assert runs.log_training(client, experiment_id, training("k2")) != first
    assert active(client, experiment_id) == 6


def test_a_training_left_half_logged_is_deleted_and_logged_anew(
    client: MlflowClient, experiment_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*arguments: object) -> None:
        raise ConnectionError("the server went away")

    with monkeypatch.context() as patch:
        patch.setattr(runs, "add_artifacts", away)
        with pytest.raises(ConnectionError):
            runs.log_training(client, experiment_id, training("k1"))
    (half,) = client.search_runs([experiment_id], "tags.`logitline.key` = 'k1'")
    assert half.info.status == "RUNNING"
    assert not runs.run_exists(client, half.info.run_id)
    assert active(client, experiment_id) == 2
    whole = runs.log_training(client, experiment_id, training("k1"))
    assert whole != half.info.run_id
    assert active(client, experiment_id) == 3
    assert set(children(client, whole)) == {"logistic", "mlp"}
    assert children(client, half.info.run_id) == {}
    assert runs.run_exists(client, whole)


def test_a_run_that_was_deleted_or_never_was_does_not_exist(
    client: MlflowClient, experiment_id: str
) -> None:
    parent = runs.log_training(client, experiment_id, training("k1"))
    client.delete_run(parent)
    assert not runs.run_exists(client, parent)
    assert not runs.run_exists(client, "0" * 32)
    assert runs.log_training(client, experiment_id, training("k1")) != parent


def test_the_latest_training_is_the_newest_that_was_logged_to_its_end(
    client: MlflowClient, workspace: Path
) -> None:
    assert runs.latest_training(client, "latest") is None
    experiment_id = experiment(client, workspace, "latest")
    assert runs.latest_training(client, "latest") is None
    runs.log_training(client, experiment_id, training("k1"))
    second = runs.log_training(client, experiment_id, training("k2"))
    client.create_run(experiment_id, tags={"logitline.key": "k3"})
    client.set_terminated(client.create_run(experiment_id).info.run_id, "FINISHED")
    assert runs.latest_training(client, "latest") == second


def test_the_candidates_of_a_training_are_read_back_in_their_order(
    client: MlflowClient, experiment_id: str
) -> None:
    parent = runs.log_training(client, experiment_id, training("k1"))
    first, second = runs.logged_candidates(client, parent)
    assert (first.name, first.reason, first.metrics["accuracy"]) == ("logistic", "", 0.9)
    assert (second.name, second.reason) == ("mlp", "it diverged in epoch 3")
    assert runs.logged_metrics(client, parent) == {"log_loss": 0.1}


def test_no_artifacts_are_no_call(client: MlflowClient) -> None:
    runs.add_artifacts(client, "no such run", {})
