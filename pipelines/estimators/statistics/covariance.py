"""The covariance of a fitted logistic regression's coefficients, from the information.

One convention for the whole module: θ has the shape (rows, K), a row a column of the table
with the intercept last; weights are counted row after row, as in `LinearObjective`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.linalg.lapack import dpocon, dpotrf, dpotri

__all__ = ["Covariance", "covariance"]

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Covariance:
    """What the information says of the log odds against the first class.

    Attributes
    ----------
    standard_errors : ndarray, shape (rows, 1) or (rows, K − 1)
        NaN where there is none.
    degrees : float
        tr(V I): the number of weights that the rows determine, less what a penalty holds.
    undetermined : ndarray of bool, shape (rows,)
        Rows of θ that the table's rows do not determine.
    fixed : ndarray of bool, the shape of `standard_errors`
        Log odds whose weights the L1 penalty holds at zero.
    """

    standard_errors: F64
    degrees: float
    undetermined: Mask
    fixed: Mask


def covariance(
    information: F64,
    theta: F64,
    *,
    penalised_rows: int,
    ridge: float,
    zeros_are_fixed: bool,
    rounding: float,
) -> Covariance:
    """The standard errors of the log odds θₖ − θ₀, or of θ itself where K = 1.

    The information I is singular along equal shifts of a row of θ. So the first class is
    held where it is, which leaves I's block of the other classes; the penalty of a row is
    taken at the best shift::

        min over c of (λ/2) Σₖ (θₖ + c)²  =  (λ/2) Σₖ βₖ² − (λ/2K) (Σₖ βₖ)²

    with curvature P = λ (1 − 11ᵀ/K). The covariance is (I + P)⁻¹. A row of which L1 holds
    some classes at zero admits no shift: there the rest of the row is kept whole.

    Parameters
    ----------
    information : ndarray, shape (rows · K, rows · K)
    theta : ndarray, shape (rows, K)
    penalised_rows : int
        The first rows of θ, without the intercept.
    ridge : float
        λ, in the scale of the log likelihood.
    zeros_are_fixed : bool
        Whether L1 was at work, so that a zero is one.
    rounding : float
        Relative rounding of `information`.
    """
    rows, K = theta.shape
    active = np.ones(theta.shape, dtype=bool)
    if zeros_are_fixed:
        active[:penalised_rows] = theta[:penalised_rows] != 0
    shifts = active.all(axis=1) & (K > 1)
    free = active.copy()
    free[shifts, 0] = False

    index = np.flatnonzero(free)
    curvature = information[np.ix_(index, index)]
    row = index // K
    strength = np.where(row < penalised_rows, ridge, 0.0)
    shared = (row[:, None] == row) & shifts[row] & (row < penalised_rows)
    V, lost = inverse(curvature + np.diag(strength) - ridge / K * shared, rounding)

    # A weight that is not free stands at −1, where the padded covariance is zero.
    place = np.full(theta.shape, -1)
    place[free] = np.arange(len(index))
    above, below = (place, np.full_like(place, -1)) if K == 1 else (place[:, 1:], place[:, :1])
    padded, padded_lost = np.pad(V, (0, 1)), np.append(lost, False)
    variance = padded[above, above] + padded[below, below] - 2 * padded[above, below]
    fixed = ~active if K == 1 else ~active[:, 1:] & ~active[:, :1]
    variance[fixed | padded_lost[above] | padded_lost[below]] = np.nan
    undetermined = np.zeros(rows, dtype=bool)
    undetermined[row[lost]] = True
    degrees = float(np.einsum("ij,ji", V, curvature))
    return Covariance(np.sqrt(np.maximum(variance, 0)), degrees, undetermined, fixed)


def inverse(H: F64, rounding: float) -> tuple[F64, Mask]:
    """H⁻¹ for a symmetric H of at least zero, and which weights it does not determine.

    H is scaled to a diagonal of ones first, so that the columns' units do not count. Where it
    is singular to rounding, the null space is left out: a weight with no part in it still
    has its exact variance.
    """
    size = len(H)
    if size == 0:
        return H, np.zeros(0, dtype=bool)
    diagonal = np.diag(H)
    with np.errstate(divide="ignore"):
        scale = np.where(diagonal > 0, 1 / np.sqrt(np.maximum(diagonal, 0)), 0.0)
    scaled = scale[:, None] * H * scale
    tolerance = 10 * size * rounding
    factor, failed = dpotrf(scaled, lower=1)
    if not failed and dpocon(factor, np.abs(scaled).sum(axis=0).max(), uplo="L")[0] > tolerance:
        half = np.tril(dpotri(factor, lower=1)[0])
        return scale[:, None] * (half + np.tril(half, -1).T) * scale, np.zeros(size, dtype=bool)
    values, vectors = eigh(scaled)
    null = values <= tolerance
    lost = np.linalg.norm(vectors[:, null], axis=1) > np.sqrt(tolerance)
    kept = vectors[:, ~null]
    return scale[:, None] * ((kept / values[~null]) @ kept.T) * scale, lost
