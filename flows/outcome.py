"""What a training came to: the record that is printed, given as JSON, and drawn as a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.fits import load_fits
from flows.line import Line, Receipt
from pipelines.adapters import formats
from pipelines.adapters.store import write_atomically
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import runs
from pipelines.leaks import reason
from pipelines.promotion.reuse import warning
from pipelines.records import Decision, Leak
from pipelines.report import html
from pipelines.steps.evaluate import NO_NUMBERS

__all__ = ["Outcome", "conclude"]


@dataclass(frozen=True)
class Outcome:
    """The result of a training.

    `as_json` is what `logitline train --json` prints.
    """

    receipts: tuple[Receipt, ...]
    candidates: tuple[dict[str, Any], ...]
    model: str
    report: Path
    export: Path
    workspace: Path
    tracking_uri: str
    leaks: tuple[tuple[Leak, str | None], ...] = ()

    def receipt(self, step: str) -> Receipt:
        """The receipt of a step."""
        return next(each for each in self.receipts if each.step == step)

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain values, in the words of the documentation."""
        version = self.receipt("register").facts
        decision = self.receipt("promote").facts
        judged = self.receipt("evaluate").facts
        return {
            "steps": [
                {
                    "name": each.step,
                    "status": "ran" if each.ran else "skipped",
                    "seconds": round(each.seconds, 3),
                    "key": each.key,
                }
                for each in self.receipts
            ],
            "candidates": list(self.candidates),
            "winner": judged["winner"],
            "model": {
                "name": self.model,
                "version": version["version"],
                "uri": f"models:/{self.model}/{version['version']}",
            },
            "leaks": [asdict(leak) | {"allowed": reason} for leak, reason in self.leaks],
            "promoted": decision["promoted"],
            "decision": decision["sentence"],
            "test_row_decisions": decision["decisions"],
            "onnx": str(self.export / "model.onnx"),
            "onnx_sha256": version["sha256"],
            "parity": version["parity"],
            "export": str(self.export),
            "report": str(self.report),
            "run_id": judged["run_id"],
            "dataset_sha256": self.receipt("ingest").facts["sha256"],
            "split": str(Path(self.receipt("split").folder) / "split.parquet"),
            "tracking_uri": self.tracking_uri,
        }


def conclude(line: Line, receipts: Sequence[Receipt]) -> Outcome:
    """The outcome of the seven receipts; the report is drawn anew if any step ran."""
    steps = {each.step: each for each in receipts}
    version = steps["register"].facts["version"]
    outcome = Outcome(
        receipts=tuple(receipts),
        candidates=tuple(_candidates(steps["train"], steps["evaluate"])),
        model=line.model,
        report=line.derived / "reports" / line.model / f"{steps['evaluate'].facts['run_id']}.html",
        export=line.derived / "exports" / line.model / version,
        workspace=line.workspace,
        tracking_uri=tracking.tracking_uri(line.workspace),
        leaks=_leaks(line, steps["split"]),
    )
    if any(each.ran for each in receipts) or not outcome.report.exists():
        page = html.report(_report_data(line, outcome)).encode()
        write_atomically(outcome.report, page)
        client = tracking.connect(line.workspace)
        run_id = steps["evaluate"].facts["run_id"]
        runs.add_artifacts(client, run_id, {"report.html": page})
    return outcome


def _leaks(line: Line, parts: Receipt) -> tuple[tuple[Leak, str | None], ...]:
    """What leaks, and the reason why it may."""
    leaks = [formats.read_leak(facts) for facts in parts.facts["leaks"]]
    return tuple((leak, reason(leak, line.config.leaks)) for leak in leaks)


def _candidates(fits: Receipt, judged: Receipt) -> list[dict[str, Any]]:
    return [
        _candidate(facts, judged.facts["scores"].get(facts["name"])) for facts in fits.facts["fits"]
    ]


def _candidate(facts: dict[str, Any], scores: dict[str, Any] | None) -> dict[str, Any]:
    reason = facts["reason"] or ("" if scores else NO_NUMBERS)
    return {
        "name": facts["name"],
        "estimator": facts["estimator"],
        "status": "failed" if reason else "fitted",
        "reason": reason,
        "fit_seconds": round(facts["fit_seconds"], 3),
        "selection_log_loss": None if facts["reason"] else facts["selection_loss"],
        "parameters": facts["parameters"],
        "trials": dict(Counter(trial["state"] for trial in facts["trials"])),
        "warnings": list(facts["warnings"]),
        "metrics": scores or {},
    }


def _notes(line: Line, steps: Mapping[str, Receipt]) -> list[str]:
    """What a reader should know of the rows: of the table, of the split, and of their use."""
    reused = warning(steps["promote"].facts["decisions"], line.config.promotion.confidence)
    told = [*steps["ingest"].facts["notes"], *steps["split"].facts["notes"]]
    return [*told, reused] if reused else told


def _report_data(line: Line, outcome: Outcome) -> html.ReportData:
    steps = {each.step: each for each in outcome.receipts}
    judged, decision = steps["evaluate"], steps["promote"]
    table = formats.read_table(Path(steps["ingest"].folder))
    return html.ReportData(
        model=line.model,
        version=steps["register"].facts["version"],
        target=line.config.source.target,
        decision=Decision(decision.facts["promoted"], decision.facts["sentence"]),
        fits=load_fits(line, steps["train"], pipelines=False),
        evaluation=formats.read_evaluation(Path(judged.folder), judged.facts),
        classes=table.classes,
        rows={name: steps["split"].facts[name] for name in ("train", "validation", "test")},
        notes=_notes(line, steps),
        leaks=outcome.leaks,
        lineage={
            "Table": line.origin.place,
            "SHA-256 of the table": steps["ingest"].facts["sha256"],
            "SHA-256 of the ONNX file": steps["register"].facts["sha256"],
            "Split": steps["split"].key,
            "Compared with": judged.facts["rival"],
            "Parity": steps["register"].facts["parity"],
        },
        timings={each.step: each.seconds for each in outcome.receipts},
        places={
            "ONNX bundle": str(outcome.export),
            "MLflow run": judged.facts["run_id"],
            "Registered as": f"models:/{line.model}/{steps['register'].facts['version']}",
        },
    )
