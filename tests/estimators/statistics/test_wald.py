"""The table's numbers against statsmodels' on the same rows at the same coefficients."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimators.design import design_of
from pipelines.estimators.loss import log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.statistics import evidence_of, summarise
from pipelines.estimators.threads import Team

ALONE = Team(None, 1)


def table(n=200, d=3, K=2, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, d)) * np.logspace(-1, 1, d)
    raw = X @ (random.normal(size=(d, K)) / np.logspace(-1, 1, d)[:, None]) / 2
    return X, (raw + random.gumbel(size=(n, K))).argmax(axis=1)


def evidence_at(X, y, coef, intercept, weights=(), l2=0.0):
    """The evidence of the rows at given coefficients; `l2` must make no difference."""
    loss = log_loss_for(max(int(y.max()) + 1, 2))
    weights = np.asarray(weights, dtype=float)
    has_intercept = intercept is not None
    objective = LinearObjective(loss, design_of(X), y, l2, has_intercept, ALONE, weights)
    b = intercept if has_intercept else np.zeros(len(coef))
    return evidence_of(objective, objective.join(coef.T, b))


def told_by_statsmodels(X, y, has_intercept):
    """statsmodels' fit, and its coefficients as ours: θ₀ = 0, then moved by any shift."""
    exog = sm.add_constant(X) if has_intercept else X
    model = sm.Logit(y, exog) if y.max() == 1 else sm.MNLogit(y, exog)
    fit = model.fit(disp=0, method="newton", maxiter=100, tol=1e-14)
    params = np.asarray(fit.params).reshape(exog.shape[1], -1).T
    if y.max() > 1:
        params = np.vstack((np.zeros(exog.shape[1]), params)) + 0.7
    if has_intercept:
        return fit, params[:, 1:], params[:, 0]
    return fit, params, None


@pytest.mark.parametrize("has_intercept", [True, False])
@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_the_unpenalised_table_is_statsmodels(n_classes, has_intercept):
    X, y = table(K=n_classes)
    fit, coef, intercept = told_by_statsmodels(X, y, has_intercept)
    evidence = evidence_at(X, y, coef, intercept, l2=0.3)

    summary = summarise(evidence, coef, intercept, classes=range(n_classes))

    expected = {
        "coefficient": fit.params,
        "standard_error": fit.bse,
        "z": fit.tvalues,
        "p_value": fit.pvalues,
        "odds_ratio": np.exp(fit.params),
    }
    for column, values in expected.items():
        flat = np.asarray(values).T.ravel()
        np.testing.assert_allclose(getattr(summary, column), flat, rtol=1e-6, err_msg=column)
    bounds = np.asarray(fit.conf_int(0.05)).reshape(-1, 2)
    np.testing.assert_allclose(summary.lower, bounds[:, 0], rtol=1e-6)
    np.testing.assert_allclose(summary.upper, bounds[:, 1], rtol=1e-6)
    assert summary.log_likelihood == pytest.approx(fit.llf, rel=1e-9)
    assert summary.null_log_likelihood == pytest.approx(fit.llnull, rel=1e-6)
    assert summary.pseudo_r2 == pytest.approx(fit.prsquared, rel=1e-6)
    assert summary.aic == pytest.approx(fit.aic, rel=1e-6)
    assert summary.bic == pytest.approx(fit.bic, rel=1e-6)
    assert summary.n_rows == fit.nobs
    if has_intercept:
        assert summary.llr_p_value == pytest.approx(fit.llr_pvalue, rel=1e-6)
    else:
        assert np.isnan(summary.llr_p_value)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_weight_of_three_counts_as_three_rows(n_classes):
    X, y = table(K=n_classes)
    counts = np.random.default_rng(1).integers(0, 4, len(y))
    repeated = np.repeat(X, counts, axis=0), np.repeat(y, counts)
    fit, coef, intercept = told_by_statsmodels(*repeated, has_intercept=True)

    summary = summarise(
        evidence_at(X, y, coef, intercept, counts), coef, intercept, classes=range(n_classes)
    )

    np.testing.assert_allclose(summary.standard_error, np.asarray(fit.bse).T.ravel(), rtol=1e-6)
    assert summary.bic == pytest.approx(fit.bic, rel=1e-6)
    assert summary.total_weight == fit.nobs
    assert summary.n_rows == np.count_nonzero(counts)
    assert any("rows are weighted" in note for note in summary.notes)


@settings(max_examples=30, deadline=None)
@given(level=st.floats(0.01, 0.99), seed=st.integers(0, 1000))
def test_intervals_are_symmetric_and_grow_with_the_level(level, seed):
    X, y = table(seed=seed)
    coef, intercept = np.full((1, 3), 0.1), np.zeros(1)
    evidence = evidence_at(X, y, coef, intercept)
    narrow = summarise(evidence, coef, intercept, classes=[0, 1], level=level)
    wide = summarise(evidence, coef, intercept, classes=[0, 1], level=(1 + level) / 2)
    np.testing.assert_allclose(narrow.lower + narrow.upper, 2 * narrow.coefficient)
    assert (wide.upper - wide.lower > narrow.upper - narrow.lower).all()


def test_the_terms_are_named_class_after_class_with_the_intercept_first():
    X, y = table(d=2, K=3)
    coef, intercept = np.arange(6.0).reshape(3, 2) / 10, np.array([0.0, 0.5, 0.7])
    evidence = evidence_at(X, y, coef, intercept)
    summary = summarise(evidence, coef, intercept, classes=["a", "b", "c"], names=["size", "age"])
    assert summary.name == ("(intercept)", "size", "age") * 2
    assert summary.class_label == ("b",) * 3 + ("c",) * 3
    np.testing.assert_allclose(summary.coefficient, [0.5, 0.2, 0.2, 0.7, 0.4, 0.4])
    assert list(summary.columns())[:4] == [
        *("name", "class_label", "coefficient", "standard_error"),
    ]


def test_without_an_intercept_no_term_is_one():
    X, y = table()
    coef = np.full((1, 3), 0.1)
    summary = summarise(evidence_at(X, y, coef, None), coef, None, classes=[0, 1])
    assert summary.name == ("x0", "x1", "x2")


@pytest.mark.parametrize("level", [0, 1, 95, float("nan")])
def test_a_level_that_is_no_confidence_is_refused(level):
    X, y = table()
    coef, intercept = np.zeros((1, 3)), np.zeros(1)
    evidence = evidence_at(X, y, coef, intercept)
    with pytest.raises(ValueError, match=rf"level={level!r} is no confidence"):
        summarise(evidence, coef, intercept, classes=[0, 1], level=level)
