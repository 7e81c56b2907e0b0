from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from pipelines.estimators.row_weights import row_weights

ROWS = np.ones((8, 1))
CODES = np.array([0, 1, 2, 0, 1, 2, 0, 0])
CLASSES = np.array(["a", "b", "c"])


def weights(sample_weight=None, class_weight=None):
    return row_weights(ROWS, CODES, CLASSES, sample_weight, class_weight)


def test_without_weights_there_are_none():
    assert weights().shape == (0,)


@given(st.lists(st.floats(0.01, 100), min_size=8, max_size=8))
def test_balanced_weights_are_scikit_learns(given_weights):
    s = np.array(given_weights)
    by_class = compute_class_weight("balanced", classes=CLASSES, y=CLASSES[CODES], sample_weight=s)
    np.testing.assert_allclose(weights(s, "balanced"), s * by_class[CODES])


def test_balanced_classes_weigh_the_same_and_all_together_what_they_did():
    s = np.arange(1.0, 9.0)
    totals = np.bincount(CODES, weights(s, "balanced"))
    np.testing.assert_allclose(totals, s.sum() / 3)


def test_a_class_whose_rows_weigh_nothing_keeps_no_weight_when_balanced():
    s = (CODES != 1).astype(float)
    assert np.bincount(CODES, weights(s, "balanced")).tolist() == pytest.approx([2, 0, 2])


def test_a_class_that_is_not_named_weighs_one():
    assert weights(class_weight={"b": 3}).tolist() == [1, 3, 1, 1, 3, 1, 1, 1]
    assert weights(np.full(8, 2.0), {"b": 3, "a": 0.5}).tolist() == [1, 6, 2, 1, 6, 2, 1, 1]


def test_more_classes_than_there_are_may_be_named_where_none_is_left_out():
    assert weights(class_weight={"a": 1, "b": 2, "c": 3, "d": 4}).max() == 3


def test_the_callers_weights_are_left_as_they_are():
    s = np.ones(8)
    weights(s, {"b": 3})
    assert s.tolist() == [1] * 8
