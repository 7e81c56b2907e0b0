from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from pipelines.estimators.calibration import UnreachableError, choose_threshold
from tests.estimators.calibration.tables import Scored, drawn, rows

#  score      0.9  0.8  0.7  0.6  0.5  0.4  0.3  0.2
LABELS = [1, 1, 0, 1, 0, 0, 1, 0]
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
P = np.column_stack([1 - SCORES, SCORES])


def predicted(given: Any, value: float) -> Any:
    return given[:, 1].astype(np.float32) >= np.float32(value)


@pytest.mark.parametrize(
    ("kind", "at_least", "value", "precision", "recall"),
    [
        ("best_f1", 0.0, 0.55, 3 / 4, 3 / 4),
        ("recall", 0.5, 0.75, 1.0, 1 / 2),
        ("recall", 0.51, 0.55, 3 / 4, 3 / 4),
        ("recall", 1.0, 0.25, 4 / 7, 1.0),
        ("precision", 0.9, 0.75, 1.0, 1 / 2),
        ("precision", 0.7, 0.55, 3 / 4, 3 / 4),
        ("precision", 0.01, 0.25, 4 / 7, 1.0),
    ],
)
def test_the_threshold_lies_midway_between_the_two_scores_that_it_parts(
    kind: str, at_least: float, value: float, precision: float, recall: float
) -> None:
    chosen = choose_threshold(kind, P, np.array(LABELS), at_least)
    assert chosen.value == pytest.approx(value)
    assert chosen.value == float(np.float32(chosen.value))
    assert (chosen.precision, chosen.recall) == pytest.approx((precision, recall))
    assert (chosen.rows, chosen.taken) == (8, predicted(P, value).sum())


def test_a_precision_that_no_threshold_gives_is_refused_with_the_most_there_is() -> None:
    flipped = np.array([0, 1, 0, 1, 0, 0, 1, 0])
    with pytest.raises(UnreachableError, match=r"precision of 0\.9 on the 8 rows.*most is 0\.500"):
        choose_threshold("precision", P, flipped, 0.9)


@pytest.mark.parametrize(("code", "lacking"), [(0, "positive"), (1, "negative")])
def test_rows_of_one_class_allow_no_threshold(code: int, lacking: str) -> None:
    with pytest.raises(UnreachableError, match=f"no {lacking} row among the 8"):
        choose_threshold("best_f1", P, np.full(8, code))


@settings(max_examples=100, deadline=None)
@given(rows(2), st.sampled_from(["best_f1", "recall", "precision"]), st.floats(0.05, 1))
def test_no_other_threshold_does_better_on_its_rows(
    given_rows: Any, kind: str, at_least: float
) -> None:
    mine, codes = given_rows
    assume(0 < codes.sum() < len(codes))
    others = [*np.unique(mine[:, 1].astype(np.float32)), np.float32(2)]
    figures = [
        tuple(
            score(codes, predicted(mine, value), zero_division=0)
            for score in (precision_score, recall_score, f1_score)
        )
        for value in others
    ]
    reachable = [p for p, _, _ in figures if p >= at_least]
    if kind == "precision" and not reachable:
        with pytest.raises(UnreachableError):
            choose_threshold(kind, mine, codes, at_least)
        return
    chosen = choose_threshold(kind, mine, codes, at_least)
    labels = predicted(mine, chosen.value)
    assert chosen.precision == pytest.approx(precision_score(codes, labels, zero_division=0))
    assert chosen.recall == pytest.approx(recall_score(codes, labels))
    assert chosen.f1 == pytest.approx(f1_score(codes, labels))
    if kind == "best_f1":
        assert chosen.f1 >= max(f for _, _, f in figures) - 1e-12
    elif kind == "recall":
        assert chosen.recall >= at_least
        assert chosen.precision >= max(p for p, r, _ in figures if r >= at_least) - 1e-12
    else:
        assert chosen.precision >= at_least
        assert chosen.recall >= max(r for p, r, _ in figures if p >= at_least) - 1e-12


def test_it_reaches_the_f1_of_scikit_learn_s_tuned_threshold() -> None:
    mine, codes = drawn(600, 2)
    theirs = TunedThresholdClassifierCV(
        Scored(2), scoring="f1", cv="prefit", refit=False, thresholds=600
    ).fit(mine, codes)
    ours = choose_threshold("best_f1", mine, codes)
    assert ours.f1 >= theirs.best_score_ - 1e-12
    fixed = FixedThresholdClassifier(
        Scored(2), threshold=ours.value, response_method="predict_proba"
    ).fit(mine, codes)
    assert f1_score(codes, fixed.predict(mine)) == pytest.approx(ours.f1)


def test_it_finds_the_best_point_of_scikit_learn_s_precision_recall_curve() -> None:
    mine, codes = drawn(600, 2)
    precision, recall, _ = precision_recall_curve(codes, mine[:, 1].astype(np.float32))
    chosen = choose_threshold("recall", mine, codes, 0.9)
    assert chosen.precision == pytest.approx(precision[recall >= 0.9].max())


def test_between_neighbours_in_float32_the_threshold_is_the_upper_one() -> None:
    low = np.float32(0.5)
    high = np.nextafter(low, np.float32(1))
    near = np.array([[0.5, float(low)], [0.5, float(high)]])
    chosen = choose_threshold("best_f1", near, np.array([0, 1]))
    assert chosen.value == float(high)
    assert chosen.codes(near).tolist() == [0, 1]
