"""Permutation importances against what is known of the model, and their intervals' honesty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from pipelines.explanation.importance import REPEATS, importances, sampled, strongest
from pipelines.metrics import Interval
from pipelines.records.explanation import Importance


def answer(X: pd.DataFrame) -> np.ndarray:
    """A model that knows the truth: a counts twice as much as b, and c nothing."""
    p = 1 / (1 + np.exp(-(2 * X["a"] + X["b"]).to_numpy()))
    return np.column_stack([1 - p, p])


def drawn(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    return X, (rng.random(n) < answer(X)[:, 1]).astype(np.int32)


def digests(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.uint64)


def test_columns_stand_in_the_order_of_what_they_tell() -> None:
    X, codes = drawn(600, 0)
    found = importances(answer, X, codes, digests(600))
    assert [each.column for each in found] == ["a", "b", "c"]
    assert found[0].rise.low > found[1].rise.value > 0
    assert found[2].rise == Interval(0.0, 0.0, 0.0)


def test_the_rise_is_scikit_learns_but_for_the_shuffles() -> None:
    X, codes = drawn(2_000, 1)
    model = LogisticRegression().fit(X, codes)
    theirs = permutation_importance(
        model, X, codes, scoring="neg_log_loss", n_repeats=20, random_state=0
    ).importances_mean
    ours = {
        each.column: each.rise
        for each in importances(model.predict_proba, X, codes, digests(2_000))
    }
    for column, mean in zip("abc", theirs, strict=True):
        assert ours[column].value == pytest.approx(mean, abs=0.03)
        assert ours[column].low - 0.01 <= mean <= ours[column].high + 0.01


def test_intervals_hold_the_true_rise_about_as_often_as_they_say() -> None:
    X, codes = drawn(20_000, 5)
    truth = {
        each.column: each.rise.value for each in importances(answer, X, codes, digests(20_000))
    }
    hits = 0
    for seed in range(100, 300):
        sample = drawn(150, seed)
        found = importances(answer, *sample, digests(150))
        held = next(each.rise for each in found if each.column == "a")
        hits += held.low <= truth["a"] <= held.high
    assert 180 <= hits <= 200


def test_equal_rows_count_as_one_for_the_interval() -> None:
    X, codes = drawn(100, 2)
    twice = pd.concat([X, X], ignore_index=True), np.r_[codes, codes]
    apart = importances(answer, *twice, digests(200))[0].rise
    together = importances(answer, *twice, np.r_[digests(100), digests(100)])[0].rise
    assert together.value == apart.value
    assert together.high - together.low > 1.1 * (apart.high - apart.low)


def test_the_same_rows_give_the_same_numbers_and_stay_as_they_are() -> None:
    X, codes = drawn(80, 3)
    before = X.copy()
    assert importances(answer, X, codes, digests(80)) == importances(answer, X, codes, digests(80))
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize(("columns", "most"), [(3, 2_000), (100, 100), (50_000, 1)])
def test_many_rows_are_sampled_by_their_digests(columns: int, most: int) -> None:
    keys = np.random.default_rng(0).permutation(5_000).astype(np.uint64)
    found = sampled(keys, columns)
    assert len(found) == most
    assert columns * most * REPEATS <= 30_000 or most == 1
    assert set(keys[found].tolist()) == set(range(most))
    assert np.all(np.diff(found) > 0)


def test_only_columns_that_cost_something_are_strong() -> None:
    found = tuple(
        Importance(name, Interval(rise, rise, rise))
        for name, rise in (("x", 0.3), ("word", 0.2), ("y", 0.1), ("z", 0.0))
    )
    assert strongest(found, ["y", "x", "z"]) == ["x", "y"]
    assert strongest(found, ["z", "x"]) == ["x"]
