from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

from pipelines.estimators.calibration import fit_isotonic
from pipelines.estimators.calibration.isotonic import FLATTEST, RISE
from pipelines.estimators.calibration.scores import STEEPEST, log_odds, smoothed_targets
from tests.estimators.calibration.tables import Scored, drawn, rows


def probabilities(s: Any) -> Any:
    """Two classes with these log odds."""
    return np.column_stack([expit(-np.asarray(s)), expit(s)])


def test_scores_far_apart_get_scikit_learn_s_regression_of_the_smoothed_labels() -> None:
    s = np.repeat(np.arange(-12.0, 12.1, 1.5), 3)
    codes = np.random.default_rng(0).binomial(1, expit(s / 2)).astype(np.int32)
    P = probabilities(s)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(s, smoothed_targets(codes == 1))
    everywhere = np.linspace(-13, 13, 200)
    np.testing.assert_allclose(
        fit_isotonic(P, codes)(probabilities(everywhere))[:, 1],
        theirs.predict(everywhere),
        atol=1e-9,
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_it_is_near_scikit_learn_s_probabilities_and_loses_no_likelihood(classes: int) -> None:
    P, codes = drawn(3_000, classes)
    fresh, truth = drawn(3_000, classes, seed=1)
    theirs = CalibratedClassifierCV(FrozenEstimator(Scored(classes)), method="isotonic")
    expected = theirs.fit(P, codes).predict_proba(fresh)
    ours = fit_isotonic(P, codes)(fresh)
    assert np.abs(ours - expected).mean() < 0.01
    at = np.arange(len(truth)), truth
    assert -np.log(ours[at]).mean() <= -np.log(np.maximum(expected[at], 1e-6)).mean() + 1e-3


@settings(max_examples=80, deadline=None)
@given(rows(2))
def test_it_never_falls_and_is_nowhere_too_steep_for_float32(given_rows: Any) -> None:
    P, codes = given_rows
    spread = float(log_odds(P).std())
    fitted = fit_isotonic(P, codes)
    s = np.linspace(-15, 15, 3_001)
    q = fitted(probabilities(s))[:, 1]
    rise = np.diff(q)
    assert (rise >= -1e-12).all()
    most = min(max(RISE / spread, FLATTEST), STEEPEST) if spread > 0 else FLATTEST
    assert (rise <= most * 0.01 + 1e-9).all()
    (knots,), (values,) = fitted.knots, fitted.values
    assert (np.diff(knots) >= 0).all()
    assert (np.diff(values) >= 0).all()


@settings(max_examples=80, deadline=None)
@given(rows(2))
def test_what_it_gives_has_the_targets_mean_and_fitting_it_again_changes_nothing(
    given_rows: Any,
) -> None:
    from pipelines.estimators.calibration.isotonic import _blocks

    P, codes = given_rows
    s, targets = log_odds(P)[:, 0], smoothed_targets(codes == 1)
    once = _blocks(s, targets)
    assert sum(b.weight * b.value for b in once) == pytest.approx(targets.sum())
    where = np.searchsorted([b.last for b in once], s)
    values = np.array([b.value for b in once])
    again = _blocks(s, values[where])
    firsts = np.searchsorted([b.last for b in again], s)
    np.testing.assert_allclose(np.array([b.value for b in again])[firsts], values[where])


def test_no_probability_is_zero_or_one() -> None:
    s = [-2.0, -1.0, 1.0, 2.0]
    q = fit_isotonic(probabilities(s), np.array([0, 0, 1, 1]))(probabilities([-20.0, 20.0]))
    assert q[:, 1] == pytest.approx([1 / 4, 3 / 4])


def test_one_score_alone_gets_the_share_of_the_class() -> None:
    fitted = fit_isotonic(probabilities([0.5] * 4), np.array([0, 1, 1, 1]))
    assert fitted.numbers() == {"knots": [1]}
    targets = smoothed_targets(np.array([False, True, True, True]))
    assert fitted(probabilities([-3.0, 3.0]))[:, 1] == pytest.approx([targets.mean()] * 2)


def test_scores_too_close_to_tell_apart_in_float32_share_a_probability() -> None:
    s = np.repeat([-1e-7, 1e-7], 10)
    fitted = fit_isotonic(probabilities(s), np.repeat([0, 1], 10))
    assert fitted.numbers() == {"knots": [1]}
