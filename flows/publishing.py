"""What the line tells MLflow: runs, versions, aliases, and the tags that tie them together."""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.fits import fit_folder
from flows.line import Line, Receipt
from pipelines.adapters.answers import FILE, write_answers
from pipelines.adapters.revision import revision
from pipelines.adapters.store import file_sha256
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import models, registry, runs, views
from pipelines.config import contract
from pipelines.digests import ROOT, code_digest
from pipelines.estimators.calibration.classifier import uncalibrated
from pipelines.inference import binding, cells, columns, serving
from pipelines.metrics import Interval
from pipelines.records import CandidateFit, Decision, Evaluation, Trial
from pipelines.records.answers import Answers
from pipelines.report import figures
from pipelines.report.headings import HEADINGS, inline
from pipelines.steps.evaluate import NO_NUMBERS
from pipelines.steps.register import Registered

# The files that answer requests where this project is not installed.
LOADER = tuple(Path(str(each.__file__)) for each in (serving, binding, columns, cells))

__all__ = ["describe", "kinds", "lineage", "log_training", "measured", "register_version"]

# Labels that a description names.
SHOWN = 10


def lineage(line: Line, table: Receipt, parts: Receipt, winner: str) -> dict[str, str]:
    """The digests that name what a graph was made from: equal content, equal bytes."""
    candidate = next(c for c in line.config.candidates if c.name == winner)
    key = line.key("fit", parts.key, candidate=candidate)
    return {
        "logitline.version": importlib.metadata.version("logitline"),
        "logitline.candidate": winner,
        "logitline.dataset_sha256": table.facts["sha256"],
        "logitline.split": parts.key,
        "logitline.config": key.config,
        "logitline.code": key.code,
        **_lock(),
    }


def log_training(
    line: Line,
    client: Any,
    key: str,
    receipts: tuple[Receipt, Receipt, Receipt],
    fits: Sequence[CandidateFit],
    evaluation: Evaluation,
    answers: Answers,
) -> str:
    """The id of the run that holds this evaluation, its candidates as child runs.

    Parameters
    ----------
    answers : Answers
        The winner's, to the test rows.
    """
    table, parts, _ = receipts
    now = datetime.now(UTC)
    training = runs.TrainingRun(
        name=f"{line.model} {now:%Y-%m-%d %H:%M} {evaluation.winner}",
        key=key,
        source=runs.SourceFacts(
            name=line.origin.name,
            location=line.origin.location,
            sha256=table.facts["sha256"],
            rows=table.facts["rows"],
            columns=line.column_types,
        ),
        parameters=_run_parameters(line, parts, evaluation),
        metrics=_metrics(evaluation.scores[evaluation.winner]),
        tags=_run_tags(line, table, parts) | kinds(line, evaluation.winner),
        artifacts={
            "candidates.png": figures.png(figures.candidates(evaluation.scores, evaluation.winner)),
            FILE: write_answers(answers),
            "split.parquet": (Path(parts.folder) / "split.parquet").read_bytes(),
            "config.toml": line.config_path.read_bytes(),
            "pipeline/pipeline.skops": _kept_pipeline(line, receipts[2], evaluation.winner),
        },
        candidates=[
            _candidate_run(fit, evaluation, answers.classes, kinds(line, fit.name)) for fit in fits
        ],
    )
    # With the lock held, a run that is half logged was left by a process that is gone.
    with tracking.locked(line.workspace, f"log-{line.model}"):
        experiment = tracking.experiment(client, line.workspace, line.model)
        views.save(client, experiment)
        return runs.log_training(client, experiment, training)


def register_version(
    line: Line,
    client: Any,
    judged: Receipt,
    made: Registered,
    X: Any,
    tags: Mapping[str, str],
) -> registry.Version:
    """A new version of the registered model, tagged before it can be found."""
    run_id = judged.facts["run_id"]
    logged = models.log_model(client, run_id, made.model, contract(line.config), X, LOADER)
    sha256 = hashlib.sha256(made.model).hexdigest()
    known = {registry.SHA256: sha256, "logitline.parity": made.parity.sentence}
    return registry.create_version(
        client, line.model, logged.location, run_id, {**tags, **known}, logged.model_id
    )


def describe(
    line: Line, client: Any, version: registry.Version, evaluation: Evaluation, decision: Decision
) -> None:
    """Say in MLflow what the model is, and how this version came out."""
    source, winner = line.config.source, evaluation.winner
    labels = [str(label) for label in sorted(source.classes)]
    shown = ", ".join(labels[:SHOWN]) + (", …" if len(labels) > SHOWN else "")
    of_model = (
        f"Predicts `{source.target}` ({shown}) from {len(line.config.columns)} columns of "
        f"{line.origin.name}. The alias `champion` is the version in use; every decision on it: "
        f"`logitline history {line.config_path.name}`."
    )
    estimator = kinds(line, winner)["estimator"]
    named = winner if winner == estimator else f"{winner} ({estimator})"
    of_version = (
        f"{named}, trained on {line.origin.name}: {measured(evaluation)}. {decision.sentence}"
    )
    registry.describe(client, version, of_model, of_version)


def measured(evaluation: Evaluation) -> str:
    """The winner's value of the metric that decides, with its interval, or that it has none."""
    score = evaluation.scores[evaluation.winner][evaluation.metric]
    metric, rows = inline(HEADINGS[evaluation.metric]), f"{len(evaluation.codes)} test rows"
    if not (math.isfinite(score.value) and math.isfinite(score.low)):
        return f"{metric} is not defined on its {rows}"
    return f"{metric} {score.value:.4f} [{score.low:.4f}, {score.high:.4f}] on {rows}"


def kinds(line: Line, candidate: str) -> dict[str, str]:
    """What runs and versions are filtered by in MLflow's UI."""
    estimator = next(c.estimator for c in line.config.candidates if c.name == candidate)
    return {"dataset": line.origin.name, "estimator": estimator}


def _candidate_run(
    fit: CandidateFit,
    evaluation: Evaluation,
    classes: tuple[Any, ...],
    tags: Mapping[str, str],
) -> runs.CandidateRun:
    # The comparison page draws the first three names of the alphabet that differ: these,
    # which every candidate has. The estimator's own follow under scikit-learn's names.
    configured = ", ".join(f"{name}={value}" for name, value in fit.parameters.items())
    known = {
        "candidate": fit.name,
        "configured": configured or "defaults",
        "estimator": fit.estimator,
    }
    reason = fit.reason or ("" if fit.name in evaluation.scores else NO_NUMBERS)
    trials = [_trial_run(fit, trial) for trial in fit.trials]
    if reason:
        return runs.CandidateRun(
            name=fit.name,
            parameters=known | _named(fit.parameters),
            metrics={},
            reason=reason,
            tags={"logitline.winner": "false", **tags},
            trials=trials,
        )
    return runs.CandidateRun(
        name=fit.name,
        parameters=known
        | _named(uncalibrated(fit.pipeline[-1]).get_params(deep=False))
        | fit.decision,
        metrics={
            **_metrics(evaluation.scores[fit.name]),
            "selection_log_loss": fit.selection_loss,
            "fit_seconds": fit.fit_seconds,
        },
        curve=fit.curve,
        tags={
            **tags,
            "logitline.winner": str(fit.name == evaluation.winner).lower(),
            **({"logitline.warnings": "\n".join(fit.warnings)} if fit.warnings else {}),
        },
        artifacts=_plots(fit, evaluation, classes),
        trials=trials,
    )


def _plots(fit: CandidateFit, evaluation: Evaluation, classes: tuple[Any, ...]) -> dict[str, bytes]:
    """A candidate's figures as PNG, by their paths among its run's artifacts."""
    answers = (evaluation.probabilities[fit.name], evaluation.labels[fit.name])
    drawn = figures.candidate_figures(classes, evaluation.codes, *answers, fit.curve)
    return {f"plots/{name}.png": figures.png(figure) for name, figure in drawn.items()}


def _trial_run(fit: CandidateFit, trial: Trial) -> runs.TrialRun:
    return runs.TrialRun(
        name=f"{fit.name} trial {trial.number}",
        parameters={"candidate": fit.name, "estimator": fit.estimator}
        | _named({**fit.parameters, **trial.parameters}),
        state=trial.state,
        reason=trial.reason,
        loss=trial.loss,
        fold_losses=trial.fold_losses,
        seconds=trial.seconds,
    )


def _named(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {f"estimator__{name}": value for name, value in parameters.items()}


def _metrics(scores: Mapping[str, Interval]) -> dict[str, float]:
    out: dict[str, float] = {}
    for name, interval in scores.items():
        out |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return {name: value for name, value in out.items() if not math.isnan(value)}


def _run_parameters(line: Line, parts: Receipt, evaluation: Evaluation) -> dict[str, Any]:
    config = line.config
    return {
        "winner": evaluation.winner,
        "selected_by": config.selection.by,
        **{f"split_{name}": value for name, value in config.split.model_dump().items()},
        **{f"{name}_rows": parts.facts[name] for name in ("train", "validation", "test")},
    }


def _run_tags(line: Line, table: Receipt, parts: Receipt) -> dict[str, str]:
    tags = {
        "logitline.dataset_sha256": table.facts["sha256"],
        "logitline.split": parts.key,
        "logitline.config_sha256": file_sha256(line.config_path),
        "logitline.code": code_digest("flows.tasks"),
        "logitline.version": importlib.metadata.version("logitline"),
    }
    tags |= _lock()
    found = revision(line.workspace)
    if found is not None:
        tags |= {"mlflow.source.git.commit": found.commit, "git.dirty": str(found.dirty).lower()}
    return tags


def _lock() -> dict[str, str]:
    """The digest of requirements.lock; nothing where the project runs without one."""
    lock = ROOT / "requirements.lock"
    return {"logitline.lock_sha256": file_sha256(lock)} if lock.is_file() else {}


def _kept_pipeline(line: Line, fits: Receipt, winner: str) -> bytes:
    return (fit_folder(line, fits, winner) / "pipeline.skops").read_bytes()
