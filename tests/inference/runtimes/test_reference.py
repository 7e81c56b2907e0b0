from __future__ import annotations

from sklearn.ensemble import HistGradientBoostingClassifier

from pipelines.inference.convert import to_onnx
from pipelines.inference.runtimes import reference
from tests.inference import cases


def test_a_forest_is_walked_on_fewer_rows_the_more_trees_it_has() -> None:
    X = cases.features(200)
    y = cases.labels(X, [0, 1])
    most = []
    for trees in (5, 50):
        estimator = HistGradientBoostingClassifier(max_iter=trees, early_stopping=False)
        pipeline = cases.pipeline(estimator, scale=False).fit(X, y)
        model = to_onnx(pipeline, cases.contract([0, 1]), {})
        most.append(reference.REFERENCE.most_rows(model))
    assert most == [100_000, 10_000]


def test_a_graph_without_trees_is_asked_all_rows() -> None:
    model = to_onnx(cases.fitted("logistic", [0, 1]), cases.contract([0, 1]), {})
    assert reference.REFERENCE.most_rows(model) == 1_000_000
