from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import Parity, compare
from tests.inference import cases

CLASSES = ["a", "b", "c"]
CONTRACT = cases.contract(CLASSES)


def shifted(model: bytes, by: float) -> bytes:
    """The model with one number of its weights changed."""
    graph = onnx.load_from_string(model)
    weights = [
        constant
        for constant in graph.graph.initializer
        if constant.data_type == onnx.TensorProto.FLOAT and len(constant.dims) == 2
    ]
    largest = max(weights, key=lambda constant: int(np.prod(constant.dims)))
    values = numpy_helper.to_array(largest).copy()
    values[0, 0] += by
    largest.CopyFrom(numpy_helper.from_array(values, largest.name))
    content: bytes = graph.SerializeToString()
    return content


@pytest.mark.parametrize("by", [1e-3, 3.0, np.nan])
def test_a_graph_with_one_changed_weight_is_not_proven_and_the_worst_row_is_named(
    by: float,
) -> None:
    pipeline = cases.fitted("logistic", CLASSES)
    model = to_onnx(pipeline, CONTRACT, {})
    assert compare(pipeline, model, cases.features(100)).proven
    parity = compare(pipeline, shifted(model, by), cases.features(100))
    assert not parity.proven
    assert not parity.max_difference <= 1e-5
    assert "row " in parity.where
    assert "class " in parity.where
    assert "plain = " in parity.where
    assert parity.where in parity.sentence
    assert (parity.label_mismatches > 0) == (by != 1e-3)


class Even:
    """A pipeline that answers what it is told."""

    def __init__(self, probabilities: list[list[float]], labels: list[str]) -> None:
        self.probabilities = np.array(probabilities)
        self.labels = np.array(labels)

    def predict_proba(self, X: Any) -> Any:
        return self.probabilities

    def predict(self, X: Any) -> Any:
        return self.labels

    def __getitem__(self, step: int) -> Any:
        return self


def test_labels_may_differ_only_where_the_two_best_classes_are_within_1e_6() -> None:
    pipeline = cases.fitted("prior", ["a", "b"])
    pipeline.named_steps["estimator"].class_prior_ = np.array([0.5, 0.5])
    model = to_onnx(pipeline, cases.contract(["a", "b"]), {})
    X = cases.features(2)
    near = compare(Even([[0.5 - 4e-7, 0.5 + 4e-7]] * 2, ["b", "a"]), model, X)
    assert (near.ties, near.label_mismatches, near.proven) == (2, 0, True)
    far = compare(Even([[0.5 - 2e-6, 0.5 + 2e-6]] * 2, ["b", "a"]), model, X)
    assert (far.ties, far.label_mismatches, far.proven) == (0, 1, False)


def test_a_row_with_another_label_is_named_before_one_that_differs_more() -> None:
    pipeline = cases.fitted("prior", ["a", "b"])
    pipeline.named_steps["estimator"].class_prior_ = np.array([0.5, 0.5])
    model = to_onnx(pipeline, cases.contract(["a", "b"]), {})
    parity = compare(Even([[0.9, 0.1], [0.4, 0.6]], ["a", "b"]), model, cases.features(2))
    assert parity.label_mismatches == 1
    assert parity.max_difference == pytest.approx(0.4)
    assert parity.where.startswith("row 1, class 'a', off by 1.0e-01, label 'a' for ")


@pytest.mark.parametrize(
    ("parity", "proven"),
    [
        (Parity(10, 0, 0, 1e-5, ""), True),
        (Parity(10, 0, 0, 1.1e-5, ""), False),
        (Parity(10, 1, 0, 0.0, ""), False),
        (Parity(10, 0, 0, float("nan"), ""), False),
        (Parity(0, 0, 0, 0.0, ""), False),
    ],
)
def test_proven_means_rows_equal_labels_and_probabilities_within_1e_5(
    parity: Parity, proven: bool
) -> None:
    assert parity.proven is proven
    assert ("disagrees" in parity.sentence) is not proven
