"""A step becomes a task: load what it needs from the store, call it, save what comes back.

Tasks pass receipts. A step whose key is in the store is skipped, as long as what it did
outside the store (the run, the version, the bundle, the alias) is still there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import (
    bundles,
    keys,
    portables,
    profiles,
    promoting,
    publishing,
    releasing,
    rival,
)
from flows.faults import failpoint
from flows.fits import fit_all, load_fits
from flows.line import Line, Receipt
from flows.progress import watcher
from flows.reading import read_table
from pipelines.adapters import formats
from pipelines.adapters.store import Key, write_folder
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.config import contract
from pipelines.drift.profile import profile
from pipelines.explanation.explain import explain
from pipelines.leaks import find
from pipelines.records import Cost, DataError, Parts, Table
from pipelines.steps import evaluate as evaluating
from pipelines.steps import register as registering
from pipelines.steps import split as splitting
from pipelines.steps.export import bundle
from pipelines.steps.train import align

__all__ = ["evaluate", "export", "ingest", "promote", "register", "split", "train"]

Facts = dict[str, Any]
P = ParamSpec("P")


def step(function: Callable[P, Receipt]) -> Callable[P, Receipt]:
    """The function as a Prefect task of its name; Prefect shows a skipped step as skipped.

    The store decides whether a step runs. Prefect's own cache would hash every input, and
    its key would never hit in another run.
    """

    @task(name=function.__name__, cache_policy=NO_CACHE, persist_result=False)
    @wraps(function)
    def run(*arguments: P.args, **named: P.kwargs) -> State[Receipt]:
        receipt = function(*arguments, **named)
        said = f"key {receipt.key[:12]}"
        return Completed(name="Ran" if receipt.ran else "Skipped", message=said, data=receipt)

    @wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> Receipt:
        result: Receipt = run(*arguments, **named).result()
        return result

    return call


def _rows(table: Receipt, parts: Receipt) -> tuple[Table, Parts]:
    """The table and its split, aligned."""
    rows = formats.read_table(Path(table.folder))
    return rows, formats.read_parts(Path(parts.folder) / "split.parquet", rows)


def _step(line: Line, key: Key, fill: Callable[[Path, Facts], None]) -> Receipt:
    """The receipt of a step: out of the store, or of what `fill` puts there now."""
    watcher().begin(key.step)
    started = time.perf_counter()
    entry = line.store.get(key)
    ran = entry is None or not keys.stands(line, key.step, entry.facts)
    if ran:
        if entry is not None:
            line.store.drop(key)
        with line.store.make(key) as (folder, facts):
            fill(folder, facts)
    else:
        assert entry is not None
        facts = entry.facts
    line.note_key(key)
    seconds = time.perf_counter() - started
    watcher().end(key.step, "ran" if ran else "skipped", seconds)
    failpoint(f"after_{key.step}")
    return Receipt(key.step, key.digest, ran, seconds, str(line.store.folder(key)), facts)


@step
def ingest(line: Line) -> Receipt:
    """The table, checked against its contract."""

    def fill(folder: Path, facts: Facts) -> None:
        raw, table = read_table(line.origin, line.config)
        if raw.sha256 != line.origin.sha256:
            raise DataError("changed while it was read. Train again.", path=line.origin.place)
        formats.write_table(folder, table)
        facts.update(
            sha256=raw.sha256,
            rows=len(table.codes),
            columns=raw.table.num_columns,
            notes=list(table.notes),
        )

    try:
        return _step(line, keys.ingest(line), fill)
    finally:
        line.origin.close()


@step
def split(line: Line, table: Receipt) -> Receipt:
    """The part of every row, and what leaks."""

    def fill(folder: Path, facts: Facts) -> None:
        rows = formats.read_table(Path(table.folder))
        parts = splitting.split(rows, line.config.split)
        formats.write_parts(folder, parts, rows)
        facts.update({name: int(parts.where(name).sum()) for name in parts.NAMES})
        facts["notes"] = list(parts.notes)
        facts["leaks"] = [asdict(leak) for leak in find(rows, parts, line.config.columns)]

    return _step(line, keys.split(line, table.key), fill)


@step
def train(line: Line, table: Receipt, parts: Receipt) -> Receipt:
    """Every candidate, fitted or failed with its reason."""

    def fill(_: Path, facts: Facts) -> None:
        if line.folds is not None:  # what cannot be folded is told once, not by every fit
            splitting.folds_of(*_rows(table, parts), line.config.split, line.folds)
        facts["fits"], facts["final"] = fit_all(line, table, parts)
        facts["split"] = parts.key

    return _step(line, keys.train(line, parts.key), fill)


@step
def evaluate(line: Line, table: Receipt, parts: Receipt, fits: Receipt) -> Receipt:
    """Metrics, the winner, the comparison with the champion; logged as a run of MLflow."""
    client = tracking.connect(line.workspace)
    fitted = keys.fitted(fits.key, fits.facts)
    digest = rival.rival_digest(registry.champion(client, line.model), fitted)
    key = keys.evaluate(line, fitted, digest)

    def fill(folder: Path, facts: Facts) -> None:
        version = rival.find(client, line.model, digest)
        champion = rival.load(client, line, version) if version else None
        rows, split_rows = _rows(table, parts)
        records = load_fits(line, fits)
        evaluation = evaluating.evaluate(
            records,
            rows,
            split_rows,
            champion,
            metric=line.config.promotion.metric,
            slices=line.config.evaluation.slices,
            columns=line.config.columns,
        )
        facts.update(formats.write_evaluation(folder, evaluation))
        told = (evaluation.winner, rows, split_rows, line.config.columns, align)
        formats.write_explanation(folder, explain(records, *told))
        facts.update(rival=digest, champion=version.number if version else None)
        answers = evaluation.answers(rows.classes, split_rows.digests[split_rows.where("test")])
        facts["run_id"] = publishing.log_training(
            line, client, key.digest, (table, parts, fits), records, evaluation, answers
        )

    return _step(line, key, fill)


@step
def register(line: Line, table: Receipt, parts: Receipt, fits: Receipt, judged: Receipt) -> Receipt:
    """The winner's proven graph as a version of the registered model."""
    client = tracking.connect(line.workspace)
    winner = judged.facts["winner"]
    made_by = keys.fitted(fits.key, fits.facts)

    def fill(folder: Path, facts: Facts) -> None:
        (fitted,) = (each for each in load_fits(line, fits) if each.name == winner)
        rows, split_rows = _rows(table, parts)
        X = rows.features.filter(split_rows.where("test")).to_pandas()
        lineage = publishing.lineage(line, table, parts, winner)
        most = line.config.promotion.max_size_mb
        made = registering.register(fitted.pipeline, X, contract(line.config), lineage, most)
        sha256 = hashlib.sha256(made.model).hexdigest()
        (folder / "model.onnx").write_bytes(made.model)
        if made.portable is not None:
            (folder / portables.FILE).write_bytes(made.portable)
        with tracking.locked(line.workspace, f"register-{line.model}"):
            version = registry.find_version(client, line.model, sha256)
            if version is None:
                tags = {
                    rival.TRAINED_BY: made_by,
                    rival.RIVAL: judged.facts["rival"],
                    rival.ROWS_BY: rival.rows_by(line),
                }
                tags |= lineage | publishing.kinds(line, winner)
                version = publishing.register_version(line, client, judged, made, X, tags)
            profiles.keep(client, version, profile(rows, contract(line.config)))
            portables.keep(client, version, made)
        failpoint("after_version")
        facts.update(
            winner=winner,
            train=made_by,
            sha256=sha256,
            version=version.number,
            parity=made.parity.sentence,
            portable=made.portable is not None,
            portable_note=made.portable_note,
            size_mb=len(made.model) / 1e6,
        )

    return _step(line, keys.register(line, made_by, winner), fill)


@step
def export(
    line: Line, table: Receipt, parts: Receipt, fits: Receipt, judged: Receipt, version: Receipt
) -> Receipt:
    """The proven bundle for other runtimes under data/derived/exports/NAME/VERSION."""
    client = tracking.connect(line.workspace)
    number = version.facts["version"]

    def fill(_: Path, facts: Facts) -> None:
        release = releasing.release(line, (table, parts, fits, judged, version))
        files = bundle.export(release)
        known = registry.resolve(client, f"models:/{line.model}/{number}")
        with tracking.locked(line.workspace, f"export-{line.model}"):
            bundles.keep(client, known, judged.facts["run_id"], files)
            told = bundles.concluded(line, client, known, files)
            write_folder(keys.bundle_folder(line, number), told)
        facts.update(
            version=number,
            files={name: hashlib.sha256(data).hexdigest() for name, data in told.items()},
            cost=asdict(release.cost),
        )

    return _step(line, keys.export(line, version.key, number), fill)


@step
def promote(
    line: Line, parts: Receipt, judged: Receipt, version: Receipt, exported: Receipt
) -> Receipt:
    """The decision on the evidence; moves the alias where it says so."""
    client = tracking.connect(line.workspace)
    mine = registry.Version(line.model, version.facts["version"], judged.facts["run_id"], {})
    key = keys.promote(line, judged.key, version.key, mine.number)

    def fill(_: Path, facts: Facts) -> None:
        cost = Cost(**exported.facts["cost"])
        receipts = (parts, judged, version)
        verdict = promoting.decide_and_move(line, client, key.digest, receipts, cost)
        promoting.note_decision(line, client, mine, judged, verdict, cost)
        facts.update(
            **asdict(verdict.decision),
            final=verdict.final,
            version=mine.number,
            decisions=verdict.decisions,
        )

    return _step(line, key, fill)
