from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from pipelines.estimators.calibration.scores import log_odds, one_vs_rest, smoothed_targets


def test_two_classes_have_the_log_odds_of_the_second() -> None:
    P = np.array([[0.2, 0.8], [0.5, 0.5]])
    assert log_odds(P) == pytest.approx(logit(P[:, 1:]))


def test_more_classes_have_the_log_odds_of_each_against_the_sum_of_the_others() -> None:
    P = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    assert log_odds(P) == pytest.approx(logit(P))


def test_probabilities_of_zero_and_one_have_finite_odds() -> None:
    assert log_odds(np.array([[0.0, 1.0], [1.0, 0.0]])).ravel() == pytest.approx(
        [-np.log(1e-6), np.log(1e-6)]
    )


def test_odds_near_one_keep_the_digits_of_the_small_others() -> None:
    tiny = 1e-5 + 1e-13
    odds = log_odds(np.array([[tiny / 2, 1 - tiny, tiny / 2]]))
    assert odds[0, 1] == pytest.approx(np.log(1 - tiny) - np.log(tiny), rel=1e-15)


def test_one_against_the_rest_is_divided_by_the_sum() -> None:
    assert one_vs_rest(np.array([[0.25]])).tolist() == [[0.75, 0.25]]
    assert one_vs_rest(np.array([[0.2, 0.2, 0.4]])) == pytest.approx(np.array([[0.25, 0.25, 0.5]]))


def test_platt_s_targets_are_held_away_from_zero_and_one() -> None:
    targets = smoothed_targets(np.array([True, False, True, False, False]))
    assert targets == pytest.approx([3 / 4, 1 / 5, 3 / 4, 1 / 5, 1 / 5])
