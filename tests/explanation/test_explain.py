"""What is told of fitted candidates: planes, coefficients, and why something is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.config import Category, Integer, Number
from pipelines.estimators.registry import build
from pipelines.explanation import explain as explaining
from pipelines.explanation.coefficients import coefficients
from pipelines.explanation.explain import explain
from pipelines.explanation.plane import POINTS, typical
from pipelines.records import CandidateFit, Parts, Table
from pipelines.steps.train import align

COLUMNS = {
    "x": Number(type="number"),
    "y": Integer(type="integer"),
    "word": Category(type="category", values=["a", "b"]),
}


def table(rows: int = 300, seed: int = 0) -> tuple[Table, Parts]:
    """The class follows from x and a little from y; word says nothing."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=rows), rng.integers(0, 20, rows).astype(float)
    word = rng.choice(["a", "b"], rows, p=[0.7, 0.3])
    codes = (3 * x + 0.2 * (y - 10) + rng.normal(size=rows) > 0).astype(np.int32)
    features = pa.table({"x": x, "y": y, "word": word})
    part = np.where(np.arange(rows) % 3 == 0, 2, 0).astype(np.int8)
    known = Table(features, codes, np.arange(rows), ("no", "yes"))
    return known, Parts(part, np.arange(rows, dtype=np.uint64))


def fitted(estimator: str, loss: float, known: Table, parts: Parts) -> CandidateFit:
    pipeline = build(estimator, {}, ["x", "y"], ["word"])
    train = parts.where("train")
    pipeline.fit(known.features.filter(train).to_pandas(), known.labels[train])
    return CandidateFit(estimator, estimator, pipeline=pipeline, selection_loss=loss)


@pytest.fixture(scope="module")
def rows() -> tuple[Table, Parts]:
    return table()


def told(rows: tuple[Table, Parts], *estimators: str, columns: Any = None) -> Any:
    known, parts = rows
    fits = [fitted(each, at, known, parts) for at, each in enumerate(estimators)]
    fits.append(CandidateFit("broken", "mlp", reason="it diverged"))
    return explain(fits, estimators[0], known, parts, columns or COLUMNS, align)


def test_the_plane_is_of_the_two_strongest_numbers(rows: Any) -> None:
    plane = told(rows, "logistic", "decision_tree").plane
    assert (plane.x, plane.y) == ("x", "y")
    assert [each.estimator for each in plane.surfaces] == ["logistic", "decision_tree"]


def test_the_plane_holds_the_pipelines_answers(rows: Any) -> None:
    known, parts = rows
    fit = fitted("logistic", 0.0, known, parts)
    plane = explain([fit], "logistic", known, parts, COLUMNS, align).plane
    assert plane is not None
    points = pd.DataFrame(
        {
            "x": np.tile(plane.across, POINTS),
            "y": np.repeat(plane.up, POINTS),
            "word": "a",
        }
    )
    (surface,) = plane.surfaces
    expected = fit.pipeline.predict_proba(points)[:, 1]
    np.testing.assert_allclose(surface.probability, expected, atol=6e-5)
    labels = (fit.pipeline.predict(points) == "yes").astype(int)
    assert list(surface.labels) == labels.tolist()


def test_shown_rows_are_test_rows_within_the_plane(rows: Any) -> None:
    known, parts = rows
    plane = told(rows, "logistic").plane
    test = parts.where("test")
    X = known.features.filter(test).to_pandas()
    places = {(a, b): c for a, b, c in zip(X["x"], X["y"], known.codes[test], strict=True)}
    assert plane.rows_x
    for x, y, code in zip(plane.rows_x, plane.rows_y, plane.rows_codes, strict=True):
        assert places[x, y] == code
        assert plane.across[0] <= x <= plane.across[-1]


def test_without_two_columns_of_numbers_it_says_so(rows: Any) -> None:
    columns = COLUMNS | {"y": Category(type="category", values=["1"])}
    found = told(rows, "logistic", columns=columns)
    assert found.plane is None
    assert "two columns of numbers" in found.plane_note
    assert "there is one, x" in found.plane_note


def test_a_winner_that_looks_at_nothing_has_no_plane(rows: Any) -> None:
    found = told(rows, "prior", "logistic")
    assert found.plane is None
    assert "there are none" in found.plane_note
    assert {each.rise.value for each in found.importances} == {0.0}


def test_without_the_three_kinds_it_says_so(rows: Any) -> None:
    found = told(rows, "hist_gradient_boosting")
    assert "none of logistic, decision_tree, mlp" in found.plane_note
    assert found.coefficients_note == "No candidate is linear."


def test_too_many_columns_are_not_shuffled(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "MOST_COLUMNS", 2)
    found = told(rows, "logistic")
    assert found.importances == ()
    assert "more than 2 columns (3 here)" in found.importances_note
    assert found.importances_note in found.plane_note
    assert found.coefficients


def test_coefficients_are_the_fits_own_with_walds_intervals(rows: Any) -> None:
    known, parts = rows
    fit = fitted("logistic", 0.0, known, parts)
    train = parts.where("train")
    X = known.features.filter(train).to_pandas()
    found, note = coefficients(fit.pipeline, "logistic", X, known.labels[train])
    named = dict(
        zip(fit.pipeline[0].get_feature_names_out(), fit.pipeline[-1].coef_[0], strict=True)
    )
    assert {each.term: each.value.value for each in found} == pytest.approx(named)
    assert {each.label for each in found} == {"yes"}
    assert all(each.value.low < each.value.value < each.value.high for each in found)
    sizes = [abs(each.value.value) for each in found]
    assert sizes == sorted(sizes, reverse=True)
    assert "Wald" in note


def test_the_winners_coefficients_go_before_those_of_another(rows: Any) -> None:
    assert told(rows, "sklearn_logistic", "logistic").linear == "sklearn_logistic"
    beside = told(rows, "decision_tree", "sklearn_logistic", "logistic")
    assert beside.linear == "logistic"  # it tells intervals


def test_an_estimator_without_intervals_says_so(rows: Any) -> None:
    found = told(rows, "linear_threshold")
    assert np.isnan([each.value.low for each in found.coefficients]).all()
    assert "no intervals" in found.coefficients_note


def test_typical_values_are_medians_and_the_most_frequent() -> None:
    X = pd.DataFrame(
        {"n": [1.0, 2.0, 90.0, np.nan], "flag": [0.0, 1.0, 1.0, 0.0], "word": list("babb")}
    )
    assert typical(X, ["n"]) == {"n": 2.0, "flag": 0.0, "word": "b"}
    assert np.isnan(typical(pd.DataFrame({"n": [np.nan]}), ["n"])["n"])  # type: ignore[call-overload]
