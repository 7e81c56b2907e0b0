"""Passes over blocks of rows of a dense matrix.

The products with several columns are BLAS's, called on a few rows at a time, so that a block
is still in the cache when it is used for the second product; those with a single one, and the
loops between the products, are compiled. X has shape (n, d), W (d, K); sums are float64,
products in X's own precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.estimators.kernels.compiled import compiled
from pipelines.estimators.kernels.inner import inner
from pipelines.estimators.kernels.losses import loss_rows

__all__ = ["dense_curvature", "dense_loss", "dense_squares"]


@inner
def times(X: Any, W: Any, out: Any) -> None:
    """Out ← X W. For a single column, half of BLAS's time."""
    if W.shape[1] > 1:
        np.dot(X, W, out)
        return
    w, column = W.reshape(-1), out.reshape(-1)
    for i in range(len(X)):
        total = X.dtype.type(0)
        for j in range(len(w)):
            total += X[i, j] * w[j]
        column[i] = total


@inner
def transposed_times(X: Any, S: Any, out: Any) -> None:
    """Out ← Xᵀ S."""
    if S.shape[1] > 1:
        np.dot(X.T, S, out)
        return
    column, total = S.reshape(-1), out.reshape(-1)
    total[:] = 0
    for i in range(len(X)):
        for j in range(len(total)):
            total[j] += X[i, j] * column[i]


@compiled
def dense_loss(
    code: int, X: Any, y: Any, weights: Any, W: Any, b: Any, G: Any, gb: Any, step: int
) -> float:
    """Σᵢ sᵢ ℓ(yᵢ, xᵢ W + b); G += Xᵀ S and gb += Σᵢ Sᵢ, with the slopes S = sᵢ ∂ℓ/∂rawᵢ.

    Parameters
    ----------
    code : int
        Of the loss, as `loss_rows` takes it.
    X : ndarray of float32 or float64, C order, shape (n, d)
    y : ndarray of int, shape (n,)
    weights : ndarray of float64, shape (n,) or (0,)
    W : ndarray like X, C order, shape (d, K)
    b : ndarray of float64, shape (K,)
    G, gb : ndarray of float64, shapes (d, K) and (K,)
        Added to.
    step : int
        Rows a block.
    """
    n, d = X.shape
    K = W.shape[1]
    narrow = np.empty((step, K), dtype=X.dtype)
    # Arrays of their own: the loss's loops vectorise only where they cannot overlap.
    raw = np.empty((step, K))
    slopes = np.empty((step, K))
    product = np.empty((d, K), dtype=X.dtype)
    total = 0.0
    for start in range(0, n, step):
        end = min(start + step, n)
        m = end - start
        block = X[start:end]
        times(block, W, narrow[:m])
        for i in range(m):
            for k in range(K):
                raw[i, k] = narrow[i, k] + b[k]
        total += loss_rows(code, y[start:end], weights[start:end], raw[:m], slopes[:m])
        for i in range(m):
            for k in range(K):
                gb[k] += slopes[i, k]
                narrow[i, k] = slopes[i, k]
        transposed_times(block, narrow[:m], product)
        for j in range(d):
            for k in range(K):
                G[j, k] += product[j, k]
    return total


@compiled
def dense_curvature(X: Any, P: Any, h: Any, V: Any, c: Any, G: Any, gb: Any, step: int) -> None:
    """G += Xᵀ Q and gb += Σᵢ Qᵢ for the rows' curvatures Q along U = X V + c.

    With one output qᵢ = hᵢ uᵢ; with K outputs Qᵢₖ = hᵢ Pᵢₖ (Uᵢₖ − Σₗ Pᵢₗ Uᵢₗ).

    Parameters
    ----------
    X : ndarray of float32 or float64, C order, shape (n, d)
    P : ndarray of float64, shape (n, K)
        Probabilities; not read where K = 1.
    h : ndarray of float64, shape (n,)
        Row weights; where K = 1, times p (1 − p).
    V, c : ndarray, shapes (d, K) like X and (K,) float64
    G, gb : ndarray of float64, shapes (d, K) and (K,)
        Added to.
    step : int
        Rows a block.
    """
    n, d = X.shape
    K = V.shape[1]
    narrow = np.empty((step, K), dtype=X.dtype)
    product = np.empty((d, K), dtype=X.dtype)
    for start in range(0, n, step):
        end = min(start + step, n)
        m = end - start
        block = X[start:end]
        times(block, V, narrow[:m])
        for i in range(m):
            mean = 0.0
            if K > 1:
                for k in range(K):
                    mean += P[start + i, k] * (narrow[i, k] + c[k])
            for k in range(K):
                p = P[start + i, k] if K > 1 else 1.0
                q = h[start + i] * p * (narrow[i, k] + c[k] - mean)
                gb[k] += q
                narrow[i, k] = q
        transposed_times(block, narrow[:m], product)
        for j in range(d):
            for k in range(K):
                G[j, k] += product[j, k]


@compiled
def dense_squares(X: Any, H: Any, G: Any, step: int) -> None:
    """G += (X ∘ X)ᵀ H: Σᵢ Hᵢₖ xᵢⱼ² for each column j and output k, shape (d, K)."""
    n, d = X.shape
    K = H.shape[1]
    squares = np.empty((step, d), dtype=X.dtype)
    narrow = np.empty((step, K), dtype=X.dtype)
    product = np.empty((d, K), dtype=X.dtype)
    for start in range(0, n, step):
        end = min(start + step, n)
        m = end - start
        for i in range(m):
            for j in range(d):
                squares[i, j] = X[start + i, j] * X[start + i, j]
            for k in range(K):
                narrow[i, k] = H[start + i, k]
        np.dot(squares[:m].T, narrow[:m], product)
        for j in range(d):
            for k in range(K):
                G[j, k] += product[j, k]
