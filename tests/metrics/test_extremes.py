"""What was right in every row, or in none, keeps a bound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from pipelines.metrics import Interval
from pipelines.metrics.extremes import opened
from pipelines.metrics.resamples import resamples
from pipelines.metrics.scores import class_scores, evaluate
from pipelines.metrics.slices import slice_scores
from pipelines.metrics.tallies import predictions, tally

CODES = np.repeat(np.arange(2), (40, 10)).astype(np.int32)
# Every label right, and every row in order.
RIGHT = np.where(CODES[:, None] == np.arange(2), 0.9, 0.1)


def exact(n: int, hits: int) -> Interval:
    """SciPy's interval of Clopper and Pearson."""
    found = binomtest(hits, n).proportion_ci(method="exact")
    return Interval(hits / n, found.low, found.high)


def near(found: Interval, expected: Interval) -> None:
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high), abs=1e-12
    )


def test_shares_without_an_exception_have_the_bounds_of_clopper_and_pearson() -> None:
    right = evaluate(RIGHT, CODES, resamples(50, 200, 0))
    for name, rows in {
        "accuracy": 50,
        "recall": 10,
        "precision": 10,
        "balanced_accuracy": 10,
    }.items():
        near(right[name], exact(rows, rows))
    wrong = evaluate(RIGHT[:, ::-1], CODES, resamples(50, 200, 0))
    for name, rows in {"accuracy": 50, "recall": 10, "precision": 40}.items():
        near(wrong[name], exact(rows, 0))


def test_rows_that_stand_several_times_count_once() -> None:
    digests = np.arange(50, dtype=np.uint64)
    digests[:20] = 0
    right = evaluate(RIGHT, CODES, resamples(digests, 200, 0))
    near(right["accuracy"], exact(31, 31))


def test_no_interval_of_a_perfect_model_is_a_point() -> None:
    names = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc", "roc_auc")
    for classes in (2, 3):
        codes = (np.arange(60) % classes).astype(np.int32)
        P = np.where(codes[:, None] == np.arange(classes), 0.9, 0.1 / (classes - 1))
        drawn = resamples(60, 200, 0)
        found = evaluate(P, codes, drawn)
        for name in (*names, "average_precision"):
            assert 0.4 < found[name].low < found[name].value == found[name].high == 1, name
        told = predictions(P, codes, drawn, every_class=True)
        for each in class_scores(tally([told], drawn)[0], told):
            assert all(score.low < 1 for score in each.scores.values())
        slices = {"x": {"half": np.arange(60) < 30}}
        (half,) = slice_scores(slices, predictions(P, codes, drawn), drawn, "accuracy")
        near(half.scores["accuracy"], exact(30, 30))


def test_a_label_that_is_never_given_has_a_precision_of_which_nothing_is_known() -> None:
    found = evaluate(np.tile([0.8, 0.2], (50, 1)), CODES, resamples(50, 200, 0))
    near(found["precision"], Interval(0.0, 0.0, 1.0))
    near(found["recall"], exact(10, 0))
    assert 0 < found["f1"].high < 1
    near(found["mcc"], Interval(0.0, 0.0, 0.0))
    near(found["roc_auc"], Interval(0.5, 0.5, 0.5))


def test_what_varies_between_resamples_is_left_as_it_is() -> None:
    drawn = resamples(50, 20, 0)
    it = predictions(RIGHT, CODES, drawn)
    for found in (Interval(0.9, 0.8, 1.0), Interval(1.0, 0.9, 1.0)):
        assert opened("accuracy", found, it) == found
    assert opened("log_loss", Interval(1.0, 1.0, 1.0), it) == Interval(1.0, 1.0, 1.0)


@pytest.mark.parametrize(("metric", "rare"), [("roc_auc", 8), ("average_precision", 8), ("f1", 8)])
def test_the_bound_of_a_perfect_sample_is_below_the_truth_in_nearly_all_samples(
    metric: str, rare: int
) -> None:
    """Samples of a model that errs so rarely that many show no error."""
    codes = np.repeat(np.arange(2), (200, rare)).astype(np.int32)
    rng = np.random.default_rng(0)

    def raw(of: np.ndarray) -> np.ndarray:
        return np.where(of == 1, 6.0, 0.0) + rng.normal(size=len(of))

    def measured(of: np.ndarray) -> Interval:
        p = 1 / (1 + np.exp(4.2 - raw(of)))
        return evaluate(np.column_stack([1 - p, p]), of, resamples(len(of), 20, 0))[metric]

    truth = measured(np.repeat(np.arange(2), (50_000, 50_000 * rare // 200)).astype(np.int32)).value
    perfect = [it for it in (measured(codes) for _ in range(60)) if it.value == 1]
    assert len(perfect) >= 10
    assert all(it.low < truth for it in perfect)
