"""Slices: their metrics, whether they are worse than the rest, and worse than the champion."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.metrics import METRICS, yardstick
from pipelines.metrics.resamples import resamples
from pipelines.metrics.scores import evaluate
from pipelines.metrics.slices import compared_slices, slice_scores
from pipelines.metrics.tallies import predictions

ROWS = 600


def answers(seed: int, bad: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Good probabilities of two classes, but worthless ones of the first rows."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, ROWS).astype(np.int32)
    raw = np.where(codes == 1, 1.0, -1.0) + rng.normal(size=ROWS)
    raw[:bad] = 1.5 * rng.normal(size=bad)
    p = 1 / (1 + np.exp(-2 * raw))
    return np.column_stack([1 - p, p]), codes


def thirds() -> dict[str, dict[str, np.ndarray]]:
    of = np.arange(ROWS) // 200
    return {"x": {name: of == i for i, name in enumerate("abc")}}


@pytest.mark.parametrize("metric", METRICS)
def test_the_slice_that_is_bad_is_flagged_and_no_other(metric: str) -> None:
    P, codes = answers(3, bad=200)
    drawn = resamples(ROWS, 300, 0)
    found = slice_scores(thirds(), predictions(P, codes, drawn), drawn, metric)
    assert [(each.value, each.worse) for each in found] == [("a", True), ("b", False), ("c", False)]
    assert found[0].p <= 0.05 < found[1].p
    assert found[0].rest is not None
    assert found[0].rest.low <= found[0].rest.value <= found[0].rest.high


@pytest.mark.parametrize("metric", METRICS)
def test_a_slice_has_the_metrics_of_its_rows_and_the_difference_to_all_others(metric: str) -> None:
    P, codes = answers(4)
    drawn = resamples(ROWS, 50, 0)
    first = slice_scores(thirds(), predictions(P, codes, drawn), drawn, metric)[0]
    inside, outside = (
        evaluate(P[rows], codes[rows], resamples(len(codes[rows]), 2, 0))
        for rows in (slice(0, 200), slice(200, None))
    )
    assert first.rows == 200
    for name, each in first.scores.items():
        assert each.value == pytest.approx(inside[name].value), name
    assert first.rest is not None
    by = yardstick(metric, 2)
    assert first.rest.value == pytest.approx(inside[by].value - outside[by].value)


def test_slices_of_one_population_are_seldom_flagged() -> None:
    flagged = 0
    for seed in range(100):
        P, codes = answers(seed)
        drawn = resamples(ROWS, 100, seed)
        slices = {"x": {f"{i}": np.arange(ROWS) // 60 == i for i in range(10)}}
        found = slice_scores(slices, predictions(P, codes, drawn), drawn, "log_loss")
        flagged += any(each.worse for each in found)
    assert flagged <= 13  # a true 5 % test stays at or under it 99.9 % of the time


def clean(seed: int, classes: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """A model that is as good in every class; quarters of the rows with other shares of them."""
    rng = np.random.default_rng(seed)
    quarter = np.arange(ROWS) // (ROWS // 4)
    shares = rng.dirichlet(np.full(classes, 1.5), 4) * 0.85 + 0.15 / classes
    codes = np.array([rng.choice(classes, p=shares[q]) for q in quarter], dtype=np.int32)
    raw = rng.normal(size=(ROWS, classes)) + 2 * np.eye(classes)[codes]
    P = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    return P, codes, {f"{q}": quarter == q for q in range(4)}


@pytest.mark.parametrize("metric", ["f1", "precision", "roc_auc", "balanced_accuracy", "recall"])
@pytest.mark.parametrize("classes", [2, 3])
def test_other_shares_of_the_classes_alone_flag_no_slice(metric: str, classes: int) -> None:
    flagged = 0
    for seed in range(60):
        P, codes, slices = clean(seed, classes)
        drawn = resamples(ROWS, 100, seed)
        found = slice_scores({"x": slices}, predictions(P, codes, drawn), drawn, metric)
        flagged += any(each.worse for each in found)
    assert flagged <= 9  # a true 5 % test stays at or under it 99.9 % of the time


def test_a_metric_judges_slices_itself_only_where_shares_of_classes_do_not_move_it() -> None:
    own = {2: ["log_loss", "brier", "roc_auc", "accuracy", "balanced_accuracy", "recall"]}
    own[3] = ["log_loss", "brier", "accuracy"]
    for classes, expected in own.items():
        assert [name for name in METRICS if yardstick(name, classes) == name] == expected
    assert {yardstick(name, 3) for name in METRICS if name not in own[3]} == {"log_loss"}


def test_slices_that_are_too_small_say_so_and_are_not_judged() -> None:
    P, codes = answers(5)
    digests = np.arange(ROWS, dtype=np.uint64)
    digests[100:200] = digests[100]
    drawn = resamples(digests, 50, 0)
    at = np.arange(ROWS)
    slices = {"x": {"few": at < 29, "equal": (at >= 100) & (at < 200), "ones": codes == 1}}
    found = slice_scores(slices, predictions(P, codes, drawn), drawn, "log_loss")
    assert [each.note for each in found] == [
        "too small: 29 of the 30 rows that it takes",
        "too small: 1 of the 30 different rows that it takes",
        "too small: its rows are all of one class",
    ]
    assert all(not each.scores and each.rest is None and not each.worse for each in found)


def test_metrics_that_a_slice_does_not_define_are_named_and_left_out() -> None:
    rng = np.random.default_rng(0)
    P = rng.dirichlet(np.ones(3), 300)
    codes = np.r_[np.zeros(50), np.ones(50), rng.integers(0, 3, 200)].astype(np.int32)
    drawn = resamples(300, 50, 0)
    slices = {"x": {"two classes": np.arange(300) < 100}}
    (found,) = slice_scores(slices, predictions(P, codes, drawn), drawn, "roc_auc")
    assert found.note == "not defined here, a class is missing: roc_auc, average_precision"
    assert set(found.scores) == set(METRICS) - {"roc_auc", "average_precision"}
    assert found.rest is not None  # by the log loss, which every row has


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc", "accuracy", "f1"])
def test_a_challenger_that_is_worse_in_one_slice_is_flagged_there(metric: str) -> None:
    champion, codes = answers(6)
    challenger = champion.copy()
    challenger[:200] = champion[:200, ::-1]
    both = [(P, P.argmax(axis=1).astype(np.int32)) for P in (challenger, champion)]
    found = compared_slices(thirds(), metric, *both, codes, resamples(ROWS, 300, 0))
    assert [each.worse for each in found] == [True, False, False]
    assert found[0].paired is not None
    assert found[0].paired.gain.value < 0
    assert [each.p for each in found[1:]] == [1.0, 1.0]


def test_a_slice_of_few_common_rows_is_not_compared() -> None:
    P, codes = answers(7)
    both = [(P, P.argmax(axis=1).astype(np.int32))] * 2
    slices = {"x": {"few": np.arange(ROWS) < 10}}
    (found,) = compared_slices(slices, "log_loss", *both, codes, resamples(ROWS, 50, 0))
    assert (found.paired, found.note) == (None, "too small: 10 of the 30 rows that it takes")
