"""One MLflow run a training, one child run a candidate."""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_PARENT_RUN_ID

from pipelines.adapters.tracking.trials import TrialRun, log_trials

__all__ = [
    "ArtifactError",
    "CandidateRun",
    "SourceFacts",
    "TrainingRun",
    "TrialRun",
    "add_artifacts",
    "copy_tags",
    "latest_training",
    "log_training",
    "logged_candidates",
    "logged_metrics",
    "read_artifact",
    "run_exists",
    "run_tags",
    "set_run_tags",
]

KEY = "logitline.key"
METRICS_A_CALL = 900
PARAMS_A_CALL = 100
PARAM_LENGTH = 500
TAG_LENGTH = 5_000
# What every database holds; MLflow's UI cannot read a schema that was cut.
SCHEMA_LENGTH = 60_000


class ArtifactError(LookupError):
    """A run's file cannot be had."""


@dataclass(frozen=True)
class SourceFacts:
    """The table that a training read."""

    name: str
    location: str
    sha256: str
    rows: int
    columns: Mapping[str, str]


@dataclass(frozen=True)
class CandidateRun:
    """What a child run keeps; a reason marks it as failed."""

    name: str
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    curve: Sequence[float] = ()
    reason: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    trials: Sequence[TrialRun] = ()


@dataclass(frozen=True)
class TrainingRun:
    """What the parent run keeps, and its children."""

    name: str
    key: str
    source: SourceFacts
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artifacts: Mapping[str, bytes]
    candidates: Sequence[CandidateRun]


def run_exists(client: MlflowClient, run_id: str) -> bool:
    """Whether the run is there and was logged to its end."""
    try:
        run = client.get_run(run_id)
    except MlflowException:
        return False
    return run.info.lifecycle_stage == "active" and run.info.status == "FINISHED"


def log_training(client: MlflowClient, experiment_id: str, training: TrainingRun) -> str:
    """The id of the training's run; one that was logged before under this key is reused.

    A run that an earlier process left half logged is deleted and logged anew.
    """
    mine = f"tags.`{KEY}` = '{training.key}'"
    for run in client.search_runs([experiment_id], filter_string=mine):
        if run.info.status == "FINISHED":
            return str(run.info.run_id)
        _delete(client, experiment_id, run.info.run_id)
    parent = client.create_run(
        experiment_id, run_name=training.name, tags=_short({KEY: training.key, **training.tags})
    ).info.run_id
    for candidate in training.candidates:
        _log_candidate(client, experiment_id, parent, candidate, training)
    _log(client, parent, training.parameters, training.metrics)
    client.log_inputs(parent, [_dataset(training.source)])
    add_artifacts(client, parent, training.artifacts)
    client.set_terminated(parent, "FINISHED")
    return str(parent)


def add_artifacts(client: MlflowClient, run_id: str, artifacts: Mapping[str, bytes]) -> None:
    """Log files by name; a name may hold folders."""
    if not artifacts:
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, content in artifacts.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(run_id, folder)


def read_artifact(client: MlflowClient, run_id: str, name: str) -> bytes:
    """The content of a run's file.

    Raises
    ------
    ArtifactError
        If the file or the run is not there, or cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            return Path(client.download_artifacts(run_id, name, folder)).read_bytes()
        except (OSError, MlflowException) as error:
            raise ArtifactError(str(error)) from None


def latest_training(client: MlflowClient, experiment: str) -> str | None:
    """The id of the newest training that was logged to its end, or None."""
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return None
    done = client.search_runs(
        [found.experiment_id],
        filter_string=f"attributes.status = 'FINISHED' and tags.`{KEY}` != ''",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    return str(done[0].info.run_id) if done else None


def logged_metrics(client: MlflowClient, run_id: str) -> dict[str, float]:
    """The last value of each metric of a run; nothing of a run that is gone."""
    if not run_id:
        return {}
    try:
        metrics: dict[str, float] = client.get_run(run_id).data.metrics
    except MlflowException:
        return {}
    return dict(metrics)


def run_tags(client: MlflowClient, run_id: str) -> dict[str, str]:
    """The tags of a run; nothing of a run that is gone."""
    if not run_id:
        return {}
    try:
        tags: dict[str, str] = client.get_run(run_id).data.tags
    except MlflowException:
        return {}
    return dict(tags)


def logged_candidates(client: MlflowClient, run_id: str) -> list[CandidateRun]:
    """The candidates of a training as its child runs keep them."""
    experiment_id = client.get_run(run_id).info.experiment_id
    mine = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{run_id}'"
    return [
        CandidateRun(
            name=run.info.run_name,
            parameters=run.data.params,
            metrics=run.data.metrics,
            reason=run.data.tags.get("reason", ""),
            tags=run.data.tags,
        )
        for run in client.search_runs(
            [experiment_id], filter_string=mine, order_by=["attributes.start_time ASC"]
        )
    ]


def _log_candidate(
    client: MlflowClient,
    experiment_id: str,
    parent: str,
    candidate: CandidateRun,
    training: TrainingRun,
) -> None:
    tags = {MLFLOW_PARENT_RUN_ID: parent, **training.tags, **candidate.tags}
    if candidate.reason:
        tags["reason"] = candidate.reason
    run = client.create_run(experiment_id, run_name=candidate.name, tags=_short(tags))
    run_id = run.info.run_id
    _log(client, run_id, candidate.parameters, candidate.metrics, candidate.curve)
    client.log_inputs(run_id, [_dataset(training.source)])
    add_artifacts(client, run_id, candidate.artifacts)
    log_trials(client, experiment_id, run_id, candidate.trials)
    client.set_terminated(run_id, "FAILED" if candidate.reason else "FINISHED")


def _log(
    client: MlflowClient,
    run_id: str,
    parameters: Mapping[str, object],
    metrics: Mapping[str, float],
    curve: Sequence[float] = (),
) -> None:
    now = int(time.time() * 1000)
    points = [Metric(k, float(v), now, 0) for k, v in metrics.items() if math.isfinite(v)]
    points += [
        Metric("training_loss", float(loss), now, step)
        for step, loss in enumerate(curve)
        if math.isfinite(loss)
    ]
    params = [Param(k, str(v)[:PARAM_LENGTH]) for k, v in parameters.items()]
    for start in range(0, len(params), PARAMS_A_CALL):
        client.log_batch(run_id, params=params[start : start + PARAMS_A_CALL])
    client.log_batch(run_id, metrics=points[:METRICS_A_CALL])
    for start in range(METRICS_A_CALL, len(points), METRICS_A_CALL):
        client.log_batch(run_id, metrics=points[start : start + METRICS_A_CALL])


def _dataset(source: SourceFacts) -> DatasetInput:
    """The table as a dataset input, under its own digest: MLflow's covers 10,000 rows only."""
    columns = [{"name": n, "type": t, "required": True} for n, t in source.columns.items()]
    schema = json.dumps({"mlflow_colspec": columns})
    dataset = Dataset(
        name=source.name,
        digest=source.sha256[:32],
        source_type="local",
        source=json.dumps({"uri": source.location}),
        schema=schema if len(schema) <= SCHEMA_LENGTH else None,
        profile=json.dumps({"num_rows": source.rows, "num_columns": len(columns)}),
    )
    tags = [InputTag(MLFLOW_DATASET_CONTEXT, "training"), InputTag("sha256", source.sha256)]
    return DatasetInput(dataset, tags)


def _delete(client: MlflowClient, experiment_id: str, parent: str) -> None:
    children = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}'"
    for run in client.search_runs([experiment_id], filter_string=children):
        _delete(client, experiment_id, run.info.run_id)
    client.delete_run(parent)


def set_run_tags(client: MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    """Add tags to a run."""
    client.log_batch(run_id, tags=[RunTag(k, v) for k, v in _short(tags).items()])


def copy_tags(client: MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    """Add tags that stand elsewhere, too, to a run, if it is still there."""
    if not run_id:
        return
    try:
        set_run_tags(client, run_id, tags)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise


def _short(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:TAG_LENGTH] for name, value in tags.items()}
