"""`logitline compare`: the last training's candidates and the versions over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    versions = [
        _version(client, each, named.get(each.number, []), line.config.promotion.metric)
        for each in registry.versions(client, line.model)
    ]
    spans = reigns(history.entries(client, line.model))
    return Comparison(
        model=line.model,
        metric=line.config.promotion.metric,
        winner=next((c.name for c in candidates if c.tags["logitline.winner"] == "true"), ""),
        candidates=[_candidate(each) for each in candidates],
        versions=[_beside_champion(each, versions, spans) for each in versions],
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


def _beside_champion(
    version: dict[str, Any], versions: Sequence[dict[str, Any]], spans: Sequence[Reign]
) -> dict[str, Any]:
    """The version with its times as champion, and its distance from the present champion.

    The distance is that of two figures, each on its own training's test rows.
    """
    champion = next((v for v in versions if registry.CHAMPION in v["aliases"]), None)
    mine = version["metric"]["value"]
    then = champion["metric"]["value"] if champion else None
    return version | {
        "champion": [
            {"since": span.since, "until": span.until}
            for span in spans
            if span.version == version["version"]
        ],
        "difference": None if champion is version or None in (mine, then) else mine - then,
        "same_test_rows": None if champion is None else champion["split"] == version["split"],
    }


def _interval(metrics: Mapping[str, float], name: str) -> dict[str, float | None]:
    ends = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
    return {end: metrics.get(key) for end, key in ends.items()}
