from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from pipelines.estimators.calibration import Argmax, CalibratedClassifier, Uncalibrated
from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import ParityError, proof_rows, require, thresholds
from pipelines.inference.parity.thresholds import threshold_rows
from pipelines.inference.trees import rounded_down
from tests.inference import cases

CLASSES = ["a", "b", "c"]
CONTRACT = cases.contract(CLASSES)


def typical(X: pd.DataFrame) -> pd.DataFrame:
    return X.head(1).reset_index(drop=True)


def rows_of(pipeline: Pipeline, X: pd.DataFrame) -> pd.DataFrame:
    return threshold_rows(pipeline, X, typical(X))[0]


def test_every_node_of_a_tree_is_tried_with_the_neighbours_of_its_threshold() -> None:
    pipeline = cases.fitted("decision_tree", CLASSES)
    rows = rows_of(pipeline, cases.features(300, 3))
    tree = pipeline[-1].tree_
    inner = np.flatnonzero(tree.children_left >= 0)
    assert len(rows) == 2 * len(inner)
    features = pipeline[0].transform(rows)
    x = features[np.arange(len(rows)), np.repeat(tree.feature[inner], 2)].reshape(-1, 2)
    low = rounded_down(tree.threshold[inner])
    numbers = tree.feature[inner] < int(pipeline[0].kept_.sum())
    plain = numbers & ~np.isin(tree.feature[inner], np.flatnonzero(pipeline[0].doubles_))
    assert plain.sum() > 10
    np.testing.assert_array_equal(x[plain, 0], low[plain])
    np.testing.assert_array_equal(x[plain, 1], np.nextafter(low[plain], np.float32(np.inf)))
    assert (x[:, 0] <= tree.threshold[inner]).all()
    assert (x[:, 1] > tree.threshold[inner]).all()


def test_the_two_rows_of_a_node_part_there() -> None:
    pipeline = cases.fitted("decision_tree", CLASSES)
    X = cases.features(400)  # the rows it was fitted on: some come to every node
    tree = pipeline[-1].tree_
    path = pipeline[-1].decision_path(pipeline[0].transform(rows_of(pipeline, X))).toarray()
    inner = np.flatnonzero(tree.children_left >= 0)
    for pair, node in enumerate(inner):
        left, right = path[2 * pair], path[2 * pair + 1]
        assert left[node] == right[node] == 1
        assert left[tree.children_left[node]] == right[tree.children_right[node]] == 1


def test_boosted_trees_are_tried_in_all_iterations_and_classes() -> None:
    pipeline = cases.fitted("hist_gradient_boosting", CLASSES)
    trees = [tree for iteration in pipeline[-1]._predictors for tree in iteration]
    splits = sum(int((~tree.nodes["is_leaf"].astype(bool)).sum()) for tree in trees)
    assert len(rows_of(pipeline, cases.features(300, 3))) == 2 * splits


@pytest.mark.parametrize("name", ["logistic", "mlp", "prior"])
def test_what_has_no_trees_has_no_thresholds(name: str) -> None:
    pipeline = cases.fitted(name, CLASSES)
    assert len(rows_of(pipeline, cases.features(30))) == 0


def test_calibrated_trees_have_the_thresholds_of_their_trees() -> None:
    pipeline = cases.fitted("decision_tree", CLASSES)
    inner = CalibratedClassifier(pipeline[-1], Uncalibrated(), Argmax())
    calibrated = Pipeline([("preprocess", pipeline[0]), ("estimator", inner)])
    X = cases.features(50)
    pd.testing.assert_frame_equal(rows_of(pipeline, X), rows_of(calibrated, X))


def test_of_very_many_thresholds_some_thousands_are_taken_and_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipeline = cases.fitted("hist_gradient_boosting", CLASSES)
    monkeypatch.setattr(thresholds, "MOST_THRESHOLDS", 40)
    X = cases.features(50)
    rows, said = threshold_rows(pipeline, X, typical(X))
    assert len(rows) == 80
    assert said.endswith("thresholds 40 were tried.")
    assert said in proof_rows(pipeline, X, CONTRACT).sampled


def test_a_threshold_that_parts_the_missing_from_all_others_is_tried_with_a_gap() -> None:
    X = pd.DataFrame({"n": [1.0, 2.0, 3.0, np.nan] * 40})
    y = np.isnan(X["n"]).to_numpy().astype(int)
    preprocess = cases.Preprocessor(["n"], [], scale=False)
    for estimator in (HistGradientBoostingClassifier(max_iter=2), DecisionTreeClassifier()):
        pipeline = Pipeline([("p", preprocess), ("e", estimator)]).fit(X, y)
        rows = rows_of(pipeline, X)
        assert len(rows) > 0
        assert pipeline.predict_proba(rows).shape == (len(rows), 2)


def nudged(model: bytes, by: str) -> bytes:
    """The model with every threshold moved to the float32 next to it."""
    import onnx

    graph = onnx.load_from_string(model)
    (node,) = (each for each in graph.graph.node if each.op_type == "TreeEnsembleRegressor")
    (values,) = (each for each in node.attribute if each.name == "nodes_values")
    moved = np.nextafter(np.array(values.floats, dtype=np.float32), np.float32(by))
    values.floats[:] = moved.tolist()
    content: bytes = graph.SerializeToString()
    return content


@pytest.mark.parametrize("by", ["inf", "-inf"])
@pytest.mark.parametrize("name", cases.TREES)
def test_a_graph_whose_thresholds_are_one_float32_off_is_refused(name: str, by: str) -> None:
    pipeline = cases.fitted(name, CLASSES)
    model = to_onnx(pipeline, CONTRACT, {})
    rows = proof_rows(pipeline, cases.features(300, 3), CONTRACT)
    assert require(pipeline, model, rows).proven
    with pytest.raises(ParityError, match=r"\(a threshold\)") as refused:
        require(pipeline, nudged(model, by), rows)
    assert "column '" in str(refused.value)


def test_rows_given_are_left_as_they_were() -> None:
    pipeline: Any = cases.fitted("decision_tree", CLASSES)
    X = cases.features(60)
    before = X.copy()
    proof_rows(pipeline, X, CONTRACT)
    pd.testing.assert_frame_equal(X, before)
