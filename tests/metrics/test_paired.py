"""Two models on the same rows: an honest difference, and an honest doubt of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from pipelines.metrics import METRICS, Paired
from pipelines.metrics.paired import paired
from pipelines.metrics.resamples import Resamples, resamples
from pipelines.metrics.scores import evaluate

ROWS = 120


def answers(seed: int, rows: int = ROWS, classes: int = 2) -> tuple[np.ndarray, ...]:
    """Two models that know something of the classes, each with errors of its own."""
    rng = np.random.default_rng(seed)
    codes = np.r_[np.arange(classes), rng.integers(0, classes, rows - classes)].astype(np.int32)
    raw = np.eye(classes)[codes] + rng.normal(size=(2, rows, classes))
    P = np.exp(raw) / np.exp(raw).sum(axis=2, keepdims=True)
    return P[0], P[1], codes


def probabilities(losses: np.ndarray) -> np.ndarray:
    """Of class 0 so that the rows, all of class 0, have these log losses."""
    p = np.exp(-losses)
    return np.column_stack([p, 1 - p])


def of_losses(first: np.ndarray, second: np.ndarray, drawn: Resamples) -> Paired:
    codes = np.zeros(len(first), dtype=np.int32)
    return paired("log_loss", probabilities(first), probabilities(second), codes, drawn)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("metric", METRICS)
def test_the_difference_is_that_of_the_metrics_values(metric: str, classes: int) -> None:
    first, second, codes = answers(1, classes=classes)
    drawn = resamples(ROWS, 200, 0)
    both = [evaluate(P, codes, drawn)[metric].value for P in (first, second)]
    found = paired(metric, first, second, codes, drawn)
    assert found.difference.value == pytest.approx(both[0] - both[1])
    assert found.difference.low <= found.difference.value <= found.difference.high
    assert (found.metric, found.rows, found.distinct, found.note) == (metric, ROWS, ROWS, "")


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(METRICS)), st.integers(0, 1_000))
def test_the_other_way_round_better_is_worse(metric: str, seed: int) -> None:
    first, second, codes = answers(seed)
    drawn = resamples(ROWS, 100, 0)
    found = paired(metric, first, second, codes, drawn)
    other = paired(metric, second, first, codes, drawn)
    assert other.difference.value == pytest.approx(-found.difference.value)
    assert other.share_better == pytest.approx(found.share_worse)
    assert found.gain.value * (1 if METRICS[metric] == "higher" else -1) == found.difference.value
    assert found.gain.low <= found.gain.value <= found.gain.high


@pytest.mark.parametrize("metric", METRICS)
def test_a_model_is_neither_better_nor_worse_than_itself(metric: str) -> None:
    first, _, codes = answers(2)
    found = paired(metric, first, first, codes, resamples(ROWS, 100, 0))
    assert (found.difference.value, found.share_better, found.share_worse) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("metric", METRICS)
def test_a_much_better_model_is_better_beyond_doubt(metric: str) -> None:
    rng = np.random.default_rng(0)
    codes = (np.arange(300) % 2).astype(np.int32)
    raw = np.where(codes == 1, 1.5, -1.5) + rng.normal(size=300)
    good = 1 / (1 + np.exp(-2 * raw))
    bad = 1 / (1 + np.exp(-3 * rng.normal(size=300)))
    P, Q = (np.column_stack([1 - p, p]) for p in (good, bad))
    found = paired(metric, P, Q, codes, resamples(300, 500, 0))
    assert found.share_better > 0.99
    assert found.share_worse == 0.0
    assert found.gain.low > 0


def test_a_paired_difference_sees_a_small_steady_gain_in_noisy_losses() -> None:
    second = np.random.default_rng(0).exponential(1, 500)
    found = of_losses(second + 0.01, second + 0.02, resamples(500, 400, 1))
    assert found.difference.high < 0
    assert found.share_better == 1.0


def test_equal_rows_are_drawn_together_and_narrow_no_interval() -> None:
    once = np.random.default_rng(1).exponential(1, 40)
    digests = np.arange(40, dtype=np.uint64)
    alone = of_losses(once, np.ones(40), resamples(digests, 300, 0))
    many = of_losses(np.repeat(once, 25), np.ones(1000), resamples(np.repeat(digests, 25), 300, 0))
    assert (many.rows, many.distinct) == (1000, 40)
    assert many.difference.low == pytest.approx(alone.difference.low)
    assert many.difference.high == pytest.approx(alone.difference.high)
    assert many.share_better == pytest.approx(alone.share_better)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [1, 3, 4])
def test_rows_too_few_to_prove_anything_prove_nothing(metric: str, rows: int) -> None:
    # The models differ in these rows only, and the first is right in each of them.
    codes = (np.arange(200) % 2).astype(np.int32)
    right = np.where(np.arange(200)[:, None] % 2 == [0, 1], 0.8, 0.2)
    shaken = np.where(np.arange(200)[:, None] % 7 == 0, 1 - right, right)
    other = shaken.copy()
    shaken[:rows], other[:rows] = right[:rows], 1 - right[:rows]
    found = paired(metric, shaken, other, codes, resamples(200, 1_000, 0))
    assert found.share_better <= 1 - 0.5**rows + 1e-12 < 0.95


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "mcc"])
def test_labels_that_differ_in_few_rows_are_told_apart_by_the_exact_test(metric: str) -> None:
    # Ten rows speak for the first model, two against it: as many coins fall so in p of cases.
    codes = (np.arange(400) % 2).astype(np.int32)
    first, second = codes.copy(), codes.copy()
    second[:10] = 1 - second[:10]
    first[10:12] = 1 - first[10:12]
    P = np.full((400, 2), 0.5)
    found = paired(metric, P, P, codes, resamples(400, 20_000, 0), first, second)
    p = binomtest(10, 12, alternative="greater").pvalue
    assert found.share_better == pytest.approx(1 - p, abs=0.005)


NULLS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "seldom much worse": lambda rng, n: rng.exponential(size=n) - 1,
    "seldom much better": lambda rng, n: 1 - rng.exponential(size=n),
    "in few rows": lambda rng, n: (rng.random(n) < 0.1) * rng.choice([-1.0, 1.0], n),
}


@pytest.mark.parametrize("rows", [12, 40])
@pytest.mark.parametrize("null", NULLS)
def test_without_a_true_difference_at_most_one_in_twenty_is_beyond_doubt(
    null: str, rows: int
) -> None:
    found = 0
    for draw in range(400):
        gap = 0.2 * NULLS[null](np.random.default_rng([draw, rows]), rows)
        base = np.maximum(-gap, 0) + 0.5
        found += of_losses(base + gap, base, resamples(rows, 200, draw)).share_better >= 0.95
    assert found <= 34  # a true 5 % test stays at or under it 99.9 % of the time


def test_one_class_only_leaves_no_difference_of_areas_and_says_why() -> None:
    first, second, _ = answers(0)
    found = paired("roc_auc", first, second, np.zeros(ROWS, np.int32), resamples(ROWS, 50, 0))
    assert found.note == "roc_auc is not defined on these 120 rows: a class is missing from them."
    assert (found.share_better, found.share_worse) == (0.0, 0.0)
