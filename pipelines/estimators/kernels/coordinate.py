"""Coordinate descent on a quadratic function plus absolute values."""

from __future__ import annotations

from typing import Any

from pipelines.estimators.kernels.compiled import compiled

__all__ = ["coordinate_sweeps"]


@compiled
def coordinate_sweeps(
    blocks: Any,
    Q: Any,
    signs: Any,
    diagonal: Any,
    penalty: Any,
    free: Any,
    v: Any,
    slope: Any,
    c: Any,
    sweeps: int,
    enough: float,
) -> float:
    """How far the last sweep still moved; v, slope and c are carried on in place.

    The function's curvature is B = blockdiag(blocks) + Q diag(signs) Qᵀ. A coordinate i goes
    to its own minimum, all others held::

        vᵢ ← S(vᵢ − (slope + Q c)ᵢ / Bᵢᵢ,  penaltyᵢ / Bᵢᵢ),    S soft thresholding

    Sweeps end early where no |Δvᵢ| Bᵢᵢ was larger than `enough`; the largest is returned.

    Parameters
    ----------
    blocks : ndarray of float64, shape (G, m, m)
        Symmetric; block k belongs to the coordinates from k m to k m + m − 1.
    Q, signs : ndarray of float64, shapes (G m, r) and (r,)
    diagonal : ndarray of float64, shape (G m,)
        Of B, positive.
    penalty : ndarray of float64, shape (G m,)
    free : ndarray of int
        The coordinates that may move.
    v : ndarray of float64, shape (G m,)
    slope, c : ndarray of float64, shapes (G m,) and (r,)
        The gradient at v is slope + Q c.
    """
    m = blocks.shape[1]
    r = len(signs)
    largest = 0.0
    for _ in range(sweeps):
        largest = 0.0
        for i in free:
            k = i // m
            gradient = slope[i]
            for q in range(r):
                gradient += Q[i, q] * c[q]
            a = diagonal[i]
            x = v[i] - gradient / a
            threshold = penalty[i] / a
            new = 0.0
            if x > threshold:
                new = x - threshold
            elif x < -threshold:
                new = x + threshold
            change = new - v[i]
            if change != 0.0:
                v[i] = new
                for j in range(m):
                    slope[k * m + j] += change * blocks[k, i - k * m, j]
                for q in range(r):
                    c[q] += change * signs[q] * Q[i, q]
                largest = max(largest, abs(change) * a)
        if largest <= enough:
            break
    return largest
