"""An easily inverted stand-in for the Hessian, which makes the convex problem round.

The Hessian of K classes is made of K × K blocks; those between a class and itself carry most
of it. They are factored, from a sample of the rows where all would cost too much.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtri

from pipelines.estimators.design.parts import F64
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.threads import Team

__all__ = ["class_blocks", "diagonal_only"]

Solve = Callable[[F64], F64]

# Below so many weights an output, a product is shorter than its call.
FEW_WEIGHTS = 200
# Added to a block's diagonal, as a share of it, until the factorisation succeeds.
RIDGES = (1e-12, 1e-9, 1e-6, 1e-3, 1.0)


def diagonal_only(objective: LinearObjective, weights: F64) -> Solve:
    """The function v → D⁻¹ v, D the Hessian's diagonal at `weights`."""
    diagonal = objective.diagonal(weights)
    usable = np.isfinite(diagonal) & (diagonal > 0)
    inverse = 1 / np.where(usable, diagonal, 1.0)
    return lambda vector: inverse * vector


def class_blocks(objective: LinearObjective, sample: LinearObjective, weights: F64) -> Solve:
    """The function v → P⁻¹ v, P the Hessian's blocks of a class with itself at `weights`.

    Each block is factored as L Lᵀ, and M = L⁻¹ kept: P⁻¹ v = Mᵀ (M v), which is positive
    definite whatever the rounding. Where the blocks come from a sample, their diagonal is
    raised to that of all rows: a column that the sample hardly holds would else pass for
    flat.

    Parameters
    ----------
    objective : LinearObjective
        Over all rows.
    sample : LinearObjective
        Over the rows that the blocks are made from; `objective` itself for all.
    weights : ndarray of float64, flat
    """
    K = objective.n_outputs
    P, h = sample.row_curvatures(weights)
    diagonal = objective.diagonal(weights).reshape(-1, K) if sample is not objective else None
    # At equal probabilities, the blocks are equal too.
    distinct = 1 if not weights.any() else K
    # The threads share out either the classes or the rows of the only one.
    alone = sample if distinct == 1 else replace(sample, team=Team(None, 1))

    def factor(k: int) -> NDArray[Any]:
        block = alone.class_block(P, h, k, k)
        inverse = _inverse_factor(block, None if diagonal is None else diagonal[:, k])
        return inverse.astype(objective.design.dtype, order="C")

    factors = objective.team.map(factor, range(distinct))

    if len(factors[0]) < FEW_WEIGHTS:
        M = np.stack(factors)
        return lambda vector: _times_all(M, vector)

    def solve(vector: F64) -> F64:
        columns = vector.reshape(-1, K)
        solved = np.empty_like(columns)

        def work(k: int) -> None:
            M = factors[k % distinct]
            solved[:, k] = M.T @ (M @ columns[:, k].astype(M.dtype))

        objective.team.map(work, range(K))
        return solved.reshape(-1)

    return solve


def _times_all(M: NDArray[Any], vector: F64) -> F64:
    """Each class's MᵀM times its column, in one call for all."""
    columns = vector.reshape(M.shape[1], -1).T.astype(M.dtype)[:, :, None]
    solved = M.transpose(0, 2, 1) @ (M @ columns)
    return np.ascontiguousarray(solved[:, :, 0].T, dtype=np.float64).reshape(-1)


def _inverse_factor(block: F64, diagonal: F64 | None) -> NDArray[np.float64]:
    """M with MᵀM = block⁻¹, the block's diagonal raised to `diagonal`; in the block's place."""
    own = np.diagonal(block).copy()
    wanted = own if diagonal is None else np.maximum(own, diagonal)
    if not (_is_finite(block) and np.isfinite(wanted).all()):
        return np.eye(len(block))
    # Only where a column were without any curvature (a constant zero, no penalty).
    size = np.where(wanted > 0, wanted, 1.0)
    for ridge in RIDGES:
        np.fill_diagonal(block, wanted + ridge * size)
        # In place, and only below the diagonal: the half above still has the block as it was.
        # LAPACK counts by columns, so it is given the transpose, and its upper half.
        factor, failed = dpotrf(block.T, lower=0, clean=0, overwrite_a=1)
        if not failed:
            inverse, failed = dtrtri(factor, lower=0, overwrite_c=1)
            if not failed and _is_finite(inverse):
                return np.asarray(_lower(inverse.T))
        for row in range(1, len(block)):
            block[row, :row] = block[:row, row]
    return np.diag(1 / np.sqrt(size))


def _lower(square: F64) -> F64:
    """The square, zero above the diagonal, in place."""
    for row in range(len(square)):
        square[row, row + 1 :] = 0.0
    return square


def _is_finite(square: F64) -> bool:
    """Whether all is finite, seen without a mask of the square's size."""
    return bool(np.isfinite(square.min()) and np.isfinite(square.max()))
