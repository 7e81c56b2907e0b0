"""The tables and pipelines of `cases`, with the dates as days: float32 holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from sklearn.pipeline import Pipeline

from tests.inference import cases

COLUMNS: dict[str, dict[str, Any]] = {
    **cases.COLUMNS,
    "when": {"type": "date", "unit": "day", "missing": True},
}


def contract(classes: list[Any]) -> dict[str, Any]:
    return {**cases.contract(classes), "columns": COLUMNS}


def in_days(X: pd.DataFrame) -> pd.DataFrame:
    return X.assign(when=X["when"] // 86_400)


def features(rows: int, seed: int = 0) -> pd.DataFrame:
    return in_days(cases.features(rows, seed))


def wild(rows: int, seed: int = 1) -> pd.DataFrame:
    return in_days(cases.wild(rows, seed))


def fitted(name: str, classes: list[Any], rows: int = 400) -> Pipeline:
    X = cases.features(rows)
    pipeline = cases.pipeline(cases.ESTIMATORS[name](), scale=name not in cases.TREES)
    return pipeline.fit(in_days(X), cases.labels(X, classes))


def referred(model: bytes, matrix: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels and probabilities of the ONNX reference evaluator."""
    labels, probabilities = ReferenceEvaluator(model).run(None, {"features": matrix})
    return labels, probabilities
