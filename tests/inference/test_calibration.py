"""Calibrators and rules inside the graph, held against the fitted pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx.reference import ReferenceEvaluator
from sklearn.pipeline import Pipeline

from pipelines.estimators import calibration as calibrating
from pipelines.estimators.calibration import (
    Argmax,
    CalibratedClassifier,
    Costs,
    Threshold,
    Uncalibrated,
)
from pipelines.inference import Predictor
from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import compare, probe_rows
from pipelines.inference.serving import Model
from tests.inference import cases

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FITS: dict[str, Any] = {
    "none": lambda P, codes: Uncalibrated(),
    "sigmoid": calibrating.fit_sigmoid,
    "isotonic": calibrating.fit_isotonic,
    "temperature": calibrating.fit_temperature,
}
COSTS = {
    2: np.array([[0.0, 1.0], [5.0, 0.0]]),
    3: np.array([[0.0, 1.0, 3.0], [5.0, 0.0, 1.0], [2.0, 2.0, 0.0]]),
}


def calibrated(
    name: str, classes: list[Any], method: str, rule: str = "argmax"
) -> tuple[Pipeline, Any]:
    """A pipeline fitted on some rows, its calibrator and rule on others; these rows' P too."""
    pipeline = cases.fitted(name, classes)
    X = cases.features(600, seed=11)
    codes = np.searchsorted(np.array(sorted(classes)), cases.labels(X, classes, seed=12))
    P = pipeline.predict_proba(X)
    calibrator = FITS[method](P, codes)
    rules = {"argmax": lambda: Argmax(), "costs": lambda: Costs(COSTS[len(classes)])}
    chosen = rules.get(
        rule, lambda: calibrating.choose_threshold(rule, calibrator(P), codes, at_least=0.6)
    )()
    return wrapped(pipeline, calibrator, chosen), P


def wrapped(pipeline: Pipeline, calibrator: Any, rule: Any) -> Pipeline:
    last = CalibratedClassifier(pipeline[-1], calibrator, rule)
    return Pipeline([pipeline.steps[0], ("estimator", last)])


@pytest.mark.parametrize("rule", ["argmax", "best_f1", "recall", "precision", "costs"])
@pytest.mark.parametrize("method", FITS)
@pytest.mark.parametrize("name", ["logistic", "hist_gradient_boosting", "mlp_tanh"])
def test_the_graph_of_two_classes_is_proven_equal_with_every_calibrator_and_rule(
    name: str, method: str, rule: str
) -> None:
    classes = cases.CLASSES["binary str"]
    contract = cases.contract(classes)
    pipeline, _ = calibrated(name, classes, method, rule)
    model = to_onnx(pipeline, contract, {})
    rows = [cases.features(300, seed=3), cases.wild(300), probe_rows(cases.features(99), contract)]
    parity = compare(pipeline, model, pd.concat(rows, ignore_index=True))
    assert parity.proven, parity.sentence
    assert parity.max_difference < 5e-6


@pytest.mark.parametrize("rule", ["argmax", "costs"])
@pytest.mark.parametrize("method", FITS)
@pytest.mark.parametrize("name", ["logistic", "decision_tree", "linear_threshold", "prior"])
def test_the_graph_of_three_classes_is_proven_equal_with_every_calibrator_and_rule(
    name: str, method: str, rule: str
) -> None:
    classes = cases.CLASSES["three int"]
    pipeline, _ = calibrated(name, classes, method, rule)
    model = to_onnx(pipeline, cases.contract(classes), {})
    parity = compare(pipeline, model, cases.wild(600))
    assert parity.proven, parity.sentence
    assert parity.max_difference < 5e-6


@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_every_estimator_can_be_calibrated_inside_the_graph(name: str) -> None:
    classes = cases.CLASSES["binary bool"]
    pipeline, _ = calibrated(name, classes, "isotonic", "best_f1")
    parity = compare(pipeline, to_onnx(pipeline, cases.contract(classes), {}), cases.wild(300))
    assert parity.proven, parity.sentence


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_the_reference_evaluator_answers_as_onnx_runtime_does(method: str) -> None:
    classes = cases.CLASSES["three str"]
    pipeline, _ = calibrated("logistic", classes, method, "costs")
    content = to_onnx(pipeline, cases.contract(classes), {})
    model = Model(content)
    X = cases.wild(20)
    labels, probabilities = model.answer(X)
    answers = ReferenceEvaluator(content).run(None, model.feeds(X))
    assert answers[0].tolist() == labels.tolist()
    np.testing.assert_allclose(np.stack(answers[1:], axis=1), probabilities, atol=1e-6)


@pytest.mark.parametrize("method", FITS)
def test_calibrators_and_rules_need_core_operators_alone(method: str) -> None:
    classes = cases.CLASSES["three str"]
    pipeline, _ = calibrated("logistic", classes, method, "costs")
    graph = onnx.load_from_string(to_onnx(pipeline, cases.contract(classes), {})).graph
    assert {node.domain for node in graph.node} == {""}


def test_the_label_output_follows_the_threshold_in_the_predictor() -> None:
    classes = cases.CLASSES["binary str"]
    pipeline, _ = calibrated("logistic", classes, "sigmoid", "recall")
    predictor = Predictor.from_bytes(to_onnx(pipeline, cases.contract(classes), {}))
    X = cases.features(400, seed=8)
    labels, probabilities = predictor.answer(X)
    value = np.float32(pipeline[-1].rule.value)
    positive, other = predictor.classes[1], predictor.classes[0]
    assert labels.tolist() == np.where(probabilities[:, 1] >= value, positive, other).tolist()
    assert labels.tolist() == pipeline.predict(X).tolist()
    assert (labels == positive).sum() != (probabilities.argmax(axis=1) == 1).sum()


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_probability_exactly_at_the_threshold_has_the_same_label_on_both_sides(
    steps: int,
) -> None:
    pipeline = cases.fitted("prior", ["a", "b"])
    pipeline[-1].class_prior_ = np.array([0.7, 0.3])
    value = np.float32(0.3)
    for _ in range(abs(steps)):
        value = np.nextafter(value, np.float32(steps))
    both = wrapped(pipeline, Uncalibrated(), Threshold(float(value), 1.0, 1.0, 1.0, 1, 1))
    model = to_onnx(both, cases.contract(["a", "b"]), {})
    X = cases.features(3)
    expected = "a" if steps > 0 else "b"
    assert both.predict(X).tolist() == [expected] * 3
    assert Model(model).answer(X)[0].tolist() == [expected] * 3
    assert compare(both, model, X).ties == 3


def test_a_label_that_differs_away_from_the_threshold_is_no_tie() -> None:
    pipeline = cases.fitted("logistic", ["a", "b"])
    both = [
        wrapped(pipeline, Uncalibrated(), Threshold(value, 1.0, 1.0, 1.0, 1, 1))
        for value in (0.25, 0.5)
    ]
    model = to_onnx(both[0], cases.contract(["a", "b"]), {})
    X = cases.features(300)
    differ = (both[0].predict(X) != both[1].predict(X)).sum()
    assert differ > 0
    assert compare(both[1], model, X).label_mismatches == differ


def test_scores_at_every_knot_and_beyond_are_found_by_the_bisection() -> None:
    classes = ["a", "b"]
    pipeline = cases.fitted("prior", classes)
    P = np.linspace(0.001, 0.999, 400)
    codes = np.random.default_rng(0).binomial(1, P)
    calibrator = calibrating.fit_isotonic(np.column_stack([1 - P, P]), codes)
    knots = calibrator.knots[0]
    assert len(knots) > 6
    for s in [-30.0, *knots, *(knots + 1e-4), 30.0]:
        p = 1 / (1 + np.exp(-s))
        pipeline[-1].class_prior_ = np.array([1 - p, p])
        both = wrapped(pipeline, calibrator, Argmax())
        parity = compare(both, to_onnx(both, cases.contract(classes), {}), cases.features(1))
        assert parity.max_difference < 2e-6


@pytest.mark.parametrize("method", ["none", "isotonic"])
def test_the_same_content_gives_the_same_bytes(method: str) -> None:
    first, second = (
        to_onnx(calibrated("logistic", [0, 1], method, "costs")[0], cases.contract([0, 1]), {})
        for _ in range(2)
    )
    assert first == second


def test_neither_calibration_nor_threshold_changes_nothing_but_the_wrapper() -> None:
    pipeline = cases.fitted("logistic", [0, 1])
    plain = to_onnx(pipeline, cases.contract([0, 1]), {})
    assert to_onnx(wrapped(pipeline, Uncalibrated(), Argmax()), cases.contract([0, 1]), {}) == plain


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_rows_without_a_probability_stay_without_one(method: str) -> None:
    classes = cases.CLASSES["three int"]
    pipeline, _ = calibrated("logistic", classes, method)
    X = cases.features(2)
    X.loc[0, "plain"] = 1e300
    _, probabilities = Model(to_onnx(pipeline, cases.contract(classes), {})).run(X)
    plain = Model(to_onnx(cases.fitted("logistic", classes), cases.contract(classes), {}))
    assert np.isnan(plain.run(X)[1][0]).any()
    assert np.isnan(probabilities[0]).any()
    assert not np.isnan(probabilities[1]).any()
