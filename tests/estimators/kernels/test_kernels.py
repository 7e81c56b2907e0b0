from __future__ import annotations

import os
import stat
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from pipelines.estimators.kernels import elementary
from pipelines.estimators.kernels.dense import dense_curvature, dense_loss, dense_squares
from pipelines.estimators.kernels.sparse import (
    sparse_curvature,
    sparse_gram,
    sparse_loss,
    sparse_raw,
    sparse_squares,
)
from pipelines.estimators.loss import log_loss_for
from tests.estimators.kernels.called import rows_loss

EXTREMES = [0.0, -0.0, 800.0, -800.0, 88.0, -104.0, 1e-30, -1e-30, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["exp", "sigmoid", "tanh"])
def test_an_elementary_function_is_numpys_to_a_few_units_in_the_last_place(name, dtype):
    function = getattr(elementary, name)

    @njit
    def over(x, out):
        for i in range(len(x)):
            out[i] = function(x[i])

    x = np.append(np.random.default_rng(0).uniform(-60, 60, 10_000), EXTREMES).astype(dtype)
    out = np.empty_like(x)
    over(x, out)
    with np.errstate(over="ignore"):
        exact = {"exp": np.exp, "tanh": np.tanh, "sigmoid": lambda v: 1 / (1 + np.exp(-v))}[name](
            x.astype(np.longdouble)
        )
        np.testing.assert_allclose(
            out, exact.astype(dtype), rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny
        )


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 5),
    scale=st.sampled_from([1.0, 800.0]),
    weighted=st.booleans(),
)
def test_losses_and_slopes_are_those_of_the_plain_formula_and_finite(
    seed, n_classes, scale, weighted
):
    random = np.random.default_rng(seed)
    loss = log_loss_for(n_classes)
    raw = random.normal(size=(150, loss.n_outputs)) * scale
    y = random.integers(0, n_classes, 150)
    s = random.uniform(0, 2, 150) if weighted else np.empty(0)
    slopes = np.empty_like(raw)

    total = rows_loss(loss.code, y, s, raw, slopes)

    losses, plain = loss.value_and_gradient(y, raw)
    by_row = s if weighted else np.ones(150)
    assert np.isfinite(total)
    assert total == pytest.approx((losses * by_row).sum(), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(slopes, plain * by_row[:, None], atol=1e-13)


def rows(seed, K, n=157, d=6):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, d)) * (random.random((n, d)) < 0.5)
    P = random.dirichlet(np.ones(K), n) if K > 1 else np.ones((n, 1))
    return X, random.integers(0, max(K, 2), n), random.normal(size=(d, K)), P, random


@pytest.mark.parametrize("K", [1, 3])
def test_the_passes_over_dense_and_sparse_rows_are_the_plain_products(K):
    X, y, W, P, random = rows(0, K)
    n, d = X.shape
    loss = log_loss_for(max(K, 2))
    b, h, H = random.normal(size=K), random.random(n), random.random((n, K))
    losses, slopes = loss.value_and_gradient(y, X @ W + b)
    U = X @ W + b
    Q = h[:, None] * (P * (U - (P * U).sum(axis=1, keepdims=True)) if K > 1 else U)
    csr = scipy.sparse.csr_array(X)
    arrays = (csr.data, csr.indices, csr.indptr, 0, n)
    none = np.empty(0)

    def blank():
        return np.zeros((d, K)), np.zeros(K)

    for work in (
        lambda G, gb: dense_loss(loss.code, X, y, none, W, b, G, gb, 10),
        lambda G, gb: sparse_loss(loss.code, *arrays, y, none, W, b, G, gb),
    ):
        G, gb = blank()
        assert work(G, gb) == pytest.approx(losses.sum(), rel=1e-12)
        np.testing.assert_allclose(G, X.T @ slopes, atol=1e-12)
        np.testing.assert_allclose(gb, slopes.sum(axis=0), atol=1e-12)
    for work in (
        lambda G, gb: dense_curvature(X, P, h, W, b, G, gb, 10),
        lambda G, gb: sparse_curvature(*arrays, P, h, W, b, G, gb),
    ):
        G, gb = blank()
        work(G, gb)
        np.testing.assert_allclose(G, X.T @ Q, atol=1e-12)
        np.testing.assert_allclose(gb, Q.sum(axis=0), atol=1e-12)
    for work in (
        lambda G: dense_squares(X, H, G, 10),
        lambda G: sparse_squares(*arrays, H, G),
    ):
        G, _ = blank()
        work(G)
        np.testing.assert_allclose(G, (X**2).T @ H, atol=1e-12)
    raw = np.empty((n, K))
    sparse_raw(*arrays, W, b, raw)
    np.testing.assert_allclose(raw, U, atol=1e-12)


def test_a_gram_matrix_of_sparse_rows_is_the_plain_product_in_any_order_of_their_numbers():
    X, _, _, _, random = rows(1, 1)
    n, d = X.shape
    h = random.random(n)
    ordered = scipy.sparse.csr_array(X)
    backwards = ordered.copy()
    for i in range(n):
        row = slice(*ordered.indptr[i : i + 2])
        backwards.indices[row] = ordered.indices[row][::-1]
        backwards.data[row] = ordered.data[row][::-1]
    halves = [np.repeat(each, 2) for each in (ordered.data / 2, ordered.indices)]
    twice = scipy.sparse.csr_array((*halves, 2 * ordered.indptr), shape=X.shape)
    for csr in (ordered, backwards, twice):
        half, edge = np.zeros((d, d)), np.zeros(d)
        sparse_gram(csr.data, csr.indices, csr.indptr, 0, n, h, half, edge)
        np.testing.assert_allclose(half + half.T, X.T @ (h[:, None] * X), atol=1e-12)
        np.testing.assert_allclose(edge, X.T @ h, atol=1e-12)


COMPILE = (
    "import sys, numpy\n"
    "from pipelines.estimators.kernels.sparse import sparse_squares as kernel\n"
    "assert not kernel.signatures\n"
    "place, total = numpy.array([0, 1]), numpy.zeros((1, 1))\n"
    "kernel(numpy.array([3.0]), place[:1], place, 0, 1, numpy.array([[2.0]]), total)\n"
    "print(total[0, 0])\n"
    "print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))\n"
)


def run(home):
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    value, counts = done.stdout.splitlines()
    assert float(value) == 18
    return counts


def test_importing_compiles_nothing_and_a_second_process_compiles_nothing(tmp_path):
    assert run(tmp_path) == "0 1"
    assert run(tmp_path) == "1 0"


def test_a_damaged_cache_is_compiled_anew(tmp_path):
    run(tmp_path)
    for path in (tmp_path / "cache").rglob("*.nb?"):
        path.write_bytes(b"damaged")
    assert run(tmp_path) == "0 1"


def test_without_a_folder_to_write_to_it_still_works(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder would be")
    assert stat.S_ISREG((tmp_path / "cache").stat().st_mode)
    assert run(tmp_path) in {"0 0", "0 1"}
