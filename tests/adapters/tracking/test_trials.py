"""The trials of a search as runs of a real MLflow store, below their candidate's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking import runs
from pipelines.adapters.tracking.runs import CandidateRun
from pipelines.adapters.tracking.trials import TrialRun, log_trials
from tests.adapters.tracking.test_runs import active, children, training

TRIALS = [
    TrialRun("mlp trial 0", {"alpha": 0.1}, "complete", "", 0.3, (0.2, 0.4), 12.5),
    TrialRun("mlp trial 1", {"alpha": 0.2}, "pruned", "clearly worse", None, (0.9, 0.9), 3.0),
    TrialRun("mlp trial 2", {"alpha": 9.9}, "failed", "it diverged", None, (), 0.5),
]


def logged(client: MlflowClient, experiment_id: str) -> dict[str, Run]:
    candidates = [CandidateRun("mlp", {}, {"log_loss": 0.5}, trials=TRIALS)]
    parent = runs.log_training(
        client, experiment_id, replace(training("k1"), candidates=candidates)
    )
    return children(client, children(client, parent)["mlp"].info.run_id)


def test_each_trial_is_a_run_below_its_candidate(client: MlflowClient, experiment_id: str) -> None:
    found = logged(client, experiment_id)
    assert set(found) == {trial.name for trial in TRIALS}
    assert {name: run.info.status for name, run in found.items()} == {
        "mlp trial 0": "FINISHED",
        "mlp trial 1": "KILLED",
        "mlp trial 2": "FAILED",
    }
    assert active(client, experiment_id) == 5


def test_a_trial_s_run_has_its_parameters_fold_losses_state_reason_and_duration(
    client: MlflowClient, experiment_id: str
) -> None:
    found = logged(client, experiment_id)
    complete, pruned = found["mlp trial 0"], found["mlp trial 1"]
    assert complete.data.params == {"alpha": "0.1"}
    assert complete.data.metrics["selection_log_loss"] == 0.3
    history = client.get_metric_history(complete.info.run_id, "fold_log_loss")
    assert [(each.step, each.value) for each in history] == [(0, 0.2), (1, 0.4)]
    assert complete.info.end_time - complete.info.start_time == 12_500
    assert (pruned.data.tags["logitline.state"], pruned.data.tags["reason"]) == (
        "pruned",
        "clearly worse",
    )
    assert "selection_log_loss" not in pruned.data.metrics


def test_the_candidates_of_a_training_are_told_without_their_trials(
    client: MlflowClient, experiment_id: str
) -> None:
    logged(client, experiment_id)
    run_id = runs.latest_training(client, client.get_experiment(experiment_id).name)
    assert run_id is not None
    assert [each.name for each in runs.logged_candidates(client, run_id)] == ["mlp"]


def test_a_training_left_half_logged_goes_with_its_trials(
    client: MlflowClient, experiment_id: str
) -> None:
    candidates = [CandidateRun("mlp", {}, {}, trials=TRIALS)]
    one = replace(training("k1"), candidates=candidates)
    parent = runs.log_training(client, experiment_id, one)
    client.update_run(parent, status="RUNNING")  # as if its process had been killed
    assert runs.log_training(client, experiment_id, one) != parent
    assert active(client, experiment_id) == 5


def test_a_trial_costs_three_calls(client: MlflowClient, experiment_id: str) -> None:
    calls: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            calls.append(name)
            return getattr(client, name)

    counting: Any = Counting()
    parent = client.create_run(experiment_id).info.run_id
    log_trials(counting, experiment_id, parent, TRIALS)
    assert len(calls) == 3 * len(TRIALS)
