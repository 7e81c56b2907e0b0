"""What is no table, no label or no weight is refused by name, place and value."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from pipelines.estimators import LogisticClassifier, MLPClassifier

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.arange(12) % 2


def with_entry(value, dtype=float, place=(3, 1)):
    array = X.astype(dtype)
    array[place] = value
    return array


def labels(*first):
    """Labels of type object: the first as given, then 0 and 1 in turn."""
    y = np.empty(12, dtype=object)
    y[:] = Y.tolist()
    for row, label in enumerate(first):
        y[row] = label
    return y


# What is wrong → X, and what the message must say.
BAD_X = {
    "NaN": (with_entry(np.nan), r"X contains NaN.*X\[3, 1\] is nan"),
    "infinity": (with_entry(np.inf), r"X contains infinity.*X\[3, 1\] is inf"),
    "minus infinity": (with_entry(-np.inf), r"X\[3, 1\] is -inf"),
    "float32 infinity": (with_entry(np.inf, np.float32), r"X\[3, 1\] is inf"),
    "NaN in CSR": (sparse.csr_array(with_entry(np.nan)), r"X\[3, 1\] is nan"),
    "infinity in COO": (sparse.coo_array(with_entry(np.inf)), r"X\[3, 1\] is inf"),
    "NaN in a table": (
        pd.DataFrame(with_entry(np.nan), columns=["a", "age", "c"]),
        r"X\[3, 'age'\] is nan",
    ),
    "None": (with_entry(None, object), r"X\[3, 1\] is None"),
    "a whole number beyond float64": (
        with_entry(10**400, object),
        r"int too large.*X\[3, 1\] is 1000000",
    ),
    "a long double beyond float64": (
        with_entry(np.longdouble("1e4000"), np.longdouble),
        r"X\[3, 1\] is .*1e\+4000",
    ),
    "text": (with_entry("seven", object), r"X\[3, 1\] is 'seven'.*encode text"),
    "numbers as text": (X.astype(str), r"X\[0, 0\] is '0\.12573"),
    "bytes": (np.full((12, 3), b"1"), r"X\[0, 0\] is b'1'"),
    "a column of text": (
        pd.DataFrame({"a": X[:, 0], "city": ["Rome"] * 12}),
        r"X\[0, 'city'\] is 'Rome'",
    ),
    "dates": (np.full((12, 3), np.datetime64("2026-01-01")), r"X\[0, 0\] is .*2026"),
    "a span among numbers": (with_entry(timedelta(1), object), r"X\[3, 1\] is .*days=1"),
    "a date among numbers": (with_entry(datetime(2026, 1, 1), object), r"X\[3, 1\] is .*2026"),
    "an object": (with_entry({"a": 1}, object), r"X\[3, 1\] is \{'a': 1\}"),
    "complex numbers": (with_entry(1j, complex), r"Complex data.*X\[0, 0\] is \(0\.12573"),
    "rows of different lengths": ([[1.0, 2.0], [3.0]] * 6, r"X\[0\] is \[1\.0, 2\.0\]"),
    "one dimension": (X[:, 0], r"Expected 2D.*X has the shape \(12,\).*reshape\(-1, 1\)"),
    "three dimensions": (X[:, :, None], r"X has the shape \(12, 3, 1\)"),
    "a number": (3.0, r"X is 3\.0"),
    "nothing": (None, r"X is None"),
    "a word": ("abc", r"X is 'abc'"),
    "a dict": ({"a": 1}, r"X is \{'a': 1\}"),
    "no rows": (X[:0], r"0 sample\(s\).*X has the shape \(0, 3\)"),
    "no columns": (X[:, :0], r"0 feature\(s\).*X has the shape \(12, 0\)"),
}
BAD_Y = {
    "NaN": (np.where(Y, np.nan, 0.0), r"y contains NaN.*y\[1\] is nan"),
    "infinity": (np.where(Y, np.inf, 0.0), r"y\[1\] is inf"),
    "None": (labels(None), r"y\[0\] is None"),
    "fractions": (X[:, 0], r"continuous.*y\[0\] is 0\.12573"),
    "complex numbers": (Y + 1j, r"y\[0\] is 1j"),
    "text among numbers": (labels("a"), r"y\[0\] is 'a' and y\[1\] is 1"),
    "whole numbers beyond int64": (labels(2**70), r"y\[0\] is 1180591620717411303424"),
    "floats that are not told apart": (np.where(Y, 2.0**53, 0), r"y\[1\] is 9007199254740992\.0"),
    "numbers as objects": (labels(), r"y\[0\] is 0 in an array of the type object.*astype\(int\)"),
    "objects": (labels({"a": 1}), r"y\[0\] is \{'a': 1\}"),
    "nothing": (None, r"y is None"),
    "several a row": (np.stack([Y, Y], axis=1), r"\(12, 2\).*one label a row"),
    "too few": (Y[:5], r"inconsistent.*\[12, 5\].*y has the shape \(5,\)"),
    "a sparse matrix": (sparse.csr_array(Y[:, None]), r"y is sparse, of shape \(12, 1\)"),
}
ONE_CLASS = {
    "numbers": (np.ones(12, dtype=int), r"y holds one class only, 1:"),
    "text": (np.full(12, "yes"), r"y holds one class only, 'yes':"),
}
BAD_WEIGHTS = {
    "one negative": (np.where(Y, -0.5, 1.0), r"sample_weight\[1\] is -0\.5"),
    "NaN": (np.where(Y, np.nan, 1.0), r"sample_weight\[1\] is nan"),
    "infinity": (np.where(Y, np.inf, 1.0), r"sample_weight\[1\] is inf"),
    "all zero": (np.zeros(12), r"non-zero.*sample_weight has the shape \(12,\).*not all of them"),
    "too few": (np.ones(5), r"sample_weight has the shape \(5,\)"),
    "two a row": (np.ones((12, 2)), r"sample_weight has the shape \(12, 2\)"),
    "text": (["a"] * 12, r"sample_weight\[0\] is 'a'"),
    "a word": ("balanced", r"sample_weight is 'balanced'"),
    "complex numbers": (np.ones(12) + 1j, r"sample_weight\[0\] is \(1\+1j\)"),
    "numbers as text": (["1"] * 12, r"sample_weight\[0\] is '1'"),
    "dates": (np.full(12, np.datetime64("2026-01-01")), r"sample_weight\[0\] is .*2026"),
    "spans": (np.full(12, np.timedelta64(1, "D")), r"sample_weight\[0\] is .*days=1"),
    "a sum beyond floating point": (np.full(12, 1e308), r"sample_weight .*add up to inf.*1e\+308"),
}
CALLS = {
    "LogisticClassifier.fit": lambda X, y, w=None: LogisticClassifier().fit(X, y, w),
    "MLPClassifier.fit": lambda X, y, w=None: MLPClassifier((2,), max_iter=1).fit(X, y, w),
    "MLPClassifier.partial_fit": lambda X, y, w=None: MLPClassifier((2,)).partial_fit(
        X, y, classes=[0, 1], sample_weight=w
    ),
}
# scikit-learn's own: a long double becomes infinity, and a table meets a fit without names.
quietly = pytest.mark.filterwarnings("ignore:overflow", "ignore:X has feature names")
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


def cases(table):
    return pytest.mark.parametrize(("bad", "message"), table.values(), ids=list(table))


def refused(message):
    return pytest.raises(ValueError, match=f"(?s){message}")


@quietly
@each_call
@cases(BAD_X)
def test_rows_that_are_no_numbers_are_refused_by_place_and_value(call, bad, message):
    with refused(message):
        call(bad, Y)


@quietly
@pytest.mark.parametrize("model", [LogisticClassifier(), MLPClassifier((2,), max_iter=1)], ids=str)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@cases({name: case for name, case in BAD_X.items() if name not in ("no rows", "no columns")})
def test_a_fitted_model_refuses_them_too(model, bad, message):
    with refused(message):
        model.fit(X, Y).predict_proba(bad)


@each_call
@cases(BAD_Y)
def test_labels_that_are_none_are_refused_by_place_and_value(call, bad, message):
    with refused(message):
        call(X, bad)


@pytest.mark.parametrize("name", ["LogisticClassifier.fit", "MLPClassifier.fit"])
@cases(ONE_CLASS)
def test_one_class_is_refused_and_named(name, bad, message):
    with refused(message + " " + name.partition(".")[0]):
        CALLS[name](X, bad)
    with refused(message):
        CALLS[name](X[:1], bad[:1])


@each_call
@cases(BAD_WEIGHTS)
def test_weights_that_are_none_are_refused_by_place_and_value(call, bad, message):
    with refused(message):
        call(X, Y, bad)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: 1, 5: 2}, r"class_weight has weights for 5, which y does not hold, and none for 1"),
        ({"a": 1}, r"class_weight has weights for 'a'.* none for 0, 1"),
        ({0: -1}, r"class_weight\[0\] is -1:"),
        ({1: np.nan}, r"class_weight\[1\] is nan:"),
        ({1: "a"}, r"class_weight\[1\] is 'a':"),
        ({0: 0, 1: 0}, r"together are zero for every row"),
        ("equal", r"'class_weight' parameter .* Got 'equal' instead"),
        ([1, 2], r"'class_weight' parameter .* Got \[1, 2\] instead"),
    ],
)
@pytest.mark.parametrize("make", [LogisticClassifier, MLPClassifier])
def test_weights_of_classes_that_are_none_are_refused_by_class_and_value(
    make, class_weight, message
):
    with refused(message):
        make(class_weight=class_weight).fit(X, Y)


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "C": [0, -1, "1", np.nan, None, 1j],
        "l1_ratio": [2, -0.1, None, "a", np.nan],
        "tol": [0, -1, np.nan, "a"],
        "max_iter": [-1, "x", 1.5, None],
        "fit_intercept": ["yes", 2],
        "solver": ["lbfg", None, 3],
        "warm_start": ["x"],
        "random_state": ["x", -1],
    }.items(),
)
def test_a_parameter_out_of_its_range_is_refused_by_name_and_value(name, values):
    for value in values:
        with refused(rf"'{name}' parameter .* Got {re.escape(repr(value))} instead"):
            LogisticClassifier(**{name: value}).fit(X, Y)


def test_a_label_that_partial_fit_was_not_told_of_is_refused_and_named():
    model = MLPClassifier((2,)).partial_fit(X, Y, classes=[0, 1])
    with refused(r"`y` has classes not in `self\.classes_`: \[7\]; .*has \[0, 1\]"):
        model.partial_fit(X, np.where(Y, 7, 0))


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (None, r"classes must be passed on the first call"),
        ([0], r"classes=\[0\] holds one class only"),
        ([0.5, 1.5], r"classes\[0\] is 0\.5"),
        ([None, 1], r"classes\[0\] is None"),
        ([2**70, 1], r"classes\[0\] is 1180591620717411303424"),
    ],
)
def test_classes_that_are_none_are_refused_by_name_and_value(classes, message):
    with refused(message):
        MLPClassifier((2,)).partial_fit(X, Y, classes=classes)


@pytest.mark.parametrize("make", [LogisticClassifier, MLPClassifier])
def test_columns_whose_names_are_no_names_are_refused_by_name(make):
    with refused(r"unique column names.*'a' 2 times"):
        make().fit(pd.DataFrame(X, columns=["a", "a", "b"]), Y)
    with refused(r"string names, but your input has \['int', 'str'\]"):
        make().fit(pd.DataFrame(X, columns=["a", 1, "b"]), Y)


def test_a_label_that_is_refused_brings_no_advice_on_the_rows():
    with refused("as text, or as int64") as caught:
        LogisticClassifier().fit(X, np.where(Y, 2.0**53, 0))
    assert "shape" not in str(caught.value)


@pytest.mark.filterwarnings("error")
def test_labels_of_half_precision_are_taken_without_a_word():
    assert LogisticClassifier().fit(X, Y.astype(np.float16)).classes_.tolist() == [0, 1]


@pytest.mark.parametrize("make", [LogisticClassifier, MLPClassifier])
def test_a_model_that_is_not_fitted_says_so(make):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        make().predict(X)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("make", [LogisticClassifier, MLPClassifier])
def test_other_columns_than_those_of_the_fit_are_refused_by_their_number_or_name(make):
    model = make(max_iter=2).fit(X, Y)
    with refused(r"X has 2 features, but .* expecting 3.*X has the shape \(12, 2\)"):
        model.predict(X[:, :2])
    model.fit(pd.DataFrame(X, columns=["a", "b", "c"]), Y)
    with refused("Feature names unseen at fit time:\n- d"):
        model.predict(pd.DataFrame(X, columns=["a", "b", "d"]))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("make", [LogisticClassifier, MLPClassifier])
@pytest.mark.parametrize(
    "y", [Y == 1, Y.astype(np.uint64) * (2**64 - 1), Y * (2**63 - 1), -(Y * 2**62), Y.astype(float)]
)
def test_labels_of_any_whole_type_are_taken(make, y):
    model = make(max_iter=2).fit(X, y)
    assert model.classes_.tolist() == sorted(set(y.tolist()))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("make", [LogisticClassifier, MLPClassifier])
@pytest.mark.parametrize(
    "rows",
    [(X * 100).astype(dtype) for dtype in (np.int8, np.uint64, np.int64, np.float16, bool, object)]
    + [(X * 2**60).astype(np.int64), X.tolist(), pd.DataFrame(X).astype("Int64", errors="ignore")],
    ids=lambda rows: str(getattr(rows, "dtype", type(rows).__name__)),
)
def test_real_numbers_of_any_type_are_taken(make, rows):
    assert make(max_iter=2).fit(rows, Y).predict(rows).shape == (12,)
