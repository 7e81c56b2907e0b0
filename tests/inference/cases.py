"""Small tables, contracts and fitted pipelines that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from pipelines.estimators import LinearThreshold, LogisticClassifier, MLPClassifier, Prior
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.estimators.reference import ReferenceLogistic

ESTIMATORS: dict[str, Callable[[], Any]] = {
    "logistic": LogisticClassifier,
    "sklearn_logistic": ReferenceLogistic,
    "linear_threshold": LinearThreshold,
    "prior": Prior,
    "decision_tree": lambda: DecisionTreeClassifier(max_depth=8, random_state=0),
    "hist_gradient_boosting": lambda: HistGradientBoostingClassifier(max_iter=15, random_state=0),
    "mlp": lambda: MLPClassifier((), max_iter=4, random_state=0),
} | {
    f"mlp_{activation}": (
        lambda activation=activation: MLPClassifier(
            (7, 5), activation=activation, max_iter=4, random_state=0
        )
    )
    for activation in ("relu", "tanh", "logistic", "identity")
}
TREES = ("decision_tree", "hist_gradient_boosting")

CLASSES: dict[str, list[Any]] = {
    "binary int": [0, 1],
    "binary bool": [False, True],
    "binary str": ["nein", "ja, größer"],
    "three int": [-3, 10, 200],
    "three str": ["a b", 'c"d', "é,f"],
}

COLUMNS: dict[str, dict[str, Any]] = {
    "plain": {"type": "number", "missing": True},
    "größe, in 'm'": {"type": "number"},
    "when": {"type": "date", "unit": "second", "missing": True},
    'say "hi"': {"type": "boolean", "missing": True},
    "label": {"type": "integer"},
    "probability_0": {"type": "integer"},
    "ins el": {"type": "category", "values": ["Biscoe", "é", "x,y"], "missing": True},
    "X": {"type": "category", "values": ["1", "2"]},
}


def contract(classes: list[Any]) -> dict[str, Any]:
    return {"target": "y", "classes": sorted(classes), "missing": [], "columns": COLUMNS}


def features(rows: int, seed: int = 0) -> pd.DataFrame:
    """Rows as ingest leaves them, with gaps; `when` needs float64."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "plain": rng.normal(size=rows),
            "größe, in 'm'": rng.normal(5, 100, rows),
            "when": rng.integers(1_600_000_000, 1_700_000_000, rows).astype(np.float64),
            'say "hi"': rng.integers(0, 2, rows).astype(np.float64),
            "label": rng.integers(-5, 60, rows).astype(np.float64),
            "probability_0": rng.integers(0, 3, rows).astype(np.float64),
        }
    )
    for name in ("plain", "when", 'say "hi"'):
        X.loc[rng.random(rows) < 0.15, name] = np.nan
    X["ins el"] = rng.choice(["Biscoe", "é", "x,y", ""], rows)
    X["X"] = rng.choice(["1", "2"], rows)
    return X


def wild(rows: int, seed: int = 1) -> pd.DataFrame:
    """Rows that the pipeline never saw the like of: further out, more gaps, unseen values."""
    X = features(rows, seed)
    X["größe, in 'm'"] *= 50
    X.loc[::3, "label"] = np.nan
    X.loc[::4, "ins el"] = "never seen"
    X.loc[::5, "X"] = ""
    return X


def labels(X: pd.DataFrame, classes: list[Any], seed: int = 2) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    score = X["plain"].fillna(1) + (X["ins el"] == "é") + X["label"] / 50
    score += (X["when"].fillna(1.65e9) - 1.65e9) / 5e7 + rng.normal(0, 0.3, len(X))
    cuts = np.quantile(score, np.linspace(0, 1, len(classes) + 1)[1:-1])
    return np.array(sorted(classes))[np.digitize(score, cuts)]


def fitted(name: str, classes: list[Any], rows: int = 400) -> Pipeline:
    X = features(rows)
    return pipeline(ESTIMATORS[name](), scale=name not in TREES).fit(X, labels(X, classes))


def pipeline(estimator: ClassifierMixin, scale: bool = True) -> Pipeline:
    numbers = [name for name, spec in COLUMNS.items() if spec["type"] != "category"]
    categories = [name for name, spec in COLUMNS.items() if spec["type"] == "category"]
    preprocessor = Preprocessor(numbers, categories, scale=scale)
    return Pipeline([("preprocess", preprocessor), ("estimator", estimator)])


def with_output(model: bytes, name: str) -> bytes:
    """The model with one of its inner values as a further output."""
    graph = onnx.load_from_string(model)
    graph.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    content: bytes = graph.SerializeToString()
    return content
