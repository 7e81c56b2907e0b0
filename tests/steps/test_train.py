"""One fit of a candidate, the loss it is chosen by, and the record that comes of it."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from pipelines.config import Candidate
from pipelines.estimators.registry import CANDIDATES, ParameterError
from pipelines.steps import train as training
from pipelines.steps.split import folds
from pipelines.steps.train import Fit, Job, align, collect, fit, plan
from tests.steps.tables import COLUMNS, parts, table

NAN = float("nan")
X = [0.0, 1.0, 2.0, NAN, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
Y = ["no", "no", "no", "no", "yes", "no", "yes", "no", "yes", "yes", "yes", "yes"]
ISLAND = ["Biscoe", "", "Dream"] * 4
ROWS = table(X, Y, ISLAND)
PRIOR = Candidate(name="prior", estimator="prior")


def candidate(estimator: str, **parameters: Any) -> Candidate:
    return Candidate.model_validate({"name": estimator, "estimator": estimator, **parameters})


def test_a_candidate_is_fitted_once_a_fold_and_once_for_good() -> None:
    assert [job.fold for job in plan(PRIOR, 3)] == [0, 1, 2, -1]
    assert [job.fold for job in plan(PRIOR, None)] == [-1]


def test_a_fold_is_scored_by_a_fit_that_never_saw_it() -> None:
    split = parts("ttttttttTTTT")
    fold = np.array([0, 0, 1, 1, 0, 1, 1, 1] + [-1] * 4, dtype=np.int8)
    result = fit(Job(PRIOR, 0), ROWS, split, fold, COLUMNS)
    # The prior of rows 2, 3, 5, 6, 7: four no, one yes; rows 0, 1, 4 are no, no, yes.
    assert result.losses == pytest.approx([-math.log(0.8), -math.log(0.8), -math.log(0.2)])
    assert result.pipeline is None


def test_rows_that_are_left_out_of_the_folds_are_learned_from_by_the_kept_fit_alone() -> None:
    split = parts("ttttttttTTTT")
    fold = np.array([0, 0, 1, 1, -2, 1, 1, 1] + [-1] * 4, dtype=np.int8)
    result = fit(Job(PRIOR, 0), ROWS, split, fold, COLUMNS)
    # The prior of rows 2, 3, 5, 6, 7: four no, one yes; row 4, a yes, is left out.
    assert result.losses == pytest.approx([-math.log(0.8), -math.log(0.8)])
    kept = fit(Job(PRIOR), ROWS, split, fold, COLUMNS).pipeline
    assert kept.predict_proba(ROWS.features.to_pandas())[0] == pytest.approx([6 / 8, 2 / 8])


def test_the_fit_that_is_kept_learns_all_training_rows_and_scores_the_validation_rows() -> None:
    split = parts("ttttttvvTTTT")
    nothing = np.full(12, -1, dtype=np.int8)
    result = fit(Job(PRIOR), ROWS, split, nothing, COLUMNS)
    # Rows 0 to 5: five no, one yes; rows 6 and 7 are yes and no.
    assert result.losses == pytest.approx([-math.log(1 / 6), -math.log(5 / 6)])
    kept = result.pipeline.predict_proba(ROWS.features.to_pandas())
    assert kept[0] == pytest.approx([5 / 6, 1 / 6])


def test_without_validation_rows_the_fit_that_is_kept_scores_nothing() -> None:
    nothing = np.full(12, -1, dtype=np.int8)
    result = fit(Job(PRIOR), ROWS, parts("ttttttttTTTT"), nothing, COLUMNS)
    assert result.losses.tolist() == []


@pytest.mark.parametrize("estimator", list(CANDIDATES))
def test_every_candidate_fits_gaps_and_categories_and_leaves_the_table_as_it_was(
    estimator: str,
) -> None:
    few = {"mlp": {"max_iter": 2, "hidden_layer_sizes": [3]}}.get(estimator, {})
    split = parts("ttttttttTTTT")
    fold = folds(split, ROWS.codes, 2)
    before = ROWS.features.to_pandas()
    for job in plan(candidate(estimator, **few), 2):
        result = fit(job, ROWS, split, fold, COLUMNS)
        assert np.isfinite(result.losses).all()
    assert result.pipeline.classes_.tolist() == ["no", "yes"]
    pd.testing.assert_frame_equal(ROWS.features.to_pandas(), before)


def test_a_fit_repeats_to_the_bit() -> None:
    fold = np.full(12, -1, dtype=np.int8)
    job = Job(candidate("mlp", max_iter=5, hidden_layer_sizes=[4]))
    split = parts("ttttttttTTTT")
    frame = ROWS.features.to_pandas()
    first, second = (
        fit(job, ROWS, split, fold, COLUMNS).pipeline.predict_proba(frame) for _ in range(2)
    )
    assert (first == second).all()


def test_the_curve_and_the_warnings_of_a_fit_are_kept_once_each() -> None:
    fold = np.full(12, -1, dtype=np.int8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none gets past the fit
        job = Job(candidate("mlp", max_iter=2, hidden_layer_sizes=[3]))
        result = fit(job, ROWS, parts("ttttttttTTTT"), fold, COLUMNS)
    assert len(result.curve) == 2
    assert all(type(value) is float for value in result.curve)
    assert len(result.warnings) == len(set(result.warnings)) == 1


def test_a_candidate_with_a_wrong_parameter_is_refused() -> None:
    fold = np.full(12, -1, dtype=np.int8)
    with pytest.raises(ParameterError, match="no parameter 'Cee'"):
        fit(Job(candidate("logistic", Cee=1)), ROWS, parts("t" * 12), fold, COLUMNS)


class Broken(ClassifierMixin, BaseEstimator):
    """Fits anything; gives no number where x is above 9."""

    def fit(self, X: Any, y: Any) -> Broken:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        return np.where(X[["x"]] > 9, NAN, 0.5) * np.ones((1, 2))


@pytest.mark.parametrize(
    ("split", "fold"),
    [("ttttttttvvvv", -1), ("ttttttttTTtt", 1)],
    ids=["validation", "fold"],
)
def test_probabilities_that_are_no_numbers_fail_the_fit_that_gave_them(
    monkeypatch: pytest.MonkeyPatch, split: str, fold: int
) -> None:
    monkeypatch.setattr(training, "build", lambda *_: Wrapped())
    of_rows = np.array([0] * 8 + [-1, -1, 1, 1], dtype=np.int8)
    with pytest.raises(FloatingPointError, match="it diverged"):
        fit(Job(PRIOR, fold), ROWS, parts(split), of_rows, COLUMNS)


class Wrapped(Broken):
    """As a pipeline: its last step can be asked for."""

    def __getitem__(self, index: int) -> Broken:
        return self


def test_a_class_that_the_fit_never_saw_has_probability_zero_and_its_own_column() -> None:
    frame = ROWS.features.to_pandas()[["x"]].fillna(0)[:9]
    fitted = Broken().fit(frame, np.array(["a", "c"] * 4 + ["a"]))
    assert align(fitted, frame, ("a", "b", "c")).tolist() == [[0.5, 0.0, 0.5]] * 9
    assert align(fitted, frame[:0], ("a", "b", "c")).shape == (0, 3)


def test_the_selection_loss_is_the_mean_over_rows_and_not_over_folds() -> None:
    kept = Fit(np.zeros(0), "the pipeline", (0.5, 0.1), ("slow",))
    others = [
        Fit(np.array([1.0, 2.0, 3.0]), None, (), ("other",)),
        Fit(np.array([6.0]), None, (), ()),
    ]
    record = collect(candidate("mlp", alpha=0.1), [*others, kept], 1.5)
    assert record.selection_loss == 3.0
    assert (record.pipeline, record.curve, record.warnings) == (
        "the pipeline",
        (0.5, 0.1),
        ("slow",),
    )
    assert (record.name, record.estimator, record.reason) == ("mlp", "mlp", "")
    assert record.parameters == {"alpha": 0.1}
    assert record.fit_seconds == 1.5
