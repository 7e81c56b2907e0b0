"""A small release that the tests of this folder share, of a pipeline with every type of column."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from pipelines.estimators.calibration import Argmax, CalibratedClassifier, Threshold, Uncalibrated
from pipelines.estimators.registry import build
from pipelines.inference import Predictor
from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import Proof
from pipelines.inference.portable import encode, to_portable
from pipelines.inference.quantization import quantize
from pipelines.inference.signature import metadata
from pipelines.metrics import Bin, Calibration, Interval, SliceScores
from pipelines.records import Cost
from pipelines.steps.export import examples
from pipelines.steps.export.release import Release, Trained

COLUMNS: dict[str, dict[str, Any]] = {
    "bill | length": {"type": "number", "missing": True, "min": -2.5, "max": 2.5},
    "year": {"type": "integer", "missing": False},
    "tagged": {"type": "boolean", "missing": True},
    "seen": {"type": "date", "unit": "day", "missing": True},
    "noted": {"type": "date", "unit": "second", "missing": True},
    "island": {"type": "category", "values": ["Biscoe", "</script>"], "missing": True},
}
CLASSES = ("Adélie", "Gentoo")


def contract(classes: tuple[Any, ...] = CLASSES) -> dict[str, Any]:
    return {"target": "species", "classes": list(classes), "missing": ["NA"], "columns": COLUMNS}


@cache
def rows(count: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "bill | length": rng.normal(size=count).clip(-2.5, 2.5).astype(np.float32),
            "year": rng.integers(1990, 2010, count),
            "tagged": rng.integers(0, 2, count),
            "seen": rng.integers(10_000, 12_000, count),
            "noted": rng.integers(0, 86_400 * 100, count),
        }
    ).astype(np.float64)
    X.loc[::7, "bill | length"] = np.nan
    X["island"] = pd.Series(rng.choice(["Biscoe", "</script>", ""], count), dtype=object)
    return X


@cache
def pipeline(classes: tuple[Any, ...] = CLASSES, threshold: float | None = None) -> Pipeline:
    X = rows()
    score = X["year"] - 2000 + 3 * (X["island"] == "Biscoe") + X["bill | length"].fillna(0)
    y = np.array(classes)[(score > 1).astype(int)]
    numbers = [name for name in COLUMNS if name != "island"]
    fitted = build("logistic", {}, numbers, ["island"]).fit(X, y)
    if threshold is not None:
        rule = Threshold(threshold, 0.9, 0.8, 0.85, 50, 20)
        decided = CalibratedClassifier(fitted[-1], Uncalibrated(), rule)
        return Pipeline([fitted.steps[0], ("decided", decided)])
    return fitted


@cache
def release(
    classes: tuple[Any, ...] = CLASSES, threshold: float | None = None, refused: str = ""
) -> Release:
    fitted, X, terms = pipeline(classes, threshold), rows(), contract(classes)
    lineage = {"logitline.dataset_sha256": "0" * 64}
    model = to_onnx(fitted, terms, lineage)
    portable = to_portable(fitted, terms, lineage)
    codes = np.searchsorted(np.array(classes), fitted.predict(X))
    rule = getattr(fitted[-1], "rule", Argmax())
    predictor = Predictor.from_bytes(model)
    requests, expected = examples.expected(examples.requests(X, terms), predictor.run, rule.margins)
    proof = Proof("ONNX Runtime CPU", "1.0", "model", rows=120, max_difference=2e-7)
    absent = Proof("tract", "", "portable", note="tract is not installed.")
    return Release(
        name="pen guins",
        version="3",
        contract=terms,
        model=model,
        portable=b"" if refused else portable,
        refused=refused,
        quantized=quantize(portable, encode(metadata(portable), X), codes),
        requests=requests,
        expected=expected,
        trained=trained(str(rule), threshold),
        cost=Cost(0.05, 0.09, 1.25, 1000, 0.0035),
        proofs=[asdict(proof), asdict(absent)],
    )


def trained(rule: str, threshold: float | None) -> Trained:
    return Trained(
        source="penguins.csv",
        sha256="ab" * 32,
        rows={"train": 100, "validation": 0, "test": 20},
        split="hash",
        candidate="logistic",
        estimator="logistic",
        parameters={"C": 1.0},
        scores={
            "log_loss": Interval(0.25, 0.2, 0.3),
            "roc_auc": Interval(float("nan"), float("nan"), float("nan")),
        },
        slices=(
            SliceScores("island", "Biscoe", 12, {"log_loss": Interval(0.4, 0.3, 0.5)}, worse=True),
            SliceScores("island", "missing", 3, note="too small"),
        ),
        calibration=(
            Calibration(
                1,
                (Bin(20, 0.5, Interval(0.5, 0.4, 0.6)),),
                Interval(0.03, 0.01, 0.05),
                0.1,
                0.0,
                0.0,
                0.0,
                0.0,
            ),
        ),
        rule=rule,
        threshold=threshold,
        notes=("Missing values: 5 in 'bill | length'.",),
    )
