"""Trees in core operators: every threshold's sides, gaps, sums, shapes of trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from pipelines.estimators.preprocessing import Preprocessor
from pipelines.estimators.registry import build
from pipelines.inference.convert import ConversionError
from pipelines.inference.parity import compare
from pipelines.inference.portable import PortableModel, encode, to_portable
from pipelines.inference.signature import metadata
from pipelines.inference.tree_walk import _split, table_bytes
from pipelines.inference.trees import ENSEMBLES, Ensemble, Tree
from tests.inference import portable_cases
from tests.inference.test_trees import CONTRACT, NAMES, splits, trained

SINGLE = np.float32


def proof(pipeline: Pipeline, X: pd.DataFrame, classes: list[int]) -> Any:
    model = to_portable(pipeline, {**CONTRACT, "classes": classes}, {})
    return compare(pipeline, model, X, PortableModel)


def sides(threshold: float) -> list[float]:
    """The threshold, its neighbours in float32 and float64, and where these turn in the cast."""
    near = SINGLE(threshold)
    singles = [near, *(np.nextafter(near, SINGLE(way)) for way in (-np.inf, np.inf))]
    halves = [(float(a) + float(b)) / 2 for a in singles for b in singles]
    doubles = [threshold, *halves]
    return [float(each) for each in singles] + [
        float(np.nextafter(each, way)) for each in doubles for way in (-np.inf, each, np.inf)
    ]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    ("estimator", "parameters"),
    [("decision_tree", {}), ("hist_gradient_boosting", {"max_iter": 20})],
    ids=["tree", "boosting"],
)
def test_every_threshold_s_neighbours_in_float32_and_float64_fall_on_the_pipeline_s_side(
    estimator: str, parameters: dict[str, Any], classes: int
) -> None:
    """The pipeline casts to float32 before it compares, as the graph's input does."""
    rng = np.random.default_rng(4)
    X = pd.DataFrame(rng.normal(size=(600, 3)), columns=NAMES)
    y = np.digitize(X["a"] * X["b"] + rng.normal(0, 0.2, 600), [0.3, 1.0][: classes - 1])
    pipeline = build(estimator, parameters, NAMES, []).fit(X, y)
    rows = []
    for feature, threshold in splits(pipeline.named_steps["estimator"])[:400]:
        for value in sides(threshold):
            row = rng.normal(size=3)
            row[feature] = value
            rows.append(row)
    parity = proof(pipeline, pd.DataFrame(rows, columns=NAMES), list(range(classes)))
    assert parity.rows >= 1000
    assert parity.proven, parity.sentence
    assert parity.max_difference < 1e-6


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
    parity = proof(pipeline, X, [0, 1, 2])
    assert parity.proven, parity.sentence


def test_numbers_beyond_float32_go_where_the_pipeline_sends_infinity() -> None:
    pipeline = trained(HistGradientBoostingClassifier(max_iter=9), 3)
    X = pd.DataFrame(np.array([[1e300, 0, 0], [-1e300, 0, 0], [0, 3e38, -3e38]]), columns=NAMES)
    assert proof(pipeline, X, [0, 1, 2]).proven


@pytest.mark.parametrize("depth", [1, 2])
def test_trees_of_a_root_alone_and_stumps_have_a_graph(depth: int) -> None:
    least = 601 if depth == 1 else 1
    tree = DecisionTreeClassifier(max_depth=depth, min_samples_split=max(least, 2))
    pipeline = trained(tree, 3)
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 3)), columns=NAMES)
    parity = proof(pipeline, X, [0, 1, 2])
    assert parity.label_mismatches == 0
    assert parity.max_difference < 1e-7


def test_boosting_that_found_no_split_gives_the_class_frequencies() -> None:
    pipeline = trained(HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=600), 2)
    X = pd.DataFrame(np.zeros((4, 3)), columns=NAMES)
    assert proof(pipeline, X, [0, 1]).proven


def test_a_deep_chain_of_nodes_is_walked_to_its_end() -> None:
    X = pd.DataFrame({name: np.arange(300.0) for name in NAMES})
    y = np.arange(300) % 2
    preprocessor = Preprocessor(NAMES, [], scale=False)
    tree = DecisionTreeClassifier(random_state=0)
    pipeline = Pipeline([("p", preprocessor), ("e", tree)]).fit(X, y)
    assert tree.get_depth() > 20
    assert proof(pipeline, X, [0, 1]).proven
    assert (pipeline.predict(X) == y).all()


@pytest.mark.parametrize(
    "estimator",
    [DecisionTreeClassifier(random_state=0), HistGradientBoostingClassifier(max_iter=5)],
    ids=["tree", "boosting"],
)
# A boosting's matrix has each column twice.
@pytest.mark.parametrize("width", [31, 32, 63, 64, 80])
def test_the_reference_evaluator_walks_trees_over_64_columns_and_more(
    estimator: Any, width: int
) -> None:
    names = [f"x{place}" for place in range(width)]
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(300, width)), columns=names)
    y = (X["x20"] * X["x3"] + X[names[-1]] > 0).astype(int).to_numpy()
    pipeline = Pipeline([("p", Preprocessor(names, [], scale=False)), ("e", estimator)]).fit(X, y)
    columns = {name: {"type": "number", "missing": False} for name in names}
    contract = {"target": "y", "classes": [0, 1], "missing": [], "columns": columns}
    model = to_portable(pipeline, contract, {})
    labels, probabilities = portable_cases.referred(model, encode(metadata(model), X))
    assert labels.tolist() == pipeline.predict(X).tolist()
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_thousand_trees_are_added_without_rounding(classes: int) -> None:
    boosting = HistGradientBoostingClassifier(max_iter=600, max_leaf_nodes=4, learning_rate=0.5)
    pipeline = trained(boosting, classes)
    X = pd.DataFrame(np.random.default_rng(2).normal(size=(300, 3)), columns=NAMES)
    parity = proof(pipeline, X, list(range(classes)))
    assert parity.proven, parity.sentence
    assert parity.max_difference < 5e-7


def test_the_coarse_parts_of_leaf_values_add_up_alike_in_every_order() -> None:
    rng = np.random.default_rng(3)
    leaves = [rng.normal(0, scale, (8, 1)) for scale in 10.0 ** -rng.uniform(0, 4, 500)]
    tree = (np.zeros(8, int), np.zeros(8), np.zeros(8, int), np.zeros(8, int), np.zeros(8, int))
    trees = tuple(Tree(*tree, np.ones(8, bool), value, np.array([0])) for value in leaves)
    value, base = _split(Ensemble(trees, np.array([-3.2]), 1), np.ones(4000, bool))
    assert value.shape == (4000, 1, 2)
    picked = value.reshape(500, 8, 2)[np.arange(500), rng.integers(0, 8, 500)]
    exact = picked[:, 0].astype(np.float64).sum()
    for _ in range(20):
        total = SINGLE(0)
        for each in rng.permutation(picked[:, 0]):
            total += each
        assert float(total) == exact
    whole = value.astype(np.float64).sum(axis=2)
    np.testing.assert_allclose(whole.ravel(), np.concatenate(leaves).ravel(), rtol=0, atol=1e-12)
    assert base.astype(np.float64).sum() == pytest.approx(-3.2, abs=1e-12)


def test_the_bytes_foreseen_are_those_of_the_tables() -> None:
    pipeline = trained(DecisionTreeClassifier(random_state=0), 3)
    size = table_bytes(ENSEMBLES[DecisionTreeClassifier](pipeline[-1]))
    model = to_portable(pipeline, CONTRACT, {})
    assert size < len(model) < size + 20_000


def test_a_stump_s_graph_holds_no_constant_that_nothing_uses() -> None:
    pipeline = trained(DecisionTreeClassifier(max_depth=1), 2)
    graph = onnx.load_from_string(to_portable(pipeline, {**CONTRACT, "classes": [0, 1]}, {})).graph
    used = {name for node in graph.node for name in node.input}
    assert {constant.name for constant in graph.initializer} <= used


def test_categorical_splits_are_refused() -> None:
    X = pd.DataFrame({name: np.arange(90) % 3.0 for name in NAMES})
    boosting = HistGradientBoostingClassifier(
        categorical_features=[0], max_iter=3, min_samples_leaf=2
    )
    pipeline = Pipeline([("p", Preprocessor(NAMES, [], scale=False)), ("e", boosting)])
    pipeline.fit(X, (np.arange(90) % 3 == 1).astype(int))
    with pytest.raises(ConversionError, match="categorical_features"):
        to_portable(pipeline, {**CONTRACT, "classes": [0, 1]}, {}, max_mb=1)
