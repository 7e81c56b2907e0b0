"""Metrics against scikit-learn's, row by row and resample by resample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference
from threadpoolctl import threadpool_limits

from pipelines.metrics import METRICS, log_losses
from pipelines.metrics.resamples import Resamples, block_length, resamples
from pipelines.metrics.scores import class_scores, evaluate
from pipelines.metrics.tallies import predictions, tally


def draw(n: int, classes: int, seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = np.r_[np.arange(classes), rng.integers(0, classes, n - classes)].astype(np.int32)
    P = rng.dirichlet(np.ones(classes), n)
    if ties:
        P = np.round(P, 1) + 1e-3
        P /= P.sum(axis=1, keepdims=True)
    return P, codes


def averaged(score: Any, codes: np.ndarray, label: np.ndarray, K: int) -> float:
    if K == 2:
        return float(score(codes, label, average="binary", zero_division=0))
    return float(score(codes, label, average="macro", labels=np.unique(codes), zero_division=0))


def by_the_book(
    P: np.ndarray, codes: np.ndarray, given: np.ndarray | None = None
) -> dict[str, float]:
    """Each metric by scikit-learn's function of that name."""
    K = P.shape[1]
    label = P.argmax(axis=1) if given is None else given
    truth = np.eye(K)[codes]
    score, y = (P[:, 1], truth[:, 1]) if K == 2 else (P, truth)
    return {
        "log_loss": reference.log_loss(codes, np.maximum(P, 1e-6), labels=range(K)),
        "brier": reference.brier_score_loss(codes, score, labels=range(K)),
        "roc_auc": reference.roc_auc_score(y, score, average="macro"),
        "average_precision": reference.average_precision_score(y, score, average="macro"),
        "accuracy": reference.accuracy_score(codes, label),
        "precision": averaged(reference.precision_score, codes, label, K),
        "recall": averaged(reference.recall_score, codes, label, K),
        "f1": averaged(reference.f1_score, codes, label, K),
        "balanced_accuracy": reference.balanced_accuracy_score(codes, label),
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


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_a_class_without_rows_has_no_part_in_an_average_over_classes(name: str) -> None:
    codes = np.array([0, 0, 0, 1, 1, 1], dtype=np.int32)
    given = np.array([0, 0, 1, 1, 1, 1], dtype=np.int32)
    P = np.full((6, 3), 1 / 3)
    got = evaluate(P, codes, resamples(6, 2, 0), given)[name].value
    assert got == pytest.approx(
        averaged(getattr(reference, f"{name}_score"), codes, given, 3), abs=1e-12
    )
    once = np.array([0, 0, 2, 1, 1, 1], dtype=np.int32)
    assert evaluate(P, codes, resamples(6, 2, 0), once)[name].value > 0.8


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
    """The rows' counts, a row a resample."""
    step = block_length(counts)
    blocks = [
        counts.block(start, min(start + step, counts.count))
        for start in range(0, counts.count, step)
    ]
    return np.concatenate(blocks, axis=1)[counts.groups].T


def test_resamples_draw_n_rows_each_and_repeat_with_the_seed() -> None:
    counts = drawn(resamples(50, 20, seed=4))
    assert counts.shape == (20, 50)
    assert (counts.sum(axis=1) == 50).all()
    assert (counts == drawn(resamples(50, 20, seed=4))).all()
    assert (counts != drawn(resamples(50, 20, seed=5))).any()


def test_one_class_only_leaves_ranking_metrics_undefined_and_the_others_finite() -> None:
    P = np.array([[0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    got = evaluate(P, np.zeros(3, dtype=np.int32), resamples(3, 10, 0))
    assert np.isnan(got["roc_auc"].value)
    assert set(got) == set(METRICS)
    assert np.isfinite(got["log_loss"].value)


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 60), st.integers(2, 4), st.integers(0, 10_000))
def test_label_metrics_follow_the_labels_that_are_given(n: int, classes: int, seed: int) -> None:
    P, codes = draw(n, classes, seed, ties=False)
    labels = np.random.default_rng(seed + 1).integers(0, classes, n).astype(np.int32)
    got = evaluate(P, codes, resamples(n, 2, 0), labels)
    for name, value in by_the_book(P, codes, labels).items():
        assert got[name].value == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("classes", [2, 3])
def test_each_class_has_scikit_learns_figures_of_it_against_the_rest(classes: int) -> None:
    P, codes = draw(80, classes, 5, ties=True)
    drawn = resamples(80, 50, 0)
    label = P.argmax(axis=1)
    told = predictions(P, codes, drawn, every_class=True)
    found = class_scores(tally([told], drawn)[0], told)
    p, r, f, support = reference.precision_recall_fscore_support(codes, label, zero_division=0)
    for k, each in enumerate(found):
        assert each.support == support[k]
        assert each.scores["precision"].value == pytest.approx(p[k])
        assert each.scores["recall"].value == pytest.approx(r[k])
        assert each.scores["f1"].value == pytest.approx(f[k])
        area = reference.roc_auc_score(codes == k, P[:, k])
        assert each.scores["roc_auc"].value == pytest.approx(area)
        average = reference.average_precision_score(codes == k, P[:, k])
        assert each.scores["average_precision"].value == pytest.approx(average)
        assert all(i.low <= i.value <= i.high for i in each.scores.values())


def test_the_number_of_threads_changes_no_bit() -> None:
    P, codes = draw(3_000, 3, 0, ties=True)
    found = []
    for threads in ("1", "4"):
        with threadpool_limits(int(threads)):
            found.append(repr(evaluate(P, codes, resamples(3_000, 500, 0))))
    assert found[0] == found[1]
