"""Which fits a search wants, which trials it stops, and what it finds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.records import Trial
from pipelines.searching.space import Choices, Dimension, Range
from pipelines.searching.study import BATCH, HOPELESS, Attempt, Study

SPACE: dict[str, Dimension] = {"C": Range(0.0, 1.0)}
Losses = Callable[[dict[str, Any], int], NDArray[np.float64]]


def losses(parameters: dict[str, Any], fold: int) -> NDArray[np.float64]:
    """Least at C = 0.5; folds differ in how hard they are."""
    rows = np.random.default_rng(fold).normal(0, 0.05, 40)
    return np.abs(0.2 + fold / 10 + (parameters["C"] - 0.5) ** 2 + rows)


def search(study: Study, of: Losses = losses, pick: Callable[[int], int] = lambda n: 0) -> int:
    """Run a study to its end, `pick` choosing which waiting fit ends next; the fits made."""
    fits = 0
    while not study.over:
        batch = study.next_batch()
        waiting = [(each, fold) for each in batch for fold in study.next_folds(each)]
        while waiting:
            attempt, fold = waiting.pop(pick(len(waiting)))
            fits += 1
            attempt.losses[fold] = of(attempt.parameters, fold)
            waiting += [(attempt, fold) for fold in study.next_folds(attempt)]
        assert study.close_batch() or not batch
    return fits


def begin(study: Study) -> list[Attempt]:
    batch = study.next_batch()
    for attempt in batch:
        study.next_folds(attempt)
    return batch


def test_a_search_makes_as_many_trials_as_planned_and_finds_the_best() -> None:
    study = Study(SPACE, folds=4, trials=32)
    search(study)
    assert [trial.number for trial in study.trials] == list(range(32))
    assert study.best is not None
    assert abs(study.best.parameters["C"] - 0.5) < 0.1
    complete = [trial for trial in study.trials if trial.loss is not None]
    assert study.best.number == min(complete, key=lambda t: (t.loss, t.number)).number


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_in_which_fits_end_changes_nothing(seed: int) -> None:
    in_order, shuffled = Study(SPACE, 4, 18), Study(SPACE, 4, 18)
    search(in_order)
    search(shuffled, pick=random.Random(seed).randrange)
    assert in_order.trials == shuffled.trials


def test_the_loss_of_a_trial_is_the_mean_over_all_rows_and_not_over_folds() -> None:
    study = Study(SPACE, folds=2, trials=1)
    (attempt,) = study.next_batch()
    assert list(study.next_folds(attempt)) == [0, 1]
    attempt.losses[1] = np.array([6.0])
    assert list(study.next_folds(attempt)) == []
    attempt.losses[0] = np.array([1.0, 2.0, 3.0])
    assert list(study.next_folds(attempt)) == []
    assert study.close_batch()
    assert study.trials == [
        Trial(0, attempt.parameters, "complete", loss=3.0, fold_losses=(2.0, 6.0))
    ]


def test_trials_clearly_worse_than_the_best_of_earlier_batches_are_pruned() -> None:
    study = Study(SPACE, folds=5, trials=30)
    fits = search(study)
    first, later = study.trials[:BATCH], study.trials[BATCH:]
    assert {trial.state for trial in first} == {"complete"}  # there is no best yet
    pruned = [trial for trial in later if trial.state == "pruned"]
    assert pruned
    assert fits == sum(len(trial.fold_losses) for trial in study.trials) < 5 * 30
    for trial in pruned:
        assert 2 <= len(trial.fold_losses) < 5
        assert trial.loss is None
        assert f"after {len(trial.fold_losses)} of 5 folds" in trial.reason


def test_where_validation_rows_choose_there_is_one_fit_a_trial_and_no_pruning() -> None:
    study = Study(SPACE, folds=1, trials=12)
    assert search(study) == 12
    assert {trial.state for trial in study.trials} == {"complete"}


def test_a_failed_trial_ends_alone_with_its_reason() -> None:
    study = Study(SPACE, folds=2, trials=BATCH)
    for attempt in begin(study):
        if attempt.number == 1:
            study.fail(attempt, "it diverged")
        else:
            attempt.losses = {fold: losses(attempt.parameters, fold) for fold in range(2)}
            study.next_folds(attempt)
    assert study.close_batch()
    assert [trial.state for trial in study.trials].count("complete") == BATCH - 1
    assert (study.trials[1].state, study.trials[1].reason) == ("failed", "it diverged")
    assert study.over


def test_where_nothing_but_failures_come_the_search_is_given_up() -> None:
    study = Study(SPACE, folds=3, trials=100)
    while not study.over:
        for attempt in begin(study):
            study.fail(attempt, "it diverged")
        study.close_batch()
    assert len(study.trials) == HOPELESS
    assert study.best is None


def test_a_small_space_is_tried_whole_and_no_combination_twice() -> None:
    study = Study({"a": Choices(("x", "y")), "b": Range(1, 3)}, folds=2, trials=50)
    assert study.planned == 6
    search(study, of=lambda parameters, fold: np.full(9, float(parameters["b"])))
    assert len({str(sorted(t.parameters.items())) for t in study.trials}) == 6


def test_when_the_time_is_up_what_is_under_way_ends_as_pruned() -> None:
    study = Study(SPACE, folds=3, trials=50)
    batch = begin(study)
    for fold in range(3):
        batch[0].losses[fold] = losses(batch[0].parameters, fold)
        study.next_folds(batch[0])
    batch[2].losses[0] = losses(batch[2].parameters, 0)
    study.stop()
    assert study.close_batch()
    assert study.over
    # Of the others no fit had ended: they were not tried.
    assert [(trial.number, trial.state) for trial in study.trials] == [
        (0, "complete"),
        (2, "pruned"),
    ]
    assert study.trials[1].reason == "the time of [search] minutes was up"
    assert study.planned == 2


def test_when_the_time_is_up_too_soon_one_trial_goes_on_to_its_end() -> None:
    study = Study(SPACE, folds=3, trials=50)
    batch = begin(study)
    study.stop()
    study.stop()
    assert [bool(attempt.state) for attempt in batch] == [False] + [True] * (BATCH - 1)
    assert not study.close_batch()
    for fold in range(3):
        batch[0].losses[fold] = losses(batch[0].parameters, fold)
    study.next_folds(batch[0])
    assert study.close_batch()
    assert study.over
    assert study.best is batch[0]


def test_how_far_a_search_is_counts_the_batch_under_way() -> None:
    study = Study(SPACE, folds=1, trials=20)
    assert (study.done, study.least_loss) == (0, None)
    batch = begin(study)
    batch[3].losses[0] = np.array([0.25])
    study.next_folds(batch[3])
    assert (study.done, study.least_loss) == (1, 0.25)


def test_only_the_best_trial_keeps_the_losses_of_its_rows() -> None:
    study = Study(SPACE, folds=3, trials=15)
    made: list[Attempt] = []
    while not study.over:
        batch = study.next_batch()
        made += batch
        for attempt in batch:
            while folds := study.next_folds(attempt):
                attempt.losses |= {fold: losses(attempt.parameters, fold) for fold in folds}
        study.close_batch()
    assert [attempt for attempt in made if attempt.losses] == [study.best]


def test_a_fold_without_rows_counts_nothing() -> None:
    study = Study(SPACE, folds=2, trials=1)
    (attempt,) = begin(study)
    attempt.losses = {0: np.zeros(0), 1: np.full(3, 0.5)}
    study.next_folds(attempt)
    study.close_batch()
    assert (study.trials[0].loss, study.trials[0].fold_losses) == (0.5, (0.5,))
