"""train: one fitted pipeline a candidate, and the log loss that it is chosen by.

A candidate is fitted once a fold, scored on the rows of that fold, and then fitted on all
training rows; or fitted once and scored on the validation rows. Each fit is a job of its
own, so that the caller can spread the jobs over processes.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.config import Candidate
from pipelines.estimators.registry import build
from pipelines.metrics import log_losses
from pipelines.records import CandidateFit, Parts, Table
from pipelines.steps.calibrate import HeldOut, groups_of

__all__ = ["Fit", "Job", "TrainingError", "collect", "fit", "plan"]

SHOWN = 10


class TrainingError(ValueError):
    """No candidate could be fitted; each reason is in the message."""


@dataclass(frozen=True)
class Job:
    """One fit of one candidate: which rows it learns from, and which it is scored on.

    `fold` is −1 for the fit on all training rows. `probabilities` says whether those of the
    scored rows are wanted too, for a calibrator or a threshold.
    """

    candidate: Candidate
    fold: int = -1
    probabilities: bool = False


@dataclass(frozen=True)
class Fit:
    """What one job gives back: the loss of each scored row, and for fold −1 the pipeline.

    `held_out` holds the scored rows' probabilities, where they are wanted and there are any.
    """

    losses: NDArray[np.float64]
    pipeline: Any
    curve: tuple[float, ...]
    warnings: tuple[str, ...]
    held_out: HeldOut | None = None


def plan(candidate: Candidate, folds: int | None, probabilities: bool = False) -> list[Job]:
    """The jobs of a candidate: its folds, if any, and the fit that is kept."""
    return [Job(candidate, fold, probabilities) for fold in (*range(folds or 0), -1)]


def fit(
    job: Job, table: Table, parts: Parts, folds: NDArray[np.int8], columns: Mapping[str, str]
) -> Fit:
    """The job's fitted pipeline and its losses on the rows held out.

    Parameters
    ----------
    folds : ndarray of int8
        The fold of each row, −1 outside the training part; −2 for a training row that no
        fold's fit learns from.
    columns : mapping
        Column name → type of the contract.

    Raises
    ------
    FloatingPointError
        If the fitted pipeline gives a probability that is no number.
    """
    train = parts.where("train")
    learned = train & (folds != job.fold) & (folds >= -1) if job.fold >= 0 else train
    scored = folds == job.fold if job.fold >= 0 else parts.where("validation")
    numbers = [name for name, kind in columns.items() if kind != "category"]
    categories = [name for name, kind in columns.items() if kind == "category"]
    pipeline = build(job.candidate.estimator, job.candidate.parameters, numbers, categories)
    labels = table.labels
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pipeline.fit(_frame(table, learned), labels[learned])
    probabilities = align(pipeline, _frame(table, scored), table.classes)
    return Fit(
        losses=log_losses(probabilities, table.codes[scored]),
        pipeline=pipeline if job.fold < 0 else None,
        curve=tuple(float(v) for v in getattr(pipeline[-1], "loss_curve_", ())),
        warnings=(*dict.fromkeys(str(w.message).strip() for w in caught), *_dropped(pipeline)),
        held_out=_held_out(job, table, parts, scored, probabilities) if job.probabilities else None,
    )


def _held_out(
    job: Job,
    table: Table,
    parts: Parts,
    scored: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
) -> HeldOut | None:
    rows = np.flatnonzero(scored)
    if not rows.size:
        return None
    codes = table.codes[rows]
    folded = job.fold >= 0
    groups = np.full(len(rows), job.fold) if folded else groups_of(parts.digests[rows], codes)
    return HeldOut(rows, groups.astype(np.int8), codes, probabilities)


def _dropped(pipeline: Any) -> list[str]:
    """A sentence with the columns that tell no training row from another, if there are any."""
    names = [repr(name) for name in pipeline[0].dropped_]
    if not names:
        return []
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [f"dropped, one value in all training rows: {', '.join(names[:SHOWN])}{more}"]


def align(pipeline: Any, X: pd.DataFrame, classes: Sequence[Any]) -> NDArray[np.float64]:
    """Probabilities with one column a class of the table, zero where the fit saw none of it."""
    out = np.zeros((len(X), len(classes)))
    if len(X):
        known = [classes.index(label) for label in pipeline.classes_.tolist()]
        out[:, known] = pipeline.predict_proba(X)
    if not np.isfinite(out).all():
        raise FloatingPointError(
            "the fitted model gives a probability that is no number: it diverged"
        )
    return out


def collect(candidate: Candidate, fits: Sequence[Fit], seconds: float) -> CandidateFit:
    """The candidate's record from its jobs' results, the last of them the fit that is kept."""
    losses = [each.losses for each in fits if each.losses.size]
    return CandidateFit(
        name=candidate.name,
        estimator=candidate.estimator,
        pipeline=fits[-1].pipeline,
        selection_loss=float(np.concatenate(losses).mean()),
        fit_seconds=seconds,
        curve=fits[-1].curve,
        warnings=fits[-1].warnings,
        parameters=candidate.parameters,
    )


def _frame(table: Table, rows: NDArray[np.bool_]) -> pd.DataFrame:
    frame: pd.DataFrame = table.features.filter(rows).to_pandas()
    return frame
