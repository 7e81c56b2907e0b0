"""What a candidate's calibrator and threshold are fitted on, and the loss that judges them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from pipelines.config import Calibration, Candidate, Threshold
from pipelines.estimators.calibration import fit_sigmoid
from pipelines.metrics import log_losses
from pipelines.records import CandidateFit
from pipelines.steps.calibrate import (
    GROUPS,
    CalibrationError,
    HeldOut,
    calibrate,
    groups_of,
)
from pipelines.steps.split import folds
from pipelines.steps.train import Fit, collect, fit, plan
from tests.estimators.calibration.tables import Scored, drawn
from tests.steps.tables import COLUMNS, parts, table

NONE, SIGMOID = Calibration(), Calibration(method="sigmoid")
ARGMAX, BEST_F1 = Threshold(), Threshold(kind="best_f1")


def fitted(classes: int = 2) -> CandidateFit:
    pipeline = Pipeline([("preprocess", "passthrough"), ("estimator", Scored(classes))])
    return CandidateFit("logistic", "logistic", pipeline=pipeline, selection_loss=0.5)


def held(P: Any, codes: Any, groups: Any) -> HeldOut:
    return HeldOut(np.arange(len(codes)), np.asarray(groups, dtype=np.int8), codes, P)


def two_classes(rows: int = 300) -> HeldOut:
    P, codes = drawn(rows, 2)
    return held(P, codes, np.arange(rows) % 3)


def test_the_last_step_becomes_the_calibrated_classifier_around_the_fitted_one() -> None:
    before, mine = fitted(), two_classes()
    after = calibrate(before, [mine], SIGMOID, BEST_F1)
    assert [name for name, _ in after.pipeline.steps] == ["preprocess", "estimator"]
    assert after.pipeline[-1].estimator is before.pipeline[-1]
    expected = fit_sigmoid(mine.probabilities, mine.codes)
    assert (after.pipeline.predict_proba(mine.probabilities) == expected(mine.probabilities)).all()
    assert after.decision["probability_calibration"] == "sigmoid"
    assert after.decision["probability_calibration__slope"] == expected.slopes.tolist()
    assert after.decision["threshold"] == "best_f1"
    assert 0 < after.decision["threshold__value"] < 1


def test_the_selection_loss_is_of_calibrators_that_never_saw_the_rows_they_judge() -> None:
    mine = two_classes()
    losses = []
    for group in range(3):
        judged = mine.groups == group
        other = fit_sigmoid(mine.probabilities[~judged], mine.codes[~judged])
        losses.append(log_losses(other(mine.probabilities[judged]), mine.codes[judged]))
    after = calibrate(fitted(), [mine], SIGMOID, ARGMAX)
    assert after.selection_loss == pytest.approx(np.concatenate(losses).mean(), rel=1e-12)


def test_labels_that_are_noise_gain_nothing_from_isotonic_regression() -> None:
    P, _ = drawn(400, 2)
    codes = np.random.default_rng(5).integers(0, 2, 400).astype(np.int32)
    mine = held(P, codes, np.arange(400) % 5)
    after = calibrate(fitted(), [mine], Calibration(method="isotonic"), ARGMAX)
    # Judged on its own rows it would seem better than the best there is.
    own = log_losses(after.pipeline.predict_proba(P), codes).mean()
    assert own < np.log(2) < after.selection_loss


def test_the_order_in_which_fits_end_changes_no_bit() -> None:
    mine = two_classes()
    thirds = [
        HeldOut(*(getattr(mine, name)[mine.groups == group] for name in HeldOut.__annotations__))
        for group in range(3)
    ]
    first, second = (calibrate(fitted(), each, SIGMOID, BEST_F1) for each in (thirds, thirds[::-1]))
    assert first.decision == second.decision
    assert first.selection_loss == second.selection_loss


def test_a_threshold_alone_leaves_the_selection_loss_of_the_plain_probabilities() -> None:
    mine = two_classes()
    after = calibrate(fitted(), [mine], NONE, BEST_F1)
    plain = log_losses(mine.probabilities, mine.codes).mean()
    assert after.selection_loss == pytest.approx(plain)


def test_a_threshold_that_gives_every_row_one_label_is_warned_of() -> None:
    P, codes = np.full((60, 2), 0.5), (np.arange(60) % 2).astype(np.int32)
    mine = held(P, codes, np.arange(60) % 3)
    labels = "all 60 rows held out get the positive label, so the labels tell nothing apart"
    asked = Threshold(kind="recall", at_least=0.99)
    assert calibrate(fitted(), [mine], NONE, asked).warnings == (
        f"threshold: the required recall of 0.99 is met only where {labels}. "
        "Ask for less in at_least",
    )
    assert calibrate(fitted(), [mine], NONE, BEST_F1).warnings == (f"threshold: {labels}",)
    modest = calibrate(fitted(), [two_classes()], NONE, Threshold(kind="recall", at_least=0.5))
    assert not any("nothing apart" in each for each in modest.warnings)


def test_what_was_required_stands_beside_what_it_came_to() -> None:
    after = calibrate(fitted(), [two_classes()], NONE, Threshold(kind="recall", at_least=0.9))
    assert after.decision["threshold__at_least"] == 0.9
    assert after.decision["threshold__recall"] >= 0.9
    assert "threshold__at_least" not in calibrate(fitted(), [two_classes()], NONE, BEST_F1).decision


def test_costs_of_three_classes_become_the_rule() -> None:
    P, codes = drawn(60, 3)
    costs = [[0.0, 1.0, 1.0], [9.0, 0.0, 9.0], [1.0, 1.0, 0.0]]
    after = calibrate(
        fitted(3), [held(P, codes, codes * 0)], NONE, Threshold(kind="costs", costs=costs)
    )
    assert after.decision["threshold__matrix"] == costs
    assert (after.pipeline.predict(P) == 1).sum() > (P.argmax(axis=1) == 1).sum()


def test_a_precision_out_of_reach_fails_the_candidate_with_the_most_there_is() -> None:
    P = np.tile([0.5, 0.5], (40, 1))
    mine = held(P, np.arange(40, dtype=np.int32) % 2, np.arange(40) % 5)
    wanted = Threshold(kind="precision", at_least=0.9)
    with pytest.raises(CalibrationError, match=r'"precision": no threshold .*most is 0\.500'):
        calibrate(fitted(), [mine], NONE, wanted)


def test_a_precision_that_few_rows_show_is_warned_of() -> None:
    P = np.column_stack([np.linspace(0.99, 0.01, 100), np.linspace(0.01, 0.99, 100)])
    codes = np.array([0] * 60 + [1, 0] * 15 + [1] * 10, dtype=np.int32)
    mine = held(P, codes, np.arange(100) % 5)
    sure, half = (Threshold(kind="precision", at_least=least) for least in (0.99, 0.6))
    few = calibrate(fitted(), [mine], NONE, sure)
    assert few.warnings == (
        "threshold: its precision of 1.000 rests on 10 of the 100 rows held out",
    )
    assert calibrate(fitted(), [mine], NONE, half).warnings == ()


def test_a_class_without_held_out_rows_fails_one_against_the_rest_but_not_the_temperature() -> None:
    P, codes = drawn(50, 3)
    mine = held(P, np.minimum(codes, 1), np.arange(50) % 5)
    for method in ("sigmoid", "isotonic"):
        with pytest.raises(CalibrationError, match="there is none of 2"):
            calibrate(fitted(3), [mine], Calibration(method=method), ARGMAX)
    temperature = Calibration(method="temperature")
    assert calibrate(fitted(3), [mine], temperature, ARGMAX).decision


def test_rows_of_one_group_alone_cannot_judge_a_calibrator() -> None:
    P, codes = drawn(50, 2)
    with pytest.raises(CalibrationError, match="the 50 held-out rows are all in one fold"):
        calibrate(fitted(), [held(P, codes, codes * 0)], SIGMOID, ARGMAX)


def test_groups_share_out_every_class_and_keep_equal_rows_together() -> None:
    digests = np.array([7, 7, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11], dtype=np.uint64)
    codes = np.array([1] * 7 + [0] * 5, dtype=np.int32)
    groups = groups_of(digests, codes)
    assert groups[0] == groups[1]
    assert sorted(groups[codes == 0].tolist()) == list(range(GROUPS))
    assert set(groups[codes == 1].tolist()) == set(range(GROUPS))


X = [float(v) for v in range(40)]
Y = ["no", "no", "no", "yes"] * 5 + ["yes", "yes", "no", "yes"] * 5
ROWS = table(X, Y)
LOGISTIC = Candidate(name="logistic", estimator="logistic")


def jobs(letters: str, count: int | None) -> list[Fit]:
    split = parts(letters)
    fold = np.full(40, -1, dtype=np.int8) if count is None else folds(split, ROWS.codes, count)
    return [
        fit(job, ROWS, split, fold, COLUMNS) for job in plan(LOGISTIC, count, probabilities=True)
    ]


@pytest.mark.parametrize(
    ("letters", "count", "letter"), [("t" * 30 + "T" * 10, 3, "t"), ("tttvTtvttv" * 4, None, "v")]
)
def test_only_out_of_fold_or_validation_rows_are_held_out_and_never_test_rows(
    letters: str, count: int | None, letter: str
) -> None:
    fits = jobs(letters, count)
    given = [each.held_out for each in fits if each.held_out is not None]
    rows = np.concatenate([each.rows for each in given])
    assert sorted(rows.tolist()) == [at for at, each in enumerate(letters) if each == letter]
    for each in given:
        assert each.codes.tolist() == ROWS.codes[each.rows].tolist()
        assert each.probabilities.shape == (len(each.rows), 2)
    record = calibrate(collect(LOGISTIC, fits, 1.0), given, SIGMOID, BEST_F1)
    assert np.isfinite(record.selection_loss)
    assert set(record.pipeline.predict(ROWS.features.to_pandas())) == {"no", "yes"}


def test_probabilities_come_back_only_where_they_are_wanted() -> None:
    split = parts("t" * 30 + "T" * 10)
    fold = folds(split, ROWS.codes, 3)
    given = [fit(job, ROWS, split, fold, COLUMNS).held_out for job in plan(LOGISTIC, 3)]
    assert given == [None] * 4
