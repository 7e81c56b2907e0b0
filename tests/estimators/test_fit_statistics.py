"""What LogisticClassifier says of its own fit, held against statsmodels' fits."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import skops.io
import statsmodels.api as sm
from scipy.sparse import csr_array
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from pipelines.estimators import LogisticClassifier, fit_statistics
from pipelines.estimators.registry import TRUSTED_TYPES
from pipelines.estimators.separation import SeparationWarning
from tests.estimators.statistics.test_wald import table

UNPENALISED = {"C": float("inf"), "tol": 1e-10, "max_iter": 1000}


def told_by_statsmodels(X, y, has_intercept=True):
    exog = sm.add_constant(X) if has_intercept else X
    model = sm.Logit(y, exog) if y.max() == 1 else sm.MNLogit(y, exog)
    return model.fit(disp=0, method="newton", maxiter=100, tol=1e-14)


def assert_is_statsmodels(summary, fit, *, rtol=1e-6):
    columns = {
        "coefficient": fit.params,
        "standard_error": fit.bse,
        "z": fit.tvalues,
        "p_value": fit.pvalues,
        "odds_ratio": np.exp(fit.params),
    }
    for column, values in columns.items():
        flat = np.asarray(values).T.ravel()
        np.testing.assert_allclose(getattr(summary, column), flat, rtol, 1e-9, err_msg=column)
    bounds = np.asarray(fit.conf_int(0.05)).reshape(-1, 2).T
    np.testing.assert_allclose([summary.lower, summary.upper], bounds, rtol, 1e-9)
    assert summary.log_likelihood == pytest.approx(fit.llf, rel=rtol)
    assert summary.null_log_likelihood == pytest.approx(fit.llnull, rel=rtol)
    assert summary.pseudo_r2 == pytest.approx(fit.prsquared, rel=rtol)
    assert summary.aic == pytest.approx(fit.aic, rel=rtol)
    assert summary.bic == pytest.approx(fit.bic, rel=rtol)


@pytest.mark.parametrize("solver", ["lbfgs", "newton", "proximal"])
@pytest.mark.parametrize("has_intercept", [True, False])
@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_the_summary_of_an_unpenalised_fit_is_statsmodels(n_classes, has_intercept, solver):
    X, y = table(K=n_classes)
    model = LogisticClassifier(fit_intercept=has_intercept, solver=solver, **UNPENALISED)
    summary = model.fit(X, y).summary()
    assert_is_statsmodels(summary, told_by_statsmodels(X, y, has_intercept))
    assert summary.solver == solver
    assert summary.converged
    assert summary.n_rows == len(y)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_rows_weight_is_how_often_it_counts(n_classes):
    X, y = table(K=n_classes)
    counts = np.random.default_rng(1).integers(0, 4, len(y))
    repeated = told_by_statsmodels(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    model = LogisticClassifier(**UNPENALISED).fit(X, y, sample_weight=counts)
    assert_is_statsmodels(model.summary(), repeated)
    assert model.summary().n_rows == np.count_nonzero(counts)
    assert model.summary().total_weight == counts.sum()


@pytest.mark.parametrize("make", [csr_array, np.float32, np.asfortranarray], ids=["CSR", "f4", "F"])
def test_the_form_of_the_rows_does_not_matter(make):
    X, y = table()
    X = np.round(X * 64) / 64
    summary = LogisticClassifier(**UNPENALISED).fit(make(X), y).summary()
    # The coefficients of float32 rows are kept as float32.
    assert_is_statsmodels(summary, told_by_statsmodels(X, y), rtol=3e-6)


@pytest.mark.parametrize("arguments", [{}, {"l1_ratio": 1.0, "C": 0.05}, {"C": float("inf")}])
def test_rows_given_again_tell_what_the_fit_has_kept(arguments, monkeypatch):
    X, y = table(K=3)
    labels, s = np.array(["a", "b", "c"])[y], np.arange(len(y)) % 3
    arguments = {"class_weight": "balanced", "tol": 1e-9, "max_iter": 10_000, **arguments}
    kept = LogisticClassifier(**arguments).fit(X, labels, s)
    monkeypatch.setattr(fit_statistics, "MOST_KEPT", 0)
    bare = LogisticClassifier(**arguments).fit(X, labels, s)
    with pytest.raises(ValueError, match=r"X is None, y is None: .*Call summary\(X, y\)"):
        bare.summary()
    with pytest.raises(ValueError, match=r"y is None"):
        bare.summary(X)
    expected, told = kept.summary(), bare.summary(X, labels, s)
    np.testing.assert_allclose(told.standard_error, expected.standard_error, rtol=1e-9)
    assert told.log_likelihood == pytest.approx(expected.log_likelihood, rel=1e-12)
    assert told.null_log_likelihood == expected.null_log_likelihood
    assert (told.n_rows, told.total_weight) == (expected.n_rows, expected.total_weight)
    assert told.notes == expected.notes


def test_a_fit_keeps_nothing_where_that_would_cost_much():
    X, y = table(n=3000, d=30)
    assert LogisticClassifier().fit(X, y)._evidence is None
    assert LogisticClassifier().fit(X[:100], y[:100])._evidence is not None
    unpenalised = LogisticClassifier(C=float("inf")).fit(X, y)
    assert unpenalised._evidence is not None


def test_rows_with_a_label_that_the_fit_did_not_see_are_refused():
    X, y = table()
    model = LogisticClassifier().fit(X, y)
    with pytest.raises(ValueError, match=r"has classes not in .*\[7\]"):
        model.summary(X, np.where(y, 7, 0))


@pytest.mark.parametrize("level", [0, 1, 95, "x", np.nan])
def test_a_level_that_is_no_confidence_is_refused_by_its_value(level):
    model = LogisticClassifier().fit(*table())
    with pytest.raises(ValueError, match=f"level={level!r} is no confidence"):
        model.summary(level=level)


def test_there_is_no_summary_before_a_fit():
    with pytest.raises(NotFittedError):
        LogisticClassifier().summary()


def test_the_table_has_the_columns_names_and_the_classes():
    X, y = table(d=2)
    frame = pd.DataFrame(X, columns=["size", "age"])
    summary = LogisticClassifier().fit(frame, np.where(y, "yes", "no")).summary()
    assert summary.name == ("(intercept)", "size", "age")
    assert summary.class_label == ("yes",) * 3
    assert "log odds of 'yes' against 'no'" in str(summary)


def test_class_weights_are_told_as_part_of_the_weights():
    X, y = table()
    notes = " ".join(LogisticClassifier(class_weight="balanced").fit(X, y).summary().notes)
    assert "The rows are weighted" in notes
    assert "class_weight='balanced' is part of these weights" in notes


def separated(n=60):
    X, y = table(n=n)
    X[:, 1] = np.where(y == 1, 2 + X[:, 1] ** 2, 1 - X[:, 1] ** 2)
    return pd.DataFrame(X, columns=["a", "age", "c"]), y


@pytest.mark.parametrize("solver", ["lbfgs", "newton", "proximal", "adam"])
def test_perfect_separation_is_warned_of_by_column_instead_of_the_convergence(solver):
    with pytest.warns(ConvergenceWarning) as caught:
        model = LogisticClassifier(C=float("inf"), solver=solver).fit(*separated())
    assert [each.category for each in caught] == [SeparationWarning]
    assert caught[0].filename == __file__
    assert "column 'age' is at most" in str(caught[0].message)
    assert model.separation_ == str(caught[0].message)
    assert model.summary().notes[0] == model.separation_


def test_a_penalty_ends_the_separation_and_overlapping_rows_have_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert LogisticClassifier().fit(*separated()).separation_ is None
        assert LogisticClassifier(C=float("inf")).fit(*table()).separation_ is None


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("C", [1.0, float("inf")])
def test_what_is_kept_survives_a_file_without_pickle(C):
    model = LogisticClassifier(C=C).fit(*separated())
    again = skops.io.loads(skops.io.dumps(model), trusted=list(TRUSTED_TYPES))
    assert str(again.summary()) == str(model.summary())
    assert again.separation_ == model.separation_


def test_a_parameter_set_after_the_fit_does_not_change_what_is_told_of_it():
    X, y = load_breast_cancer(return_X_y=True)
    X, weights = X[:, :3] / X[:, :3].std(axis=0), {0: 2.0, 1: 1.0}
    model = LogisticClassifier(C=0.5, class_weight=weights, tol=1e-8).fit(X, y)
    before = [str(model.summary()), str(model.summary(X, y))]
    model.set_params(C=float("inf"), l1_ratio=0.5, fit_intercept=False, class_weight=None)
    assert [str(model.summary()), str(model.summary(X, y))] == before


def test_a_loose_fit_tells_that_its_last_digits_depend_on_tol():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :3] / X[:, :3].std(axis=0)
    loose, tight = (LogisticClassifier(C=float("inf"), tol=tol).fit(X, y) for tol in (0.01, 1e-9))
    assert "the last digits told here depend on tol" in str(loose.summary())
    assert "depend on tol" not in str(tight.summary())
