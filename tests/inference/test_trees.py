from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from pipelines.estimators.preprocessing import Preprocessor
from pipelines.inference.convert import ConversionError, to_onnx
from pipelines.inference.parity import compare
from pipelines.inference.trees import rounded_down

NAMES = ["a", "b", "c"]
CONTRACT = {
    "target": "y",
    "classes": [0, 1, 2],
    "missing": [],
    "columns": {name: {"type": "number"} for name in NAMES},
}


def trained(estimator: Any, classes: int) -> Pipeline:
    rng = np.random.default_rng(4)
    X = pd.DataFrame(rng.normal(size=(600, 3)), columns=NAMES)
    y = np.digitize(X["a"] * X["b"] + rng.normal(0, 0.2, 600), [0.3, 1.0][: classes - 1])
    preprocessor = Preprocessor(NAMES, [], scale=False)
    return Pipeline([("preprocess", preprocessor), ("estimator", estimator)]).fit(X, y)


def splits(estimator: Any) -> list[tuple[int, float]]:
    """Each split's feature and its threshold in float64."""
    if isinstance(estimator, DecisionTreeClassifier):
        tree = estimator.tree_
        inner = tree.children_left >= 0
        return list(zip(tree.feature[inner], tree.threshold[inner], strict=True))
    found = []
    for iteration in estimator._predictors:
        for predictor in iteration:
            nodes = predictor.nodes[predictor.nodes["is_leaf"] == 0]
            found += zip(nodes["feature_idx"], nodes["num_threshold"], strict=True)
    return found


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    "estimator",
    [DecisionTreeClassifier(random_state=0), HistGradientBoostingClassifier(max_iter=20)],
    ids=["tree", "boosting"],
)
def test_the_float32_neighbours_of_every_threshold_fall_on_the_pipeline_s_side(
    estimator: Any, classes: int
) -> None:
    pipeline = trained(estimator, classes)
    rng = np.random.default_rng(5)
    rows = []
    for feature, threshold in splits(pipeline.named_steps["estimator"]):
        near = np.float32(threshold)
        for value in (
            near,
            np.nextafter(near, np.float32(-np.inf)),
            np.nextafter(near, np.float32(np.inf)),
        ):
            row = rng.normal(size=3)
            row[feature] = value
            rows.append(row)
    X = pd.DataFrame(rows, columns=NAMES)
    model = to_onnx(pipeline, {**CONTRACT, "classes": list(range(classes))}, {})
    parity = compare(pipeline, model, X)
    assert parity.rows >= 100
    assert parity.proven, parity.sentence


@given(st.floats(allow_nan=False), st.floats(allow_nan=False, width=32))
def test_a_threshold_rounded_down_divides_the_float32_numbers_as_before(
    threshold: float, value: float
) -> None:
    (low,) = rounded_down(np.array([threshold]))
    with np.errstate(over="ignore"):
        above = np.nextafter(low, np.float32(np.inf))
    for x in (np.float32(value), low, above):
        assert (x <= low) == (np.float64(x) <= threshold)


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(max_depth=6, random_state=0),
        HistGradientBoostingClassifier(max_iter=9),
    ],
    ids=["tree", "boosting"],
)
def test_a_missing_value_goes_the_way_that_the_tree_learned(estimator: Any) -> None:
    """Preprocessing leaves none; here a median that is itself NaN lets them through."""
    rng = np.random.default_rng(6)
    X = pd.DataFrame(rng.normal(size=(500, 3)), columns=NAMES)
    y = np.digitize(X["a"] + X["b"], [-0.5, 0.5])
    X.loc[(y == 2) & (rng.random(500) < 0.5), "a"] = np.nan
    X.loc[(y == 0) & (rng.random(500) < 0.5), "b"] = np.nan
    preprocessor = Preprocessor(NAMES, [], scale=False).fit(X)
    preprocessor.medians_[:] = np.nan
    estimator.fit(preprocessor.transform(X), y)
    pipeline = Pipeline([("preprocess", preprocessor), ("estimator", estimator)])
    parity = compare(pipeline, to_onnx(pipeline, CONTRACT, {}), X)
    assert parity.proven, parity.sentence


def test_categorical_splits_are_refused() -> None:
    X = pd.DataFrame({name: np.arange(90) % 3.0 for name in NAMES})
    boosting = HistGradientBoostingClassifier(
        categorical_features=[0], max_iter=3, min_samples_leaf=2
    )
    preprocessor = Preprocessor(NAMES, [], scale=False)
    pipeline = Pipeline([("preprocess", preprocessor), ("estimator", boosting)])
    pipeline.fit(X, (np.arange(90) % 3 == 1).astype(int))
    with pytest.raises(ConversionError, match="categorical_features"):
        to_onnx(pipeline, {**CONTRACT, "classes": [0, 1]}, {})
