"""Calibrators and rules inside the portable graph: float32 throughout, and as near as 1e-5."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import Pipeline

from pipelines.estimators import calibration as calibrating
from pipelines.estimators.calibration import Argmax, Costs, Isotonic, Sigmoid, Temperature
from pipelines.inference.parity import compare, probe_rows
from pipelines.inference.portable import PortableModel, encode, to_portable
from tests.inference import cases, portable_cases
from tests.inference.test_calibration import COSTS, FITS, wrapped

# A sigmoid of the greatest slope, 32, makes 8 times what float32's rounding of its score is.
STEEPEST_OFF = 3e-6

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def calibrated(name: str, classes: list[Any], method: str, rule: str) -> Pipeline:
    """A pipeline fitted on some rows, its calibrator and rule on others."""
    pipeline = portable_cases.fitted(name, classes)
    raw = cases.features(600, seed=11)
    codes = np.searchsorted(np.array(sorted(classes)), cases.labels(raw, classes, seed=12))
    P = pipeline.predict_proba(portable_cases.in_days(raw))
    calibrator = FITS[method](P, codes)
    rules = {"argmax": lambda: Argmax(), "costs": lambda: Costs(COSTS[len(classes)])}
    chosen = rules.get(
        rule, lambda: calibrating.choose_threshold(rule, calibrator(P), codes, at_least=0.4)
    )()
    return wrapped(pipeline, calibrator, chosen)


def rows(classes: list[Any]) -> pd.DataFrame:
    probes = probe_rows(portable_cases.features(99), portable_cases.contract(classes))
    parts = [portable_cases.features(200, seed=3), portable_cases.wild(200), probes]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("rule", ["argmax", "best_f1", "recall", "precision", "costs"])
@pytest.mark.parametrize("method", FITS)
@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_the_graph_of_two_classes_is_proven_equal_with_every_calibrator_and_rule(
    name: str, method: str, rule: str
) -> None:
    classes = cases.CLASSES["binary str"]
    pipeline = calibrated(name, classes, method, rule)
    model = to_portable(pipeline, portable_cases.contract(classes), {})
    parity = compare(pipeline, model, rows(classes), PortableModel)
    assert parity.proven, parity.sentence
    assert parity.max_difference < STEEPEST_OFF


@pytest.mark.parametrize("rule", ["argmax", "costs"])
@pytest.mark.parametrize("method", FITS)
@pytest.mark.parametrize("name", cases.ESTIMATORS)
def test_the_graph_of_three_classes_is_proven_equal_with_every_calibrator_and_rule(
    name: str, method: str, rule: str
) -> None:
    classes = cases.CLASSES["three int"]
    pipeline = calibrated(name, classes, method, rule)
    model = to_portable(pipeline, portable_cases.contract(classes), {})
    parity = compare(pipeline, model, rows(classes), PortableModel)
    assert parity.proven, parity.sentence
    assert parity.max_difference < STEEPEST_OFF


@pytest.mark.parametrize("method", FITS)
def test_calibrators_and_rules_need_core_operators_in_float32_alone(method: str) -> None:
    classes = cases.CLASSES["three str"]
    pipeline = calibrated("hist_gradient_boosting", classes, method, "costs")
    model = onnx.load_from_string(to_portable(pipeline, portable_cases.contract(classes), {}))
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert {node.domain for node in model.graph.node} == {""}
    assert metadata["precision"] == "float32"


def test_no_label_is_cast_from_a_truth_value() -> None:
    """tract 0.23 gives such a label a type of its own, which cannot be read back."""
    pipeline = calibrated("logistic", ["a", "b"], "sigmoid", "best_f1")
    model = onnx.load_from_string(to_portable(pipeline, portable_cases.contract(["a", "b"]), {}))
    casts = [node for node in model.graph.node if node.op_type == "Cast"]
    assert {attribute.i for node in casts for attribute in node.attribute} <= {
        onnx.TensorProto.FLOAT
    }


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
@pytest.mark.parametrize("classes", ["binary bool", "three str"])
def test_the_reference_evaluator_answers_as_onnx_runtime_does(method: str, classes: str) -> None:
    labels = cases.CLASSES[classes]
    model = to_portable(
        calibrated("mlp_tanh", labels, method, "costs"), portable_cases.contract(labels), {}
    )
    X = portable_cases.wild(20)
    graph = PortableModel(model)
    wanted, expected = graph.run(X)
    positions, probabilities = portable_cases.referred(model, encode(graph.metadata, X))
    assert np.array(graph.classes)[positions].tolist() == wanted.tolist()
    np.testing.assert_allclose(probabilities, expected, atol=4e-6)


PRIOR = portable_cases.fitted("prior", ["a", "b"])
STEEPEST = 8.0
scores = st.floats(-14, 14)


def difference(calibrator: Any, p: float) -> float:
    """The graph's distance from the pipeline where the estimator itself gives p."""
    PRIOR[-1].class_prior_ = np.array([1 - p, p]).astype(np.float32).astype(np.float64)
    both = wrapped(PRIOR, calibrator, Argmax())
    model = to_portable(both, portable_cases.contract(["a", "b"]), {})
    X = portable_cases.features(1)
    return compare(both, model, X, PortableModel).max_difference


def near(s: float, offset: float) -> float:
    """The probability at a score near s."""
    return float(1 / (1 + np.exp(-(s + offset))))


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 4 * STEEPEST), scores, st.floats(-0.2, 0.2))
def test_the_steepest_sigmoid_wherever_it_rises_is_near_the_pipeline_s(
    slope: float, centre: float, offset: float
) -> None:
    sigmoid = Sigmoid(np.array([slope]), np.array([-slope * centre]))
    assert difference(sigmoid, near(centre, offset)) < STEEPEST_OFF


@settings(max_examples=25, deadline=None)
@given(st.floats(-60, 60), st.floats(0, 1e-3), scores)
def test_a_sigmoid_that_hardly_rises_is_near_the_pipeline_s(
    intercept: float, slope: float, s: float
) -> None:
    sigmoid = Sigmoid(np.array([slope]), np.array([intercept]))
    assert difference(sigmoid, near(s, 0.0)) < 1e-6


@settings(max_examples=25, deadline=None)
@given(st.lists(scores, min_size=1, max_size=9, unique=True), scores, st.randoms())
def test_an_isotonic_curve_as_steep_as_may_be_is_near_the_pipeline_s(
    starts: list[float], s: float, random: Any
) -> None:
    knots = np.sort(starts)
    rises = np.minimum(STEEPEST * np.diff(knots), 1.0)
    values = np.concatenate([[0.0], np.cumsum(rises)])
    values = 0.01 + 0.98 * values / max(values[-1], 1.0)
    isotonic = Isotonic([knots], [values])
    for point in (s, random.choice(knots)):
        assert difference(isotonic, near(point, 0.0)) < 3e-6


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 20), scores)
def test_every_temperature_is_near_the_pipeline_s(temperature: float, s: float) -> None:
    assert difference(Temperature(temperature), near(s, 0.0)) < 3e-6
