"""The trials of a search as runs below their candidate's run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

__all__ = ["TrialRun", "log_trials"]

STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
PARAM_LENGTH, TAG_LENGTH = 500, 5_000


@dataclass(frozen=True)
class TrialRun:
    """What one trial's run keeps; its state is complete, pruned or failed."""

    name: str
    parameters: Mapping[str, object]
    state: str
    reason: str
    loss: float | None
    fold_losses: Sequence[float]
    seconds: float


def log_trials(
    client: MlflowClient, experiment_id: str, parent: str, trials: Sequence[TrialRun]
) -> None:
    """Log each trial as a run below the parent, with three calls."""
    for trial in trials:
        _log(client, experiment_id, parent, trial)


def _log(client: MlflowClient, experiment_id: str, parent: str, trial: TrialRun) -> None:
    end = int(time.time() * 1000)
    # It ran before it is logged: its times are moved so that the UI shows how long it took.
    start = end - round(trial.seconds * 1000)
    tags = {MLFLOW_PARENT_RUN_ID: parent, "logitline.state": trial.state}
    if trial.reason:
        tags["reason"] = trial.reason[:TAG_LENGTH]
    run = client.create_run(experiment_id, start_time=start, run_name=trial.name, tags=tags)
    metrics = [
        Metric("fold_log_loss", loss, end, fold) for fold, loss in enumerate(trial.fold_losses)
    ]
    metrics.append(Metric("fit_seconds", trial.seconds, end, 0))
    if trial.loss is not None:
        metrics.append(Metric("selection_log_loss", trial.loss, end, 0))
    params = [Param(name, str(value)[:PARAM_LENGTH]) for name, value in trial.parameters.items()]
    client.log_batch(run.info.run_id, metrics=metrics, params=params)
    client.set_terminated(run.info.run_id, STATUS[trial.state], end_time=end)
