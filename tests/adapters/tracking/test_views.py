"""The views that MLflow's page offers for a model's runs."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking import runs
from pipelines.adapters.tracking.views import TAG, addresses, save


def saved(client: MlflowClient, experiment_id: str, key: str) -> dict[str, Any]:
    facts = json.loads(client.get_experiment(experiment_id).tags[TAG + key])
    head, _, packed = facts["state"].partition(";")
    assert head == "deflate"
    state: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return {"name": facts["name"], **state}


def log(client: MlflowClient, experiment_id: str) -> None:
    good = runs.CandidateRun("net", {"candidate": "net"}, {"accuracy": 0.9, "log_loss": 0.3})
    bad = runs.CandidateRun("tree", {"candidate": "tree"}, {}, reason="too long")
    training = runs.TrainingRun(
        name="a training",
        key="k",
        source=runs.SourceFacts("a.csv", "a.csv", "0" * 64, 3, {}),
        parameters={"winner": "net"},
        metrics={"accuracy": 0.9, "log_loss": 0.3},
        tags={},
        artifacts={},
        candidates=(good, bad),
    )
    runs.log_training(client, experiment_id, training)


def test_one_view_lists_the_fitted_candidates_and_one_the_trainings(
    client: MlflowClient, experiment_id: str
) -> None:
    save(client, experiment_id)
    log(client, experiment_id)
    listed = {}
    for key in ("logitline-candidates", "logitline-trainings"):
        view = saved(client, experiment_id, key)
        found = client.search_runs([experiment_id], filter_string=view["searchFilter"])
        listed[view["name"]] = [run.info.run_name for run in found]
        assert {"metrics.`log_loss`", "metrics.`accuracy`"} <= set(view["selectedColumns"])
    assert listed == {"Candidates of all trainings": ["net"], "Trainings": ["a training"]}


def test_candidates_stand_by_their_log_loss_and_trainings_the_latest_first(
    client: MlflowClient, experiment_id: str
) -> None:
    save(client, experiment_id)
    views = [saved(client, experiment_id, f"logitline-{it}") for it in ("candidates", "trainings")]
    assert [(view["orderByKey"], view["orderByAsc"]) for view in views] == [
        ("metrics.`log_loss`", True),
        ("attributes.start_time", False),
    ]


def test_the_columns_say_what_a_run_is_and_stand_in_the_order_they_were_chosen_in(
    client: MlflowClient, experiment_id: str
) -> None:
    save(client, experiment_id)
    candidates = saved(client, experiment_id, "logitline-candidates")
    trainings = saved(client, experiment_id, "logitline-trainings")
    for view in (candidates, trainings):
        assert view["columnOrder"] == view["selectedColumns"]
    assert candidates["selectedColumns"][0] == "params.`configured`"
    assert candidates["selectedColumns"][-1] == "tags.`logitline.winner`"
    assert trainings["selectedColumns"][0] == "params.`winner`"
    assert trainings["selectedColumns"][-4:] == [
        "tags.`champion`",
        "tags.`estimator`",
        "tags.`dataset`",
        "tags.`logitline.promoted`",
    ]


def test_a_view_that_a_person_changed_is_kept(client: MlflowClient, experiment_id: str) -> None:
    client.set_experiment_tag(experiment_id, TAG + "logitline-trainings", "mine")
    save(client, experiment_id)
    assert client.get_experiment(experiment_id).tags[TAG + "logitline-trainings"] == "mine"
    assert saved(client, experiment_id, "logitline-candidates")["orderByAsc"] is True


def test_only_models_with_a_view_have_an_address(client: MlflowClient, experiment_id: str) -> None:
    name = client.get_experiment(experiment_id).name
    assert name not in addresses(client, "http://x:1")
    save(client, experiment_id)
    assert addresses(client, "http://x:1")[name] == (
        f"http://x:1/#/experiments/{experiment_id}/runs?viewStateShareKey=logitline-candidates"
    )
