from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.estimators.patience import Patience

MARKS = st.lists(st.floats(-10, 10), min_size=1, max_size=40)


@given(marks=MARKS, tol=st.floats(0, 1), epochs=st.integers(1, 5))
def test_it_ends_after_more_epochs_in_a_row_than_allowed_that_were_no_progress(marks, tol, epochs):
    patience, weights = Patience(tol, epochs), np.zeros(1)
    ended = [patience.is_exhausted(mark, weights) for mark in marks]
    progress = [mark <= min(marks[:i], default=np.inf) - tol for i, mark in enumerate(marks)]
    expected = [i >= epochs and not any(progress[i - epochs : i + 1]) for i in range(len(marks))]
    assert ended == expected


@given(marks=MARKS)
def test_the_weights_kept_are_those_of_the_first_best_epoch(marks):
    patience, weights = Patience(0.0, 3, keeps_weights=True), np.zeros(1)
    for number, mark in enumerate(marks):
        weights[0] = number
        patience.is_exhausted(mark, weights)
    assert patience.best_weights.tolist() == [marks.index(min(marks))]
    assert patience.best == min(marks)


def test_weights_are_kept_only_on_demand_and_infinite_patience_never_ends():
    patience = Patience(0.0, np.inf)
    assert not any(patience.is_exhausted(1.0, np.zeros(1)) for _ in range(100))
    assert patience.best_weights is None


def test_a_fit_that_goes_on_must_beat_the_best_of_the_one_before():
    patience = Patience(0.0, 1, best=0.5)
    assert [patience.is_exhausted(mark, np.zeros(1)) for mark in (0.7, 0.6)] == [False, True]
