"""ROC and precision-recall points at their thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from pipelines.metrics.curves import curves


def draw(rows: int, classes: int, decimals: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(rows)
    codes = rng.integers(0, classes, rows).astype(np.int32)
    P = np.round(rng.dirichlet(np.ones(classes), rows) + 0.5 * np.eye(classes)[codes], decimals)
    return P / P.sum(axis=1, keepdims=True), codes


@pytest.mark.parametrize("rows", [30, 5_000])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("decimals", [1, 12])
def test_every_point_is_scikit_learns_at_that_threshold(
    rows: int, classes: int, decimals: int
) -> None:
    P, codes = draw(rows, classes, decimals)
    found = curves(P, codes)
    assert [each.positive for each in found] == ([1] if classes == 2 else [0, 1, 2])
    for each in found:
        y, score = codes == each.positive, P[:, each.positive]
        assert len(each.thresholds) <= 200
        false, true, at = reference.roc_curve(y, score, drop_intermediate=False)
        roc = {t: (f, r) for f, r, t in zip(false, true, at, strict=True)}
        precision, recall, at = reference.precision_recall_curve(y, score)
        shown = {t: (p, r) for p, r, t in zip(precision[:-1], recall[:-1], at, strict=True)}
        for i, threshold in enumerate(each.thresholds):
            assert roc[threshold] == pytest.approx((each.false_positive_rate[i], each.recall[i]))
            assert shown[threshold] == pytest.approx((each.precision[i], each.recall[i]))
        assert each.roc_auc == pytest.approx(reference.roc_auc_score(y, score))
        average = reference.average_precision_score(y, score)
        assert each.average_precision == pytest.approx(average)


def test_thresholds_fall_and_the_last_calls_every_row_positive() -> None:
    (found,) = curves(*draw(5_000, 2, 12))
    assert list(found.thresholds) == sorted(found.thresholds, reverse=True)
    assert (found.recall[-1], found.false_positive_rate[-1]) == (1.0, 1.0)
    assert len(found.thresholds) > 100


def test_the_thinned_curve_encloses_the_same_area() -> None:
    (found,) = curves(*draw(5_000, 2, 12))
    area = np.trapezoid(np.r_[0.0, found.recall], np.r_[0.0, found.false_positive_rate])
    assert area == pytest.approx(found.roc_auc, abs=2e-3)


def test_a_class_that_is_absent_or_everywhere_has_no_curve() -> None:
    P = np.tile([0.3, 0.3, 0.4], (4, 1))
    assert [each.positive for each in curves(P, np.array([0, 1, 0, 1], dtype=np.int32))] == [0, 1]
    assert curves(P[:, :2], np.zeros(4, dtype=np.int32)) == ()
