from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from pipelines.estimators.calibration import Sigmoid, fit_sigmoid
from pipelines.estimators.calibration.sigmoid import MOST_SLOPE
from tests.estimators.calibration.tables import Scored, drawn, rows


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_it_gives_scikit_learn_s_probabilities_for_the_same_scores(classes: int) -> None:
    P, codes = drawn(800, classes)
    theirs = CalibratedClassifierCV(FrozenEstimator(Scored(classes)), method="sigmoid")
    expected = theirs.fit(P, codes).predict_proba(P)
    np.testing.assert_allclose(fit_sigmoid(P, codes)(P), expected, atol=2e-5)


def test_probabilities_that_are_twice_too_sharp_get_the_slope_of_one_half() -> None:
    fitted = fit_sigmoid(*drawn(20_000, 2, sharpness=2.0))
    assert fitted.slopes[0] == pytest.approx(0.5, abs=0.03)
    assert fitted.intercepts[0] == pytest.approx(0.0, abs=0.05)


def test_perfectly_parted_rows_have_a_finite_sigmoid_and_no_sure_probability() -> None:
    P = np.array([[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5)
    calibrated = fit_sigmoid(P, np.repeat([0, 1], 5))(P)
    # Platt's targets for five rows of each class.
    assert calibrated[0, 1] == pytest.approx(1 / 7, abs=1e-6)
    assert calibrated[9, 1] == pytest.approx(6 / 7, abs=1e-6)


def test_scores_that_rank_backwards_get_one_probability_and_no_negative_slope() -> None:
    P = np.array([[0.1, 0.9]] * 5 + [[0.9, 0.1]] * 5)
    fitted = fit_sigmoid(P, np.repeat([0, 1], 5))
    assert fitted.slopes.tolist() == [0.0]
    assert fitted(P) == pytest.approx(np.full((10, 2), 0.5))


def test_scores_that_are_all_the_same_get_the_smoothed_share_of_the_class() -> None:
    P = np.tile([0.6, 0.4], (4, 1))
    q = fit_sigmoid(P, np.array([0, 0, 0, 1]))(P)
    assert q[:, 1] == pytest.approx([(3 * 1 / 5 + 2 / 3) / 4] * 4)


def test_a_slope_beyond_the_bound_is_the_bound_with_the_intercept_best_beside_it() -> None:
    s = np.repeat([-1e-3, 1e-3], 50)
    P = np.column_stack([1 - expit(s), expit(s)])
    codes = (s > 0).astype(np.int32)
    codes[:5] = 1
    fitted = fit_sigmoid(P, codes)
    assert fitted.slopes.tolist() == [MOST_SLOPE]
    targets = np.where(codes == 1, 56 / 57, 1 / 47)
    assert fitted(P)[:, 1].mean() == pytest.approx(targets.mean())


@settings(max_examples=60, deadline=None)
@given(rows(2))
def test_no_other_sigmoid_nearby_has_a_lower_loss_for_the_targets(given_rows: Any) -> None:
    P, codes = given_rows
    fitted = fit_sigmoid(P, codes)
    positives = int((codes == 1).sum())
    t = np.where(codes == 1, (positives + 1) / (positives + 2), 1 / (len(codes) - positives + 2))

    def loss(a: float, b: float) -> float:
        q = Sigmoid(np.array([a]), np.array([b]))(P)[:, 1]
        return float(-(t * np.log(q) + (1 - t) * np.log(1 - q)).mean())

    (a,), (b,) = fitted.slopes, fitted.intercepts
    for da, db in [(0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01), (0.01, -0.01)]:
        if 0 <= a + da <= MOST_SLOPE:
            assert loss(a, b) <= loss(a + da, b + db) + 1e-9
