from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression

from benchmarks.training.data import Table, correlated, text_like
from benchmarks.training.objective import Judge

TABLES = {
    "binary": correlated(400, 5),
    "multinomial": correlated(300, 4, 3),
    "sparse": text_like(300, 200),
}


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest) -> Table:
    return TABLES[request.param]


def test_the_gradient_is_that_of_the_value(table: Table) -> None:
    judge = Judge(table.X, table.y, C=0.5)
    at = np.random.default_rng(0).normal(size=int(np.prod(judge.shape))) * 0.3

    def value(weights: np.ndarray) -> float:
        return judge.value_and_gradient(weights)[0]

    def gradient(weights: np.ndarray) -> np.ndarray:
        return judge.value_and_gradient(weights)[1]

    assert check_grad(value, gradient, at) < 1e-6


def test_the_optimum_is_scikit_learn_s(table: Table) -> None:
    judge = Judge(table.X, table.y)
    best = judge.optimum(1e-12)
    model = LogisticRegression(C=1.0, tol=1e-9, max_iter=10_000, solver="newton-cg")
    model.fit(table.X.astype(np.float64), table.y)
    assert best.within <= 1e-12
    assert judge.value(model.coef_, model.intercept_) == pytest.approx(best.value, abs=1e-10)


def test_sparse_and_dense_rows_have_the_same_value() -> None:
    X, y = TABLES["sparse"].X, TABLES["sparse"].y
    coef = np.random.default_rng(0).normal(size=(1, X.shape[1]))
    assert sparse.issparse(X)
    assert Judge(X, y).value(coef, [0.3]) == pytest.approx(Judge(X.toarray(), y).value(coef, [0.3]))


def test_a_flat_vector_of_coefficients_counts_as_one_row() -> None:
    X, y = TABLES["binary"].X, TABLES["binary"].y
    judge, coef = Judge(X, y), np.arange(5.0)
    assert judge.value(coef, [1.0]) == judge.value(coef[None], [1.0])
