"""Made-up predictions that the report's tests draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.metrics.paired import paired
from pipelines.metrics.resamples import resamples
from pipelines.metrics.scores import evaluate
from pipelines.records import CandidateFit, Decision, Evaluation
from pipelines.report.html import ReportData


def predictions(
    classes: int, rows: int, seed: int = 0, decimals: int = 17
) -> tuple[np.ndarray, np.ndarray]:
    """Codes in which every class occurs, and probabilities that know something of them."""
    rng = np.random.default_rng(seed)
    codes = np.r_[np.arange(classes), rng.integers(0, classes, rows - classes)].astype(np.int32)
    P = rng.dirichlet(np.full(classes, 0.7), rows) + (0.5 / classes) * np.eye(classes)[codes]
    P = np.round(P, decimals) + 1e-4
    return codes, P / P.sum(axis=1, keepdims=True)


def report_data(classes: tuple[Any, ...], rows: int = 200, **changes: Any) -> ReportData:
    """A training of three candidates, one of which failed."""
    codes, P = predictions(len(classes), rows)
    flat = np.full_like(P, 1 / len(classes))
    counts = resamples(rows, 30, 0)
    evaluation = Evaluation(
        winner="net",
        scores={"net": evaluate(P, codes, counts), "prior": evaluate(flat, codes, counts)},
        probabilities={"net": P, "prior": flat},
        codes=codes,
        against_prior=paired("log_loss", P, flat, codes, counts),
        champion_note="There is no champion yet.",
    )
    values: dict[str, Any] = {
        "model": "penguins",
        "version": "3",
        "target": "species",
        "classes": classes,
        "decision": Decision(True, "Promoted: net is better."),
        "fits": [
            CandidateFit("prior", "prior", selection_loss=1.1, fit_seconds=0.01),
            CandidateFit("net", "mlp", selection_loss=0.4, fit_seconds=2.5, curve=(1.0, 0.5, 0.4)),
            CandidateFit("tree", "decision_tree", reason="ran longer than 60 s."),
        ],
        "evaluation": evaluation,
        "rows": {"train": 700, "validation": 0, "test": rows},
        "notes": ("2 rows without a label were left out.",),
        "lineage": {"git commit": "4be3c0f"},
        "timings": {"ingest": 0.02, "train": 12.0},
        "places": {"MLflow run": "http://127.0.0.1:5000/#/runs/1"},
    }
    return ReportData(**(values | changes))
