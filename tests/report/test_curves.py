"""The figures' numbers against scikit-learn's and SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from pipelines.metrics.resamples import resamples
from pipelines.metrics.scores import evaluate
from pipelines.report.curves import (
    confusion_counts,
    precision_recall_curve,
    reliability,
    roc_curve,
    thin,
)
from tests.report.predictions import predictions

draws = given(
    rows=st.integers(5, 80), seed=st.integers(0, 10_000), decimals=st.sampled_from([1, 17])
)


@draws
@settings(max_examples=60, deadline=None)
def test_roc_curve_and_its_area_are_scikit_learns(rows: int, seed: int, decimals: int) -> None:
    codes, P = predictions(2, rows, seed, decimals)
    fpr, tpr, _ = reference.roc_curve(codes, P[:, 1], drop_intermediate=False)
    ours = roc_curve(codes == 1, P[:, 1])
    np.testing.assert_allclose(ours.x, fpr)
    np.testing.assert_allclose(ours.y, tpr)
    assert ours.area == pytest.approx(reference.roc_auc_score(codes, P[:, 1]))


@draws
@settings(max_examples=60, deadline=None)
def test_precision_recall_curve_and_its_area_are_scikit_learns(
    rows: int, seed: int, decimals: int
) -> None:
    codes, P = predictions(2, rows, seed, decimals)
    precision, recall, _ = reference.precision_recall_curve(codes, P[:, 1])
    ours = precision_recall_curve(codes == 1, P[:, 1])
    np.testing.assert_allclose(ours.x, recall[::-1])
    np.testing.assert_allclose(ours.y, precision[::-1])
    assert ours.area == pytest.approx(reference.average_precision_score(codes, P[:, 1]))


def test_areas_are_those_of_the_metrics() -> None:
    codes, P = predictions(4, 300)
    scores = evaluate(P, codes, resamples(300, 2, 0))
    areas = [roc_curve(codes == k, P[:, k]).area for k in range(4)]
    averages = [precision_recall_curve(codes == k, P[:, k]).area for k in range(4)]
    assert np.mean(areas) == pytest.approx(scores["roc_auc"].value)
    assert np.mean(averages) == pytest.approx(scores["average_precision"].value)


@pytest.mark.parametrize("curve", [roc_curve, precision_recall_curve])
def test_a_class_without_rows_has_an_empty_curve_of_no_area(curve) -> None:
    empty = curve(np.zeros(5, dtype=bool), np.linspace(0, 1, 5))
    assert len(empty.x) == len(empty.y) == 0
    assert np.isnan(empty.area)


def test_a_thinned_curve_keeps_its_ends_and_is_nowhere_far_from_the_whole() -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(50_000) < 0.01
    whole = roc_curve(positive, rng.normal(size=50_000) + 2 * positive)
    x, y = thin(whole.x, whole.y, 500)
    assert len(x) <= 500
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    nearest = cKDTree(np.column_stack([x, y])).query(np.column_stack([whole.x, whole.y]))[0]
    assert nearest.max() < 0.01
    assert np.trapezoid(y, x) == pytest.approx(whole.area, abs=1e-3)


def test_a_short_curve_is_not_thinned() -> None:
    x = np.linspace(0, 1, 20)
    assert thin(x, x, 20)[0] is x


def test_the_mean_gap_of_several_classes_is_the_expected_calibration_error() -> None:
    codes, P = predictions(5, 400)
    error = evaluate(P, codes, resamples(400, 2, 0))["expected_calibration_error"].value
    assert reliability(P, codes).gap == pytest.approx(error)


def test_reliability_of_two_classes_is_scikit_learns_calibration_curve() -> None:
    codes, P = predictions(2, 500)
    it = reliability(P, codes)
    observed, predicted = calibration_curve(codes, P[:, 1], n_bins=15)
    np.testing.assert_allclose(it.observed[it.counts > 0], observed)
    np.testing.assert_allclose(it.predicted[it.counts > 0], predicted)
    assert it.counts.sum() == 500


def test_confusion_counts_are_scikit_learns() -> None:
    codes, P = predictions(6, 200)
    given = P.argmax(axis=1).astype(np.int32)
    expected = reference.confusion_matrix(codes, given, labels=range(6))
    np.testing.assert_array_equal(confusion_counts(given, codes, 6), expected)
