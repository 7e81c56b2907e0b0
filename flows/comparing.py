"""`logitline compare`: the last training's candidates and the versions over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.differences import differences
from flows.line import open_line
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import history, registry, runs
from pipelines.metrics import METRICS
from pipelines.promotion.history import Reign, reigns

__all__ = ["Comparison", "comparison"]


@dataclass(frozen=True)
class Comparison:
    """What stands side by side; candidates as in the JSON of `train`, versions newest first."""

    model: str
    metric: str
    winner: str
    candidates: Sequence[dict[str, Any]]
    versions: Sequence[dict[str, Any]]


def comparison(config: Path, workspace: Path) -> Comparison:
    """The candidates and versions that MLflow keeps for this configuration.

    Raises
    ------
    NoVersionError
        If nothing was trained yet.
    """
    line = open_line(config, workspace, look=False)
    client = tracking.connect(line.workspace)
    run_id = runs.latest_training(client, line.model)
    if run_id is None:
        raise registry.NoVersionError(
            f"{line.model} has not been trained in {line.workspace}. "
            f"Train it first: logitline train {config}"
        )
    candidates = runs.logged_candidates(client, run_id)
    named = registry.aliases(client, line.model)
    metric = line.config.promotion.metric
    found = registry.versions(client, line.model)
    champion = next((v for v in found if registry.CHAMPION in named.get(v.number, [])), None)
    spans = reigns(history.entries(client, line.model))
    gaps = differences(client, found, champion, metric)
    return Comparison(
        model=line.model,
        metric=metric,
        winner=next((c.name for c in candidates if c.tags["logitline.winner"] == "true"), ""),
        candidates=[_candidate(each) for each in candidates],
        versions=[
            _version(client, each, named.get(each.number, []), metric)
            | {
                "champion": _times(each.number, spans),
                "difference": gaps[each.number].as_json,
                "difference_note": gaps[each.number].note,
            }
            for each in found
        ],
    )


def _candidate(run: runs.CandidateRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "status": "failed" if run.reason else "fitted",
        "reason": run.reason,
        "fit_seconds": run.metrics.get("fit_seconds"),
        "selection_log_loss": run.metrics.get("selection_log_loss"),
        "metrics": {} if run.reason else {name: _interval(run.metrics, name) for name in METRICS},
    }


def _version(
    client: Any, version: registry.Version, aliases: list[str], metric: str
) -> dict[str, Any]:
    metrics = runs.logged_metrics(client, version.run_id)
    made = datetime.fromtimestamp(version.made / 1000, UTC)
    return {
        "version": version.number,
        "aliases": sorted(aliases),
        "candidate": version.tags.get("logitline.candidate", ""),
        "metric": _interval(metrics, metric),
        "log_loss": _interval(metrics, "log_loss"),
        "accuracy": _interval(metrics, "accuracy"),
        "made": f"{made:%Y-%m-%d %H:%M}",
        "decision": version.tags.get("logitline.decision", ""),
        "split": version.tags.get("logitline.split", ""),
        "onnx_sha256": version.sha256,
        "run_id": version.run_id,
    }


def _times(version: str, spans: Sequence[Reign]) -> list[dict[str, Any]]:
    """When the version was champion."""
    return [{"since": s.since, "until": s.until} for s in spans if s.version == version]


def _interval(metrics: Mapping[str, float], name: str) -> dict[str, float | None]:
    ends = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
    return {end: metrics.get(key) for end, key in ends.items()}
