"""The Predictor beside the bare session and the scikit-learn pipeline, on the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pandas as pd

from benchmarks.measuring import Figure, median
from pipelines.estimators.registry import build
from pipelines.inference import Predictor
from pipelines.inference.convert import to_onnx

NUMBERS = [f"x{i}" for i in range(10)]
CATEGORIES = [f"c{i}" for i in range(4)]
WORDS = np.array(["north", "south", "east", "west", "up"], dtype=object)


def table(rows: int) -> pd.DataFrame:
    """Ten numbers and four categories a row."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {name: rng.normal(size=rows) for name in NUMBERS}
    columns |= {name: WORDS[rng.integers(0, len(WORDS), rows)] for name in CATEGORIES}
    return pd.DataFrame(columns)


def contract() -> dict[str, Any]:
    """The contract of `table`."""
    columns: dict[str, Any] = {name: {"type": "number", "missing": False} for name in NUMBERS}
    for name in CATEGORIES:
        columns[name] = {"type": "category", "values": sorted(WORDS), "missing": False}
    return {"target": "y", "classes": ["no", "yes"], "missing": [], "columns": columns}


def figures(rows: int, runs: int) -> list[Figure]:
    """One row and a batch, through each of the three."""
    train = table(5_000)
    labels = np.where(train["x0"] + (train["c0"] == "north") > 0.3, "yes", "no")
    pipeline = build("logistic", {}, NUMBERS, CATEGORIES).fit(train, labels)
    content = to_onnx(pipeline, contract(), {})
    predictor = Predictor.from_bytes(content)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    batch = table(rows)
    one = batch.head(1)
    row = one.iloc[0].to_dict()

    def feeds(X: pd.DataFrame) -> dict[str, Any]:
        arrays = {name: X[name].to_numpy(np.float32) for name in NUMBERS}
        return arrays | {name: X[name].to_numpy(object) for name in CATEGORIES}

    single, ready = feeds(one), feeds(batch)
    micro, million = 1e6, rows / 1e6
    bare = median(lambda: session.run(None, single), 500, 50) * micro
    return [
        Figure("one row, bare session", bare, "µs", runs=500),
        Figure(
            "one row from a dict, Predictor",
            median(lambda: predictor.predict_proba(row), 500, 50) * micro,
            "µs",
            f"target 1.5 × the bare session = {1.5 * bare:.0f} µs",
            500,
        ),
        Figure(
            "one row from a DataFrame, Predictor",
            median(lambda: predictor.predict_proba(one), 200, 20) * micro,
            "µs",
            "target 150 µs",
            200,
        ),
        Figure(
            "one row from a DataFrame, scikit-learn pipeline",
            median(lambda: pipeline.predict_proba(one), 100, 10) * micro,
            "µs",
            runs=100,
        ),
        Figure(
            "batch, bare session, arrays ready",
            million / median(lambda: session.run(None, ready), runs),
            "M rows/s",
            runs=runs,
        ),
        Figure(
            "batch from a DataFrame, Predictor",
            million / median(lambda: predictor.predict_proba(batch), runs),
            "M rows/s",
            "target 2 M rows/s",
            runs,
        ),
        Figure(
            "batch from a DataFrame, scikit-learn pipeline",
            million / median(lambda: pipeline.predict_proba(batch), runs),
            "M rows/s",
            runs=runs,
        ),
    ]
