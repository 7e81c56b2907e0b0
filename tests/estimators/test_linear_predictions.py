from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from pipelines.estimators import LogisticClassifier
from tests.estimators.statistics.test_wald import table


@pytest.mark.parametrize("name", ["csr", "csc", "coo", "bsr", "lil", "dok"])
@pytest.mark.parametrize("K", [2, 3])
def test_sparse_rows_of_any_format_are_fitted_and_predicted_as_dense_ones(name, K):
    X, y = table(K=K)
    X[X < 0] = 0
    rows = getattr(sparse, f"{name}_array")(X)
    model = LogisticClassifier(tol=1e-8).fit(X, y)
    from_sparse = LogisticClassifier(tol=1e-8).fit(rows, y)
    np.testing.assert_allclose(from_sparse.coef_, model.coef_, atol=1e-7)
    np.testing.assert_allclose(model.predict_proba(rows), model.predict_proba(X), rtol=1e-12)


@pytest.mark.parametrize("K", [2, 3])
def test_a_sparse_coef_predicts_summarises_and_warm_starts_as_the_dense_one(K):
    X, y = table(K=K)
    model = LogisticClassifier(C=0.05, l1_ratio=1.0, tol=1e-8, warm_start=True, max_iter=1000)
    model.fit(X, y)
    coef, proba, summary = model.coef_.copy(), model.predict_proba(X), str(model.summary())

    assert model.sparsify() is model
    assert sparse.issparse(model.coef_)
    assert model.coef_.nnz == np.count_nonzero(coef)
    np.testing.assert_array_equal(model.predict_proba(X), proba)
    assert str(model.summary()) == summary
    np.testing.assert_array_equal(model.densify().densify().coef_, coef)

    assert model.sparsify().fit(X, y).n_iter_[0] <= 1
    assert isinstance(model.coef_, np.ndarray)


@pytest.mark.parametrize("K", [2, 3])
def test_the_logarithm_of_a_probability_too_small_for_a_number_is_finite(K):
    X, y = table(K=K)
    model = LogisticClassifier().fit(X, y)
    model.coef_ *= 1e4
    logs = model.predict_log_proba(X)
    assert (model.predict_proba(X) == 0).any()
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(np.exp(logs), model.predict_proba(X), rtol=1e-9)
