"""All candidates' fits, side by side in worker processes, each kept in the store as it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from flows.fitting import fit_job
from flows.line import Line, Receipt
from flows.progress import watcher
from pipelines.adapters import formats, workers
from pipelines.config import Candidate, Compute
from pipelines.estimators.registry import TRUSTED_TYPES
from pipelines.records import CandidateFit, Trial
from pipelines.steps.calibrate import CalibrationError, calibrate
from pipelines.steps.train import Fit, collect, plan

__all__ = ["WORKER_MODULES", "fit_all", "fit_folder", "limits", "load_fits"]

# Imported once, in the server that worker processes are forked from: all that a fit needs, for
# what is missing here each of a training's fits imports anew, Numba for half a second.
WORKER_MODULES = (
    "flows.fitting",
    "pipelines.estimators.baselines",
    "pipelines.estimators.logistic",
    "pipelines.estimators.mlp",
    "pipelines.estimators.preprocessing",
    "pipelines.estimators.reference",
    "pipelines.estimators.registry",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.tree",
)
MEMORY_SHARE = 0.8
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def limits(compute: Compute) -> workers.Limits:
    """What a worker process may use; by default the cores, and four fifths of the memory."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    cores = compute.cores or (len(affinity(0)) if affinity else os.cpu_count() or 1)
    if compute.memory_gb is None:
        memory = int(_memory() * MEMORY_SHARE / cores)
    else:
        memory = int(compute.memory_gb * workers.GIGABYTE)
    return workers.Limits(processes=cores, memory=memory, seconds=compute.minutes * 60)


def _memory() -> int:
    """Bytes that this process may use: the machine's, or a container's limit."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(physical, int(CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or the word "max"
        return physical


def fit_all(line: Line, table: Receipt, parts: Receipt) -> tuple[list[dict[str, Any]], bool]:
    """The facts of each candidate in the configuration's order, and whether all are final.

    A candidate that failed by memory, time or a kill is not final: the next run tries again.
    """
    facts: dict[str, dict[str, Any]] = {}
    waiting: list[Candidate] = []
    final = True
    for candidate in line.config.candidates:
        _, entry = line.fit_entry(parts.key, candidate)
        planned = len(plan(candidate, line.folds))
        if entry is None:
            waiting.append(candidate)
            watcher().fits(candidate.name, 0, planned, "")
        else:
            facts[candidate.name] = entry.facts
            watcher().fits(candidate.name, planned, planned, "unchanged")
    for fitted, transient in _fitted(line, table, parts, waiting):
        final &= not transient
        facts[fitted.name] = _save(line, parts, fitted)
    return [facts[candidate.name] for candidate in line.config.candidates], final


def _fitted(
    line: Line, table: Receipt, parts: Receipt, candidates: list[Candidate]
) -> Iterator[tuple[CandidateFit, bool]]:
    """As `_run`; candidates that search come last, fitted with the best parameters found."""
    yield from _run(line, table, parts, [each for each in candidates if not each.search])
    searching = [each for each in candidates if each.search]
    if not searching:
        return
    from flows.searches import search_all  # brings Optuna

    found: list[Candidate] = []
    trials: dict[str, tuple[Trial, ...]] = {}
    for searched in search_all(line, table, parts, searching, limits(line.config.compute)):
        name = searched.candidate.name
        trials[name] = searched.trials
        if searched.found is not None:
            found.append(searched.found)
            continue
        watcher().fits(name, 0, 1, f"failed: {searched.reason}")
        failed = _failed(searched.candidate, searched.reason)
        yield replace(failed, trials=searched.trials), searched.transient
    for fitted, transient in _run(line, table, parts, found):
        yield _with_trials(fitted, trials[fitted.name]), transient


def _with_trials(fitted: CandidateFit, trials: tuple[Trial, ...]) -> CandidateFit:
    """The record of a candidate that was searched for, with a word on trials that failed."""
    failed = [each for each in trials if each.state == "failed"]
    said = [
        f"{len(failed)} of {len(trials)} trials failed; trial {each.number}: {each.reason}"
        for each in failed[:1]
    ]
    return replace(fitted, trials=trials, warnings=(*fitted.warnings, *said))


def load_fits(line: Line, fits: Receipt, pipelines: bool = True) -> list[CandidateFit]:
    """The candidates' records that a train receipt speaks of, verified by the store.

    Raises
    ------
    LookupError
        If a fit has gone from the store since the receipt was made.
    """
    trusted = TRUSTED_TYPES if pipelines else None
    return [
        formats.read_fit(fit_folder(line, fits, facts["name"]), facts, trusted)
        if not facts["reason"]
        else formats.read_fit(Path(), facts)
        for facts in fits.facts["fits"]
    ]


def fit_folder(line: Line, fits: Receipt, name: str) -> Path:
    """Where a fitted candidate lies."""
    candidate = next(each for each in line.config.candidates if each.name == name)
    _, entry = line.fit_entry(fits.facts["split"], candidate)
    if entry is None:
        raise LookupError(f"The fit of {name} has gone from {line.derived}. Train again.")
    return entry.folder


def _save(line: Line, parts: Receipt, fitted: CandidateFit) -> dict[str, Any]:
    """The facts of a candidate; a fitted one is kept in the store."""
    if fitted.reason:
        facts = asdict(replace(fitted, pipeline=None))
        del facts["pipeline"]
        return facts
    candidate = next(c for c in line.config.candidates if c.name == fitted.name)
    key = line.key("fit", parts.key, candidate=candidate)
    with line.store.make(key) as (folder, facts):
        facts.update(formats.write_fit(folder, fitted))
    return facts


def _run(
    line: Line, table: Receipt, parts: Receipt, candidates: list[Candidate]
) -> Iterator[tuple[CandidateFit, bool]]:
    """Each candidate's record as its last fit ends, and whether a failure was transient."""
    jobs = {each.name: plan(each, line.folds, line.decides) for each in candidates}
    folders = (Path(table.folder), Path(parts.folder))
    fixed = (*folders, line.column_types, line.config.split, line.folds)
    tasks = [workers.Task(name, (*fixed, job)) for name, each in jobs.items() for job in each]
    by_name = {candidate.name: candidate for candidate in candidates}
    done: dict[str, list[tuple[Fit, float]]] = {name: [] for name in jobs}
    for outcome in workers.run(fit_job, tasks, limits(line.config.compute)):
        name = outcome.task.group
        candidate = by_name[name]
        if outcome.reason:
            watcher().fits(name, len(done[name]), len(jobs[name]), f"failed: {outcome.reason}")
            yield _failed(candidate, outcome.reason), outcome.transient
            continue
        done[name].append(outcome.result)
        watcher().fits(name, len(done[name]), len(jobs[name]), "")
        if len(done[name]) == len(jobs[name]):
            # The fit that is kept may end before a fold's: it alone carries the pipeline.
            ordered = sorted(done[name], key=lambda pair: pair[0].pipeline is not None)
            fits = [fit for fit, _ in ordered]
            yield _decided(line, candidate, collect(candidate, fits, ordered[-1][1]), fits), False


def _decided(
    line: Line, candidate: Candidate, fitted: CandidateFit, fits: list[Fit]
) -> CandidateFit:
    """The candidate with its calibrator and its threshold, or failed for want of one."""
    if not line.decides:
        return fitted
    held = [fit.held_out for fit in fits if fit.held_out is not None]
    try:
        return calibrate(fitted, held, *line.decision)
    except CalibrationError as error:
        watcher().fits(candidate.name, len(fits), len(fits), f"failed: {error}")
        return _failed(candidate, str(error))


def _failed(candidate: Candidate, reason: str) -> CandidateFit:
    return CandidateFit(
        name=candidate.name,
        estimator=candidate.estimator,
        reason=reason,
        parameters=candidate.parameters,
    )
