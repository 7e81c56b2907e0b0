"""Made-up predictions that the report's tests draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.metrics import Interval
from pipelines.metrics.calibration import calibrations
from pipelines.metrics.curves import curves
from pipelines.metrics.paired import paired
from pipelines.metrics.resamples import resamples
from pipelines.metrics.scores import class_scores, evaluate
from pipelines.metrics.slices import slice_scores
from pipelines.metrics.tallies import predictions as scored_rows
from pipelines.metrics.tallies import tally
from pipelines.records import CandidateFit, Decision, Evaluation
from pipelines.records.explanation import Coefficient, Explanation, Importance, Plane, Surface
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


def labels(P: np.ndarray) -> np.ndarray:
    """The most probable classes."""
    return P.argmax(axis=1).astype(np.int32)


def answers(classes: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, probabilities and labels."""
    codes, P = predictions(classes, rows)
    return codes, P, labels(P)


def explanation(classes: tuple[Any, ...]) -> Explanation:
    """Importances, a plane and coefficients that were made up."""
    across = tuple(np.linspace(0, 1, 12).tolist())
    steps = np.tile(np.linspace(0, 1, 12), 12)
    surfaces = tuple(
        Surface(name, estimator, tuple((steps > cut).astype(int).tolist()), tuple(steps.tolist()))
        for name, estimator, cut in (("line", "logistic", 0.5), ("net", "mlp", 0.4))
    )
    return Explanation(
        importances=(
            Importance("bill", Interval(0.4, 0.3, 0.5)),
            Importance("wing", Interval(-0.01, -0.02, 0.01)),
        ),
        rows=90,
        repeats=3,
        plane=Plane("bill", "wing", across, across, surfaces, (0.2, 0.8), (0.3, 0.6), (0, 1)),
        coefficients=(
            Coefficient("bill", str(classes[1]), Interval(2.0, 1.5, 2.5)),
            Coefficient("wing", str(classes[-1]), Interval(-0.1, -0.3, 0.1)),
        ),
        linear="line",
        coefficients_note="Wald's.",
    )


def report_data(classes: tuple[Any, ...], rows: int = 200, **changes: Any) -> ReportData:
    """A training of three candidates, one of which failed."""
    codes, P = predictions(len(classes), rows)
    flat = np.full_like(P, 1 / len(classes))
    counts = resamples(rows, 30, 0)
    told = scored_rows(P, codes, counts, labels(P), every_class=True)
    tallied = tally([told], counts)[0]
    half = {"island": {"north": np.arange(rows) % 2 == 0, "south": np.arange(rows) % 2 == 1}}
    evaluation = Evaluation(
        winner="net",
        scores={"net": evaluate(P, codes, counts), "prior": evaluate(flat, codes, counts)},
        probabilities={"net": P, "prior": flat},
        labels={"net": labels(P), "prior": labels(flat)},
        codes=codes,
        per_class=class_scores(tallied, told),
        slices=slice_scores(half, scored_rows(P, codes, counts), counts, "log_loss"),
        calibration=calibrations(P, codes, counts),
        curves=curves(P, codes),
        against_prior=paired("log_loss", P, flat, codes, counts),
        champion_note="There was no champion to compare with.",
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
        "explanation": explanation(classes),
        "moves": [("2026-01-02 03:04 UTC", "promoted", "none → version 3", "training 52a8")],
        "use": "These test rows have decided twice.",
        "rows": {"train": 700, "validation": 0, "test": rows},
        "notes": ("2 rows without a label were left out.",),
        "lineage": {"git commit": "4be3c0f"},
        "timings": {"ingest": 0.02, "train": 12.0},
        "places": {"MLflow run": "http://127.0.0.1:5000/#/runs/1"},
    }
    return ReportData(**(values | changes))
