from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipelines.estimators.separation import decision
from tests.estimators.separation.problems import (
    fitted,
    found,
    kind_by_definition,
    objective_of,
)

TABLES = {"seed": st.integers(0, 10_000), "K": st.integers(2, 4), "fit_intercept": st.booleans()}


def kind_of(separation):
    return None if separation is None else separation.kind


@settings(max_examples=60, deadline=None)
@given(**TABLES, n=st.integers(4, 24), d=st.integers(1, 4), levels=st.integers(2, 5))
def test_the_kind_is_that_of_the_definition(seed, K, fit_intercept, n, d, levels):
    random = np.random.default_rng(seed)
    X = random.integers(0, levels, (n, d)).astype(float)
    y = np.concatenate((np.arange(K), random.integers(0, K, n)))[:n]
    K = int(y.max()) + 1
    kind = kind_of(found(X, y, fit_intercept=fit_intercept))
    assert kind == kind_by_definition(X, y, K, fit_intercept)


@settings(max_examples=40, deadline=None)
@given(**TABLES, scale=st.sampled_from([1e-6, 1.0, 1e6]))
def test_overlapping_rows_raise_no_alarm(seed, K, fit_intercept, scale):
    random = np.random.default_rng(seed)
    X = random.normal(size=(60, 3)) * np.array([1.0, scale, 1.0])
    y = random.integers(0, K, 60)
    # The same rows in every class: no direction tells them apart.
    X = np.concatenate((X, *[X[:5]] * K))
    y = np.concatenate((y, np.repeat(np.arange(K), 5)))
    assert found(X, y, fit_intercept=fit_intercept) is None


@settings(max_examples=40, deadline=None)
@given(**TABLES, share=st.floats(0, 0.9))
def test_a_table_built_to_be_separated_is_found(seed, K, fit_intercept, share):
    random = np.random.default_rng(seed)
    X = random.normal(size=(40, 3))
    y = (X @ random.normal(size=(3, K))).argmax(axis=1)
    y = np.unique(y, return_inverse=True)[1]
    if y.max() == 0:
        return
    assert kind_of(found(X, y, fit_intercept=fit_intercept)) == "complete"
    # Rows at the origin are on every border through it.
    X[: int(share * 40)] = 0
    y[: int(share * 40)] = random.integers(0, y.max() + 1, int(share * 40))
    if len(np.unique(y[int(share * 40) :])) > 1 and int(share * 40) > 1:
        kind = kind_by_definition(X, y, int(y.max()) + 1, fit_intercept)
        assert kind_of(found(X, y, fit_intercept=fit_intercept)) == kind


def overlapping(n=100, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 3))
    return X, (X[:, 0] + random.logistic(size=n) > 0).astype(int)


def test_a_column_that_separates_alone_is_named_with_its_border():
    X, y = overlapping()
    X[:, 1] = np.where(y == 1, 40 + X[:, 1] ** 2, 39 - X[:, 1] ** 2)
    seen = found(X, y, names=["a", "age", "c"], classes=["no", "yes"])
    assert seen.kind == "complete"
    assert seen.columns == ("age",)
    assert seen.classes == ("no", "yes")
    assert "column 'age' is at" in seen.reason
    assert "drop or merge age" in seen.message
    assert "finite C" in seen.message


@pytest.mark.parametrize("make", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_a_level_that_only_one_class_has_is_quasi_complete(make):
    X, y = overlapping()
    X[:, 2] = 0
    X[np.flatnonzero(y == 1)[:7], 2] = 1
    seen = found(make(X), y, names=["a", "b", "north"], classes=["no", "yes"])
    assert (seen.kind, seen.columns, seen.classes, seen.n_rows) == (
        *("quasi-complete", ("north",), ("yes",), 7),
    )
    assert "'north' is 0 in all rows but 7, and these are all of class 'yes'" in seen.reason


def test_a_sum_of_columns_that_separates_is_named_by_its_columns():
    X, y = overlapping(200)
    X = np.column_stack((X, X[:, 1] + np.where(y == 1, 0.5, -0.5)))
    seen = found(X, y, names=["a", "b", "c", "d"])
    assert seen.kind == "complete"
    assert seen.columns == ("b", "d")
    assert "a weighted sum of the columns b, d puts every row" in seen.reason


def test_a_quasi_complete_sum_tells_how_many_rows_of_which_class():
    X, y = overlapping(200)
    rows = np.flatnonzero(y == 0)[:9]
    X = np.column_stack((X, X[:, 1]))
    X[rows, 3] += 1
    seen = found(X, y, classes=["no", "yes"])
    assert (seen.kind, seen.columns, seen.classes, seen.n_rows) == (
        *("quasi-complete", ("x1", "x3"), ("no",), 9),
    )
    assert "puts 9 of 200 rows, of class no, on the side of their class" in seen.reason


def test_rows_of_weight_zero_do_not_count():
    X, y = overlapping()
    X[:, 2] = np.where(y == 1, 1.0, -1.0)
    wrong = np.concatenate((np.flatnonzero(y == 0)[:2], np.flatnonzero(y == 1)[:2]))
    X[wrong, 2] *= -1
    weights = np.ones(len(y))
    assert found(X, y, weights=weights) is None
    weights[wrong] = 0
    assert found(X, y, weights=weights).columns == ("x2",)


def test_collinear_columns_are_no_separation():
    X, y = overlapping()
    assert found(np.column_stack((X, X[:, 0], np.ones(len(y)))), y) is None


@pytest.mark.parametrize("K", [2, 3])
def test_collinear_columns_are_proved_to_overlap_without_linear_programming(K, monkeypatch):
    random = np.random.default_rng(K)
    levels = np.eye(4)[random.integers(0, 4, 300)]
    X = np.column_stack((random.normal(size=(300, 2)), levels))
    y = random.integers(0, K, 300)
    monkeypatch.setattr(decision, "separating_direction", None)
    assert found(X, y, fit_intercept=True) is None
    assert found(np.column_stack((X, X[:, 0])), y, fit_intercept=False) is None


@pytest.mark.parametrize("K", [2, 3])
def test_a_level_of_one_class_alone_is_found_among_collinear_columns(K):
    random = np.random.default_rng(K)
    level = random.integers(0, 4, 300)
    y = np.where(level == 2, 1, random.integers(0, K, 300))
    X = np.column_stack((random.normal(size=(300, 2)), np.eye(4)[level]))
    assert found(X, y).columns == ("x4",)


def test_a_fit_that_was_stopped_early_is_judged_by_its_rows_too():
    X, y = overlapping()
    assert found(X, y, steps=1) is None
    X[:, 1] = X[:, 1] ** 2 * np.where(y == 1, 1, -1)
    assert found(X, y, steps=1).columns == ("x1",)


def test_where_linear_programming_is_dear_only_what_is_cheap_to_prove_is_told(monkeypatch):
    monkeypatch.setattr(decision, "MOST_CELLS", 0)
    X, y = overlapping(200)
    assert found(X, y) is None
    border = np.column_stack((X, X[:, 1]))
    border[np.flatnonzero(y == 0)[:9], 3] += 1
    assert found(border, y) is None
    apart = np.column_stack((X, X[:, 1] + np.where(y == 1, 0.5, -0.5)))
    seen = found(apart, y)
    assert (seen.kind, seen.columns, seen.n_rows) == ("complete", (), 200)
    assert "the fitted coefficients put every row" in seen.reason


def test_many_classes_make_linear_programming_dear(monkeypatch):
    monkeypatch.setattr(decision, "MOST_CELLS", 200 * 12)
    random = np.random.default_rng(0)
    border = random.normal(size=(200, 3))
    border[:, 2] = border[:, 1]
    y = np.arange(200) % 2
    border[np.flatnonzero(y == 0)[:9], 2] += 1
    assert found(border, y).kind == "quasi-complete"
    # Three classes compare each row twice.
    three = np.where(np.arange(200) % 4 == 1, 2, y)
    assert found(border, three) is None
    monkeypatch.setattr(decision, "MOST_CELLS", 2 * 200 * 12)
    assert found(border, three).kind == "quasi-complete"


def test_columns_of_a_sparse_table_are_counted_as_those_of_a_dense_one():
    random = np.random.default_rng(0)
    X = random.integers(0, 2, (300, 6)) * random.integers(1, 4, (300, 6)).astype(float)
    y = random.integers(0, 2, 300)
    X[:, 4] = np.where((y == 1) & (X[:, 0] > 2), 5, 0)
    assert found(csr_array(X), y) == found(X, y)
    assert found(X, y).n_rows == np.count_nonzero(X[:, 4])


def test_a_class_without_weight_is_separated_by_the_intercept_alone():
    X, y = overlapping()
    y[:10] = 2
    weights = (y != 2).astype(float)
    seen = found(X, y, K=3, weights=weights, classes=["a", "b", "c"])
    assert seen.kind == "quasi-complete"
    assert seen.columns == ()


def test_where_only_one_class_has_weight_it_is_said_so():
    X, y = overlapping()
    seen = found(X, y, weights=(y == 1).astype(float), classes=["no", "yes"])
    assert (seen.kind, seen.columns, seen.n_rows) == ("complete", (), np.count_nonzero(y))
    assert seen.reason == "only rows of class 'yes' have weight"


def test_the_rows_and_the_weights_are_left_as_they_are():
    X, y = overlapping()
    X.flags.writeable = False
    objective = objective_of(X, y)
    weights = fitted(objective)
    weights.flags.writeable = False
    decision.separation_of(X, objective, weights, classes=[0, 1])
