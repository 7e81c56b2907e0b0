"""Passes over the rows of a sparse matrix in CSR form.

Row i of X has the numbers data[indptr[i]:indptr[i + 1]] in the columns `indices` of the same
range. Everything but the data is float64; shapes as in `dense`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.estimators.kernels.compiled import compiled
from pipelines.estimators.kernels.inner import inner
from pipelines.estimators.kernels.losses import loss_rows

__all__ = ["sparse_curvature", "sparse_gram", "sparse_loss", "sparse_raw", "sparse_squares"]

# Rows between the two products: their numbers are then read from the cache the second time.
STEP = 256


@inner
def _times(
    data: Any, indices: Any, indptr: Any, start: int, end: int, W: Any, b: Any, raw: Any
) -> None:
    """Raw ← X W + b, for the rows from start to end."""
    K = W.shape[1]
    for i in range(start, end):
        if K == 1:
            total = b[0]
            for at in range(indptr[i], indptr[i + 1]):
                total += data[at] * W[indices[at], 0]
            raw[i - start, 0] = total
        else:
            # Not as a slice: Numba would compile the words of an error with it, for seconds.
            for k in range(K):
                raw[i - start, k] = b[k]
            for at in range(indptr[i], indptr[i + 1]):
                for k in range(K):
                    raw[i - start, k] += data[at] * W[indices[at], k]


@inner
def _transposed_times(
    data: Any, indices: Any, indptr: Any, start: int, end: int, S: Any, G: Any
) -> None:
    """Adds Xᵀ S to G, for the rows from start to end."""
    K = G.shape[1]
    for i in range(start, end):
        if K == 1:
            slope = S[i - start, 0]
            for at in range(indptr[i], indptr[i + 1]):
                G[indices[at], 0] += data[at] * slope
        else:
            for at in range(indptr[i], indptr[i + 1]):
                for k in range(K):
                    G[indices[at], k] += data[at] * S[i - start, k]


@compiled
def sparse_raw(
    data: Any, indices: Any, indptr: Any, first: int, last: int, W: Any, b: Any, raw: Any
) -> None:
    """Raw ← X W + b for the rows from first to last, in rows 0 … of `raw`."""
    _times(data, indices, indptr, first, last, W, b, raw)


@compiled
def sparse_loss(
    code: int,
    data: Any,
    indices: Any,
    indptr: Any,
    first: int,
    last: int,
    y: Any,
    weights: Any,
    W: Any,
    b: Any,
    G: Any,
    gb: Any,
) -> float:
    """Σᵢ sᵢ ℓ(yᵢ, xᵢ W + b); G += Xᵀ S and gb += Σᵢ Sᵢ, over the rows from first to last."""
    K = W.shape[1]
    # Arrays of their own: the loss's loops vectorise only where they cannot overlap.
    raw = np.empty((STEP, K))
    slopes = np.empty((STEP, K))
    total = 0.0
    for start in range(first, last, STEP):
        end = min(start + STEP, last)
        part = raw[: end - start]
        _times(data, indices, indptr, start, end, W, b, part)
        total += loss_rows(code, y[start:end], weights[start:end], part, slopes)
        for i in range(end - start):
            for k in range(K):
                gb[k] += slopes[i, k]
        _transposed_times(data, indices, indptr, start, end, slopes, G)
    return total


@compiled
def sparse_curvature(
    data: Any,
    indices: Any,
    indptr: Any,
    first: int,
    last: int,
    P: Any,
    h: Any,
    V: Any,
    c: Any,
    G: Any,
    gb: Any,
) -> None:
    """G += Xᵀ Q and gb += Σᵢ Qᵢ over the rows from first to last; Q as in `dense_curvature`."""
    K = V.shape[1]
    raw = np.empty((STEP, K))
    for start in range(first, last, STEP):
        end = min(start + STEP, last)
        part = raw[: end - start]
        _times(data, indices, indptr, start, end, V, c, part)
        for i in range(end - start):
            mean = 0.0
            if K > 1:
                for k in range(K):
                    mean += P[start + i, k] * part[i, k]
            for k in range(K):
                p = P[start + i, k] if K > 1 else 1.0
                part[i, k] = h[start + i] * p * (part[i, k] - mean)
                gb[k] += part[i, k]
        _transposed_times(data, indices, indptr, start, end, part, G)


@compiled
def sparse_squares(
    data: Any, indices: Any, indptr: Any, first: int, last: int, H: Any, G: Any
) -> None:
    """G += (X ∘ X)ᵀ H over the rows from first to last; shape (d, K)."""
    for i in range(first, last):
        for at in range(indptr[i], indptr[i + 1]):
            square = np.float64(data[at]) * data[at]
            for k in range(H.shape[1]):
                G[indices[at], k] += square * H[i, k]


@compiled
def sparse_gram(
    data: Any,
    indices: Any,
    indptr: Any,
    first: int,
    last: int,
    h: Any,
    half: Any,
    edge: Any,
) -> None:
    """Edge += Xᵀ h, and to `half` is added A with A + Aᵀ = Xᵀ diag(h) X, from first to last.

    Each pair of a row's numbers is taken once, wherever its columns stand.
    """
    for i in range(first, last):
        for at in range(indptr[i], indptr[i + 1]):
            scaled = h[i] * data[at]
            edge[indices[at]] += scaled
            row = half[indices[at]]
            for other in range(indptr[i], at):
                row[indices[other]] += scaled * data[other]
            row[indices[at]] += 0.5 * scaled * data[at]
