from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from pipelines.estimators.calibration import Temperature, fit_temperature
from pipelines.estimators.calibration.scores import log_probabilities
from pipelines.metrics import log_losses
from tests.estimators.calibration.tables import Scored, drawn, rows


@pytest.mark.parametrize("classes", [3, 5])
def test_it_gives_scikit_learn_s_temperature(classes: int) -> None:
    P, codes = drawn(800, classes)

    class Raw(Scored):
        def decision_function(self, X: Any) -> Any:
            return log_probabilities(np.asarray(X))

    theirs = CalibratedClassifierCV(FrozenEstimator(Raw(classes)), method="temperature")
    theirs.fit(P, codes)
    fitted = fit_temperature(P, codes)
    beta = theirs.calibrated_classifiers_[0].calibrators[0].beta_
    assert fitted.temperature == pytest.approx(1 / beta, rel=1e-5)
    np.testing.assert_allclose(fitted(P), theirs.predict_proba(P), atol=1e-5)


def test_probabilities_that_are_twice_too_sharp_get_the_temperature_two() -> None:
    assert fit_temperature(*drawn(20_000, 3, sharpness=2.0)).temperature == pytest.approx(
        2.0, abs=0.05
    )


def test_right_probabilities_that_could_be_sharper_without_end_stop_at_a_twentieth() -> None:
    P = np.array([[0.6, 0.4], [0.4, 0.6]])
    assert fit_temperature(P, np.array([0, 1])).temperature == 0.05
    assert fit_temperature(P, np.array([1, 0])).temperature == 20.0


@settings(max_examples=60, deadline=None)
@given(rows(3), st.floats(0.05, 20))
def test_the_best_class_stays_the_best(given_rows: Any, temperature: float) -> None:
    P, _ = given_rows
    calibrated = Temperature(temperature)(P)
    best = calibrated[np.arange(len(P)), P.argmax(axis=1)]
    assert (best == calibrated.max(axis=1)).all()
    assert calibrated.sum(axis=1) == pytest.approx(np.ones(len(P)))


@settings(max_examples=60, deadline=None)
@given(rows(3), st.floats(0.05, 20))
def test_no_other_temperature_has_a_lower_log_loss(given_rows: Any, other: float) -> None:
    P, codes = given_rows

    def loss(temperature: float) -> float:
        return float(log_losses(Temperature(temperature)(P), codes).mean())

    # The log loss has a floor at 1e-6; where it acts, it is not what is fitted.
    if Temperature(0.05)(P)[np.arange(len(P)), codes].min() > 1e-6:
        assert loss(fit_temperature(P, codes).temperature) <= loss(other) + 1e-9
