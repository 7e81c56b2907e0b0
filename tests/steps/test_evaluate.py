"""The winner, chosen without the test rows; the test rows' judgement; the champion beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import metrics
from pipelines.config import Category, Number, Slice
from pipelines.records import CandidateFit, Champion, Evaluation
from pipelines.steps.evaluate import evaluate
from pipelines.steps.train import TrainingError
from tests.steps.tables import parts, table

# Rows 0 to 5 train, 6 to 17 test; the digest of a row is its number plus one.
X = [float(i) for i in range(18)]
Y = ["no", "no", "no", "no", "yes", "yes"] + ["no", "yes"] * 6
ROWS = table(X, Y)
SPLIT = parts("t" * 6 + "T" * 12, list(range(1, 19)))
TRUTH = np.array([Y[i] == "yes" for i in range(6, 18)])


class Says:
    """A fitted pipeline that gives the true class this probability."""

    def __init__(self, confidence: float, classes: Sequence[str] = ("no", "yes")) -> None:
        self.confidence = confidence
        self.classes_ = np.array(classes)

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        yes = np.where(frame["x"] % 2 == 1, self.confidence, 1 - self.confidence)
        return np.column_stack([1 - yes, yes])

    def predict(self, frame: pd.DataFrame) -> Any:
        return self.classes_[self.predict_proba(frame).argmax(axis=1)]


def fit(name: str, confidence: float, loss: float, reason: str = "") -> CandidateFit:
    pipeline = None if reason else Says(confidence)
    return CandidateFit(name, "logistic", reason, pipeline, selection_loss=loss)


def champion(
    confidence: float = 0.7,
    learned: Sequence[int] = (),
    classes: tuple[Any, ...] = ("no", "yes"),
    predict: Callable[[Any], Any] | None = None,
) -> Champion:
    digests = np.array(learned, dtype=np.uint64)
    return Champion("7", classes, digests, predict or Says(confidence).predict_proba)


def judged(rival: Champion | None = None) -> Evaluation:
    return evaluate([fit("a", 0.8, 0.3)], ROWS, SPLIT, rival)


def test_the_winner_has_the_least_selection_loss_even_if_another_is_better_on_test_rows() -> None:
    found = evaluate([fit("better", 0.99, 0.4), fit("chosen", 0.6, 0.3)], ROWS, SPLIT)
    assert found.scores["better"]["log_loss"].value < found.scores["chosen"]["log_loss"].value
    assert found.winner == "chosen"
    assert found.against_prior.difference.value == pytest.approx(
        -np.log(0.6)
        - metrics.log_losses(np.tile([4 / 6, 2 / 6], (12, 1)), TRUTH.astype(int)).mean()
    )


def test_of_equal_losses_the_first_in_the_configuration_wins() -> None:
    assert evaluate([fit("b", 0.8, 0.3), fit("a", 0.8, 0.3)], ROWS, SPLIT).winner == "b"


def test_the_scores_are_those_of_the_test_rows_alone() -> None:
    found = judged()
    assert found.codes.tolist() == TRUTH.astype(int).tolist()
    assert found.probabilities["a"].shape == (12, 2)
    assert found.scores["a"]["accuracy"].value == 1.0
    assert found.scores["a"]["log_loss"].value == pytest.approx(-np.log(0.8))
    assert set(found.scores["a"]) == set(metrics.METRICS)


def test_the_judgement_repeats_to_the_bit() -> None:
    assert repr(judged(champion())) == repr(judged(champion()))


def test_failed_candidates_are_left_out_of_the_judgement() -> None:
    found = evaluate([fit("gone", 0, float("nan"), "diverged"), fit("a", 0.8, 0.3)], ROWS, SPLIT)
    assert found.winner == "a"
    assert list(found.scores) == ["a"]


def test_where_every_candidate_failed_each_reason_is_named() -> None:
    failed = [fit("a", 0, 0, "it diverged in epoch 3"), fit("b", 0, 0, "it ran out of memory")]
    with pytest.raises(TrainingError) as refused:
        evaluate(failed, ROWS, SPLIT)
    assert str(refused.value).splitlines() == [
        "No candidate could be fitted.",
        "  a: it diverged in epoch 3",
        "  b: it ran out of memory",
    ]


def test_a_class_that_a_candidate_never_saw_costs_the_floor() -> None:
    three = table(X, [*Y[:17], "rare"])
    found = evaluate([fit("a", 0.8, 0.3)], three, SPLIT)
    losses = metrics.log_losses(found.probabilities["a"], found.codes)
    assert losses[-1] == pytest.approx(-np.log(1e-6))


def test_without_a_champion_there_is_no_comparison_and_it_says_so() -> None:
    found = judged()
    assert found.against_champion is None
    assert found.champion_note == "There was no champion to compare with."
    assert found.champion_scores == {}


def test_winner_and_champion_are_compared_row_by_row() -> None:
    found = judged(champion(0.7))
    assert found.against_champion is not None
    assert found.against_champion.difference.value == pytest.approx(np.log(0.7 / 0.8))
    assert found.against_champion.share_better > 0.99
    assert found.against_champion.rows == 12
    assert found.champion_scores["log_loss"].value == pytest.approx(-np.log(0.7))
    better = judged(champion(0.9))
    assert better.against_champion is not None
    assert better.against_champion.share_better == 0.0


def test_rows_that_the_champion_learned_from_are_left_out_of_the_comparison() -> None:
    seen: list[float] = []

    def predict(frame: pd.DataFrame) -> Any:
        seen.extend(frame["x"])
        return Says(0.7).predict_proba(frame)

    learned = [1, 2, *range(7, 15)]  # training rows, and the test rows 6 to 13
    found = judged(champion(learned=learned, predict=predict))
    assert seen == [14.0, 15.0, 16.0, 17.0]
    assert found.against_champion is not None
    assert found.against_champion.rows == 4
    assert found.champion_note.startswith("Compared on 4 of 12 test rows")
    assert len(found.codes) == 12  # the winner itself is judged on all
    assert found.sketch == (15, 16, 17, 18)
    assert judged(None).sketch == tuple(range(7, 19))


@pytest.mark.parametrize("left", [0, 1])
def test_a_champion_that_learned_from_all_test_rows_is_not_compared(left: int) -> None:
    found = judged(champion(learned=list(range(7, 19 - left))))
    assert found.against_champion is None
    assert "version 7, learned from" in found.champion_note


def test_a_champion_with_other_classes_is_noted_with_them() -> None:
    found = judged(champion(classes=("maybe", "no", "yes")))
    assert found.against_champion is None
    assert "knows other classes: ['maybe', 'no', 'yes']" in found.champion_note


class SessionError(Exception):
    """As ONNX Runtime's own, which have no base but Exception."""


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, SessionError])
def test_a_champion_that_raises_is_noted_with_the_reason(kind: type[Exception]) -> None:
    def predict(frame: pd.DataFrame) -> Any:
        raise kind("it needs the column 'sex'")

    found = judged(champion(predict=predict))
    assert found.against_champion is None
    assert found.champion_scores == {}
    assert "cannot be run on this table: " in found.champion_note
    assert "it needs the column" in found.champion_note
    assert found.winner == "a"


def test_a_champion_that_gives_no_numbers_is_noted() -> None:
    found = judged(champion(predict=lambda frame: np.full((len(frame), 2), np.nan)))
    assert found.against_champion is None
    assert "gives a probability that is no number" in found.champion_note


def test_the_inputs_are_left_as_they_were() -> None:
    before = ROWS.features.to_pandas()
    judged(champion())
    pd.testing.assert_frame_equal(ROWS.features.to_pandas(), before)


# 120 test rows after 6 training rows, half of them on an island where the model knows nothing.
MANY = [float(i) for i in range(126)]
SAID = ["no", "no", "no", "no", "yes", "yes"] + ["no", "yes"] * 60
ISLANDS = ["Dream"] * 66 + ["Biscoe"] * 60
LARGE = table(MANY, SAID, ISLANDS)
LARGE_SPLIT = parts("t" * 6 + "T" * 120, list(range(1, 127)))
CONTRACT = {
    "x": Number(type="number"),
    "island": Category(type="category", values=["Biscoe", "Dream"]),
}
SLICES = [Slice(column="island"), Slice(column="x", quantiles=2)]


class Lost(Says):
    """Right as `Says`, but on Biscoe as often wrong."""

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        said = super().predict_proba(frame)
        wrong = (frame["island"] == "Biscoe") & (frame["x"] % 4 < 2)
        return np.where(wrong.to_numpy()[:, None], said[:, ::-1], said)


def large(pipeline: Any, rival: Champion | None = None, metric: str = "log_loss") -> Evaluation:
    fitted = CandidateFit("a", "logistic", pipeline=pipeline, selection_loss=0.3)
    return evaluate([fitted], LARGE, LARGE_SPLIT, rival, metric, SLICES, CONTRACT)


def test_the_winner_is_judged_in_each_slice_and_the_bad_one_is_flagged() -> None:
    found = large(Lost(0.8))
    assert [(each.column, each.value, each.rows, each.worse) for each in found.slices] == [
        ("island", "Biscoe", 60, True),
        ("island", "Dream", 60, False),
        ("x", "up to 65", 60, False),
        ("x", "over 65", 60, True),
    ]
    assert found.slices[0].scores["accuracy"].value == 0.5


def test_winner_and_champion_are_compared_in_each_slice_of_the_common_rows() -> None:
    found = large(Lost(0.8), champion(0.79, learned=list(range(1, 47))))
    assert [(each.value, each.rows, each.worse) for each in found.champion_slices] == [
        ("Biscoe", 60, True),
        ("Dream", 20, False),
        ("up to 65", 20, False),
        ("over 65", 60, True),
    ]
    assert found.champion_slices[1].note == "too small: 20 of the 30 rows that it takes"


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_models_are_compared_by_the_metric_that_is_asked_for(metric: str) -> None:
    found = large(Says(0.8), champion(predict=Lost(0.8).predict_proba), metric)
    assert found.metric == metric
    assert found.against_prior.metric == metric
    assert found.against_champion is not None
    assert found.against_champion.metric == metric
    calibrated = 0 if metric == "expected_calibration_error" else 0.95
    assert found.against_champion.share_better >= calibrated
    assert found.mcnemar is not None
    assert (found.mcnemar.only_first, found.mcnemar.only_second) == (30, 0)
    assert found.mcnemar.p == pytest.approx(2 * 0.5**30)


class Cautious(Says):
    """Says yes only where it is sure, which it never is."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return np.full(len(frame), "no")


def test_the_label_metrics_are_those_of_the_labels_that_the_model_gives() -> None:
    found = large(Cautious(0.8))
    assert found.labels["a"].tolist() == [0] * 120
    assert found.scores["a"]["accuracy"].value == 0.5
    assert found.scores["a"]["recall"].value == 0.0
    assert found.scores["a"]["roc_auc"].value == 1.0
    assert [each.scores["recall"].value for each in found.per_class] == [1.0, 0.0]
    assert [each.support for each in found.per_class] == [60, 60]


def test_the_champions_own_labels_count_where_it_gives_them() -> None:
    plain = champion(0.8)
    shy = Champion("7", plain.classes, plain.learned, plain.predict_proba, Cautious(0.8).predict)
    found = large(Says(0.8), shy, "accuracy")
    assert found.against_champion is not None
    assert found.against_champion.difference.value == pytest.approx(0.5)
    assert found.champion_scores["accuracy"].value == 0.5


def test_the_winners_calibration_and_curve_come_with_it() -> None:
    found = large(Says(0.8))
    (curve,), (calibration,) = found.curves, found.calibration
    assert (curve.positive, calibration.positive) == (1, 1)
    assert curve.thresholds == pytest.approx((0.8, 0.2))
    assert [each.predicted for each in calibration.bins] == pytest.approx([0.2, 0.8])
    assert calibration.error.value == pytest.approx(0.2)


def test_few_test_rows_are_noted() -> None:
    assert judged().notes[0].startswith("Only 12 test rows: too few to trust an interval")
    assert large(Says(0.8)).notes == ()
    equal = parts("t" * 6 + "T" * 120, [1] * 126)
    found = evaluate([fit("a", 0.8, 0.3)], LARGE, equal)
    assert found.notes[0].startswith("Only 1 different test rows")


def test_metrics_that_test_rows_of_one_class_do_not_define_are_noted_and_not_compared() -> None:
    one = table(MANY, ["no", "yes", *["no"] * 124])
    fits = [fit("a", 0.8, 0.3)]
    found = evaluate(fits, one, LARGE_SPLIT, champion(0.7), "roc_auc")
    assert found.notes == (
        "Not defined on the test rows, which lack a class: roc_auc, average_precision, recall. "
        "Give [split] a larger test share, or another salt.",
    )
    assert found.against_prior.note.startswith("roc_auc is not defined on these 120 rows")
    assert found.against_champion is None
    assert "roc_auc is not defined on these 120 rows" in found.champion_note
    assert found.curves == ()
