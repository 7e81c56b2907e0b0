from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from pipelines.estimators.calibration import Argmax, Costs, Threshold
from tests.estimators.calibration.tables import rows

ASYMMETRIC = np.array([[0.0, 1.0], [9.0, 0.0]])


def threshold(value: float) -> Threshold:
    return Threshold(value, precision=0.5, recall=0.5, f1=0.5, rows=10, taken=4)


def test_the_most_probable_class_is_the_first_of_equals() -> None:
    assert Argmax().codes(np.array([[0.5, 0.5], [0.2, 0.8]])).tolist() == [0, 1]
    assert Argmax().margins(np.array([[0.5, 0.5], [0.2, 0.8]])) == pytest.approx([0, 0.6])


def test_a_probability_at_the_threshold_is_positive_as_float32_sees_it() -> None:
    value = float(np.float32(0.3))
    below = float(np.nextafter(np.float32(0.3), np.float32(0)))
    # 0.3 is a little below its float32, and rounds to it.
    P = np.array([[1 - p, p] for p in (value, 0.3, below, 0.31)])
    assert threshold(value).codes(P).tolist() == [1, 1, 0, 1]
    assert threshold(value).margins(P)[3] == pytest.approx(0.01, abs=1e-7)


@settings(max_examples=80, deadline=None)
@given(rows(4))
def test_equal_costs_of_all_mistakes_give_the_most_probable_class(given_rows: Any) -> None:
    P, _ = given_rows
    assert Costs(1 - np.eye(4)).codes(P).tolist() == Argmax().codes(P).tolist()


@settings(max_examples=80, deadline=None)
@given(rows(3))
def test_the_label_is_the_one_of_least_expected_cost(given_rows: Any) -> None:
    P, _ = given_rows
    matrix = np.array([[0.0, 1.0, 7.0], [2.0, 0.5, 3.0], [5.0, 4.0, 0.0]])
    chosen = Costs(matrix).codes(P)
    for label in range(3):
        costs = (P[:, :, None] * matrix).sum(axis=1)
        assert (costs[np.arange(len(P)), chosen] <= costs[:, label] + 1e-6).all()


def test_two_classes_change_label_at_elkan_s_threshold() -> None:
    rule = Costs(ASYMMETRIC)
    assert rule.numbers()["value"] == pytest.approx(0.1)
    P = np.array([[1 - p, p] for p in (0.09, 0.11)])
    assert rule.codes(P).tolist() == [0, 1]
    assert rule.margins(P) == pytest.approx([0.1 / 9, 0.1 / 9])


def test_a_rule_says_what_it_does_in_words() -> None:
    assert str(Argmax()) == "that of the most probable class"
    assert str(threshold(0.25)) == (
        "the second from 0.25 on (precision 0.500, recall 0.500, F1 0.500; 4 of 10 rows)"
    )
    assert "least expected cost" in str(Costs(ASYMMETRIC))
