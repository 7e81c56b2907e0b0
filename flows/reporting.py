"""The report of a training: gathered from the store and the registry, drawn, found again."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows import keys
from flows.fits import load_fits
from flows.line import Line, Receipt, open_line
from pipelines.adapters import formats
from pipelines.adapters.store import Key, write_atomically
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import history, registry, runs
from pipelines.promotion.history import Entry
from pipelines.promotion.reuse import told
from pipelines.records import Cost, Leak
from pipelines.report import html

__all__ = ["Found", "can_open", "draw", "find_report", "open_page", "report_path"]

ARTIFACT = "report.html"
Leaks = Sequence[tuple[Leak, str | None]]


def report_path(line: Line, run_id: str) -> Path:
    """Where the report of a training lies."""
    return line.derived / "reports" / line.model / f"{run_id}.html"


def draw(line: Line, steps: Mapping[str, Receipt], path: Path, leaks: Leaks) -> None:
    """Write the report of the seven receipts, and log it to the training's run."""
    client = tracking.connect(line.workspace)
    version = steps["register"].facts["version"]
    moves = [_told(e) for e in history.entries(client, line.model) if e.version == version]
    page = html.report(_data(line, steps, leaks, moves)).encode()
    write_atomically(path, page)
    runs.add_artifacts(client, steps["evaluate"].facts["run_id"], {ARTIFACT: page})


def _told(entry: Entry) -> tuple[str, str, str, str]:
    before, after = entry.champion_before or "none", entry.champion_after or "none"
    moved = f"version {before} → version {after}".replace("version none", "none")
    return (
        f"{entry.time[:16].replace('T', ' ')} UTC",
        entry.action,
        moved if before != after else f"stays: {moved.partition(' → ')[2]}",
        entry.by,
    )


def _data(
    line: Line,
    steps: Mapping[str, Receipt],
    leaks: Leaks,
    moves: Sequence[tuple[str, str, str, str]],
) -> html.ReportData:
    judged, decision, version = (steps[name] for name in ("evaluate", "promote", "register"))
    number, asked = version.facts["version"], line.config.promotion.confidence
    folder = Path(judged.folder)
    return html.ReportData(
        model=line.model,
        version=number,
        target=line.config.source.target,
        decision=formats.read_decision(decision.facts),
        fits=load_fits(line, steps["train"], pipelines=False),
        evaluation=formats.read_evaluation(folder, judged.facts),
        explanation=formats.read_explanation(folder),
        classes=formats.read_table(Path(steps["ingest"].folder)).classes,
        rows={name: steps["split"].facts[name] for name in ("train", "validation", "test")},
        notes=[*steps["ingest"].facts["notes"], *steps["split"].facts["notes"]],
        leaks=leaks,
        asked=asked,
        moves=moves,
        use=told(decision.facts["decisions"], asked),
        lineage=_lineage(line, steps),
        timings={name: receipt.seconds for name, receipt in steps.items()},
        places={
            "ONNX bundle": str(keys.bundle_folder(line, number)),
            "MLflow run": judged.facts["run_id"],
            "Registered as": f"models:/{line.model}/{number}",
        },
    )


def _lineage(line: Line, steps: Mapping[str, Receipt]) -> dict[str, str]:
    rival, champion = (steps["evaluate"].facts[name] for name in ("rival", "champion"))
    return {
        "Table": line.origin.place,
        "SHA-256 of the table": steps["ingest"].facts["sha256"],
        "Split": steps["split"].key,
        "Fits": steps["train"].key,
        "SHA-256 of the ONNX file": steps["register"].facts["sha256"],
        "Compared with": f"version {champion}, SHA-256 {rival}" if champion else "no champion",
        "Parity": steps["register"].facts["parity"],
        "What it costs": Cost(**steps["export"].facts["cost"]).sentence,
    }


@dataclass(frozen=True)
class Found:
    """A training's report: the model, its run in MLflow, and the file."""

    model: str
    run_id: str
    report: Path

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"model": self.model, "run_id": self.run_id, "report": str(self.report)}


def find_report(config: Path, workspace: Path) -> Found:
    """The report of this configuration's last training, fetched from MLflow if it is not here.

    Raises
    ------
    NoVersionError
        If nothing was trained, or the training ended before its report.
    """
    line = open_line(config, workspace, look=False)
    client = tracking.connect(line.workspace)
    run_id = _last_run(line) or runs.latest_training(client, line.model)
    if run_id is None:
        raise registry.NoVersionError(
            f"{line.model} has not been trained in {line.workspace}, so there is no report. "
            f"Train it first: logitline train {config}"
        )
    path = report_path(line, run_id)
    if not path.is_file():
        try:
            page = runs.read_artifact(client, run_id, ARTIFACT)
        except runs.ArtifactError:
            raise registry.NoVersionError(
                f"The last training of {line.model} (run {run_id}) has no report: it ended before "
                f"it was drawn. Train again, what is done is kept: logitline train {config}"
            ) from None
        write_atomically(path, page)
    return Found(line.model, run_id, path)


def _last_run(line: Line) -> str | None:
    """The run of this configuration's last evaluation in this workspace."""
    noted = line.last_keys().get("evaluate")
    entry = line.store.get(Key(**noted)) if noted else None
    return None if entry is None else str(entry.facts["run_id"])


def can_open() -> bool:
    """Whether a person sits there: a terminal, and on Linux a display."""
    displays = (os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    display = sys.platform != "linux" or any(displays)
    return sys.stdout.isatty() and display


def open_page(path: Path) -> None:
    """Show the page in the browser, as far as there is one."""
    webbrowser.open(path.resolve().as_uri())
