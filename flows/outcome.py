"""What a training came to: the record that is printed, given as JSON, and drawn as a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows import keys
from flows.line import Line, Receipt
from flows.reporting import draw, report_path
from pipelines.adapters import formats
from pipelines.adapters.tracking import client as tracking
from pipelines.leaks import reason
from pipelines.records import Leak
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
            "notes": list(judged["notes"]),
            "test_row_decisions": decision["decisions"],
            "onnx": str(self.export / "model.onnx"),
            "onnx_sha256": version["sha256"],
            "parity": version["parity"],
            "cost": self.receipt("export").facts["cost"],
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
        report=report_path(line, steps["evaluate"].facts["run_id"]),
        export=keys.bundle_folder(line, version),
        workspace=line.workspace,
        tracking_uri=tracking.tracking_uri(line.workspace),
        leaks=_leaks(line, steps["split"]),
    )
    if any(each.ran for each in receipts) or not outcome.report.exists():
        draw(line, steps, outcome.report, outcome.leaks)
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
        "calibration": facts["decision"],
        "warnings": list(facts["warnings"]),
        "metrics": scores or {},
    }
