"""Metrics against scikit-learn's, row by row and resample by resample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from pipelines.metrics import (
    METRICS,
    Resamples,
    evaluate,
    log_losses,
    paired_difference,
    resamples,
)


def draw(n: int, classes: int, seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = np.r_[np.arange(classes), rng.integers(0, classes, n - classes)].astype(np.int32)
    P = rng.dirichlet(np.ones(classes), n)
    if ties:
        P = np.round(P, 1) + 1e-3
        P /= P.sum(axis=1, keepdims=True)
    return P, codes


def by_the_book(P: np.ndarray, codes: np.ndarray) -> dict[str, float]:
    """Each metric by scikit-learn's function of that name."""
    K = P.shape[1]
    label = P.argmax(axis=1)
    truth = np.eye(K)[codes]
    score, y = (P[:, 1], truth[:, 1]) if K == 2 else (P, truth)
    return {
        "log_loss": reference.log_loss(codes, np.maximum(P, 1e-6), labels=range(K)),
        "brier": reference.brier_score_loss(codes, score, labels=range(K)),
        "roc_auc": reference.roc_auc_score(y, score, average="macro"),
        "average_precision": reference.average_precision_score(y, score, average="macro"),
        "accuracy": reference.accuracy_score(codes, label),
        "balanced_accuracy": reference.balanced_accuracy_score(codes, label),
        "f1": reference.f1_score(
            codes,
            label,
            average="binary" if K == 2 else "macro",
            labels=None if K == 2 else range(K),
            zero_division=0,
        ),
        "mcc": reference.matthews_corrcoef(codes, label),
    }


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 80), st.integers(2, 5), st.integers(0, 10_000), st.booleans())
def test_point_values_equal_scikit_learns(n: int, classes: int, seed: int, ties: bool) -> None:
    P, codes = draw(n, classes, seed, ties)
    got = evaluate(P, codes, resamples(n, 2, 0))
    for name, value in by_the_book(P, codes).items():
        assert got[name].value == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("classes", [2, 4])
def test_intervals_equal_a_plain_loop_over_repeated_rows(classes: int) -> None:
    P, codes = draw(120, classes, 3, ties=True)
    counts = resamples(120, 60, seed=9)
    got = evaluate(P, codes, counts, confidence=0.8)
    rows = [np.repeat(np.arange(120), w.astype(int)) for w in drawn(counts)]
    values = [by_the_book(P[r], codes[r]) for r in rows]
    for name in values[0]:
        low, high = np.quantile([v[name] for v in values], [0.1, 0.9])
        assert (got[name].low, got[name].high) == pytest.approx((low, high), abs=1e-6), name


def test_expected_calibration_error_is_the_weighted_gap_a_bin() -> None:
    # Two bins: confidence 0.9 with half right, confidence 0.6 with all right.
    P = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]])
    codes = np.array([0, 1, 0, 1], dtype=np.int32)
    got = evaluate(P, codes, resamples(4, 2, 0))["expected_calibration_error"].value
    assert got == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)


def test_a_probability_of_zero_costs_the_floor_and_not_infinity() -> None:
    loss = log_losses(np.array([[1.0, 0.0]]), np.array([1], dtype=np.int32))
    assert loss[0] == pytest.approx(-np.log(1e-6))


def drawn(counts: Resamples) -> np.ndarray:
    return np.concatenate(list(counts.chunks()))


def test_resamples_draw_n_rows_each_and_repeat_with_the_seed() -> None:
    counts = drawn(resamples(50, 20, seed=4))
    assert counts.shape == (20, 50)
    assert (counts.sum(axis=1) == 50).all()
    assert (counts == drawn(resamples(50, 20, seed=4))).all()
    assert (counts != drawn(resamples(50, 20, seed=5))).any()


def test_equal_rows_are_drawn_together_and_narrow_no_interval() -> None:
    rng = np.random.default_rng(1)
    once = rng.exponential(1, 40)
    digests = np.arange(40, dtype=np.uint64)
    alone = paired_difference(once, np.ones(40), resamples(digests, 300, 0))
    many = paired_difference(
        np.repeat(once, 25), np.ones(1000), resamples(np.repeat(digests, 25), 300, 0)
    )
    assert (many.rows, many.distinct) == (1000, 40)
    assert many.difference.low == pytest.approx(alone.difference.low)
    assert many.difference.high == pytest.approx(alone.difference.high)


def test_a_paired_difference_sees_a_small_steady_gain_in_noisy_losses() -> None:
    rng = np.random.default_rng(0)
    second = rng.exponential(1, 500)
    result = paired_difference(second - 0.01, second, resamples(500, 400, 1))
    assert result.difference.high < 0
    assert result.share_better == 1.0
    assert paired_difference(second, second, resamples(500, 400, 1)).share_better == 0.0


def test_one_class_only_leaves_ranking_metrics_undefined_and_the_others_finite() -> None:
    P = np.array([[0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    got = evaluate(P, np.zeros(3, dtype=np.int32), resamples(3, 10, 0))
    assert np.isnan(got["roc_auc"].value)
    assert set(got) == set(METRICS)
    assert np.isfinite(got["log_loss"].value)
