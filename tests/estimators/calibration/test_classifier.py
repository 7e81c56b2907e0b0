from __future__ import annotations

import doctest

import numpy as np
import pytest
import skops.io
from sklearn.base import clone, is_classifier
from sklearn.utils.validation import check_is_fitted

from pipelines.estimators import LogisticClassifier
from pipelines.estimators import calibration as calibrating
from pipelines.estimators.calibration import CalibratedClassifier, classifier
from pipelines.estimators.calibration.classifier import uncalibrated
from pipelines.estimators.registry import TRUSTED_TYPES

X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
Y = np.array(["no", "no", "yes", "no", "yes", "yes"])
CODES = (Y == "yes").astype(np.int32)
INNER = LogisticClassifier().fit(X, Y)
P = INNER.predict_proba(X)
CALIBRATORS = [
    calibrating.Uncalibrated(),
    calibrating.fit_sigmoid(P, CODES),
    calibrating.fit_isotonic(P, CODES),
    calibrating.fit_temperature(P, CODES),
]
RULES = [
    calibrating.Argmax(),
    calibrating.choose_threshold("recall", P, CODES, 1.0),
    calibrating.Costs(np.array([[0.0, 1.0], [4.0, 0.0]])),
]


def test_probabilities_are_the_calibrator_s_and_labels_the_rule_s() -> None:
    both = CalibratedClassifier(INNER, CALIBRATORS[1], RULES[1])
    calibrated = CALIBRATORS[1](P)
    assert (both.predict_proba(X) == calibrated).all()
    assert both.predict(X).tolist() == both.classes_[RULES[1].codes(calibrated)].tolist()
    assert both.classes_.tolist() == ["no", "yes"]


def test_it_is_a_fitted_classifier_and_fit_leaves_it_alone() -> None:
    both = CalibratedClassifier(INNER, CALIBRATORS[1], RULES[0])
    check_is_fitted(both)
    assert is_classifier(both)
    before = both.predict_proba(X)
    assert (both.fit(X, Y[::-1]).predict_proba(X) == before).all()
    assert set(both.get_params(deep=False)) == {"estimator", "calibrator", "rule"}
    assert type(clone(both)) is CalibratedClassifier


def test_a_threshold_without_calibration_leaves_the_probabilities_alone() -> None:
    assert (CalibratedClassifier(INNER, CALIBRATORS[0], RULES[1]).predict_proba(X) == P).all()


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("rule", RULES, ids=lambda each: type(each).__name__)
def test_every_part_survives_skops_with_the_trusted_types_alone(calibrator, rule) -> None:
    both = CalibratedClassifier(INNER, calibrator, rule)
    again = skops.io.loads(skops.io.dumps(both), trusted=list(TRUSTED_TYPES))
    assert (again.predict_proba(X) == both.predict_proba(X)).all()
    assert again.predict(X).tolist() == both.predict(X).tolist()
    assert again.summary() == both.summary()


def test_its_summary_tells_the_numbers_a_line_each() -> None:
    lines = repr(CalibratedClassifier(INNER, CALIBRATORS[3], RULES[1])).splitlines()
    assert lines[0] == "CalibratedClassifier"
    assert lines[1].split() == ["estimator", "LogisticClassifier()"]
    assert "divided by" in lines[2]
    assert "recall 1.000" in lines[3]


def test_the_estimator_within_is_found_and_any_other_is_itself() -> None:
    assert uncalibrated(CalibratedClassifier(INNER, CALIBRATORS[0], RULES[0])) is INNER
    assert uncalibrated(INNER) is INNER


def test_the_example_in_the_docstring_holds() -> None:
    attempted = doctest.testmod(classifier)
    assert attempted.attempted > 0
    assert attempted.failed == 0
