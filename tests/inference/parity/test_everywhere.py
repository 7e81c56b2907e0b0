"""Both graphs of every estimator, proven in every runtime at hand."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.estimators.calibration import Argmax, CalibratedClassifier
from pipelines.estimators.calibration.isotonic import fit_isotonic
from pipelines.estimators.calibration.sigmoid import fit_sigmoid
from pipelines.estimators.calibration.temperature import fit_temperature
from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import proof_rows, prove
from pipelines.inference.portable import to_portable
from pipelines.inference.runtimes import RUNTIMES, Runtime
from tests.inference import cases
from tests.inference.runtimes import at_hand

NAMES = [name for name in cases.COLUMNS if name != "when"]  # which float32 does not hold
COLUMNS = {name: cases.COLUMNS[name] for name in NAMES}
X = cases.features(300, 3)[NAMES]


def contract(classes: list[Any]) -> dict[str, Any]:
    return {**cases.contract(classes), "columns": COLUMNS}


def fitted(name: str, classes: list[Any]) -> cases.Pipeline:
    table = cases.features(400)
    numbers = [each for each in NAMES if COLUMNS[each]["type"] != "category"]
    categories = [each for each in NAMES if COLUMNS[each]["type"] == "category"]
    preprocess = cases.Preprocessor(numbers, categories, scale=name not in cases.TREES)
    steps = [("preprocess", preprocess), ("estimator", cases.ESTIMATORS[name]())]
    return cases.Pipeline(steps).fit(table[NAMES], cases.labels(table, classes))


@pytest.mark.filterwarnings("ignore:MLPClassifier stopped")
@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda each: f"{each.name}, {each.graph}")
@pytest.mark.parametrize("classes", ["binary int", "three str"])
@pytest.mark.parametrize("name", list(cases.ESTIMATORS))
def test_every_estimator_is_proven(name: str, classes: str, runtime: Runtime) -> None:
    at_hand.require(runtime)
    pipeline = fitted(name, cases.CLASSES[classes])
    proof = proven(pipeline, contract(cases.CLASSES[classes]), runtime)
    if proof.note:
        assert runtime.name == "OpenVINO"
        assert "float64" in proof.note
    else:
        assert proof.rows == len(proof_rows(pipeline, X, contract([0, 1])).kinds)


PORTABLE = [each for each in RUNTIMES if each.graph == "portable"]


@pytest.mark.parametrize("runtime", PORTABLE, ids=lambda each: each.name)
@pytest.mark.parametrize("classes", [[0, 2**31], [-(2**31) - 1, 5, 2**53]], ids=["two", "three"])
def test_classes_beyond_int32_are_proven(classes: list[int], runtime: Runtime) -> None:
    at_hand.require(runtime)
    proof = proven(fitted("logistic", classes), contract(classes), runtime)
    assert proof.proven, proof.note
    assert proof.rows > 0


@pytest.mark.parametrize("runtime", PORTABLE, ids=lambda each: each.name)
@pytest.mark.parametrize("calibrate", [fit_sigmoid, fit_isotonic, fit_temperature])
def test_calibrated_estimators_are_proven_or_openvino_says_that_it_would_round(
    calibrate: Any, runtime: Runtime
) -> None:
    at_hand.require(runtime)
    classes = cases.CLASSES["three str"]
    pipeline = fitted("logistic", classes)
    inner = pipeline[-1]
    P = pipeline.predict_proba(X)
    codes = inner.classes_.searchsorted(cases.labels(cases.features(300, 3), classes))
    wrapped = CalibratedClassifier(inner, calibrate(P, codes), Argmax())
    calibrated = cases.Pipeline([("preprocess", pipeline[0]), ("estimator", wrapped)])
    proof = proven(calibrated, contract(classes), runtime)
    assert proof.proven or (runtime.name == "OpenVINO" and "float64" in proof.note)


def proven(pipeline: Any, said: dict[str, Any], runtime: Runtime) -> Any:
    made = {"model": to_onnx, "portable": to_portable}[runtime.graph](pipeline, said, {})
    (proof,) = prove(pipeline, {runtime.graph: made}, X, said, [runtime])
    return proof
