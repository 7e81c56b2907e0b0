"""Proofs from the fitted weights, each a pass over the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.loss import Codes, log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.statistics.covariance import inverse

__all__ = ["every_row_on_its_side", "rows_overlap"]

F64 = NDArray[np.float64]

# Up to here the Hessian is affordable beside the fit itself.
MOST_WEIGHTS = 1500
# Below one the proof holds; the rest is for rounding.
LARGEST_CHANGE = 0.5
EPS = float(np.finfo(np.float64).eps)


def with_first_class(raw: F64) -> F64:
    """The raw predictions with a column for every class: log odds r become (0, r)."""
    return np.hstack((np.zeros_like(raw), raw)) if raw.shape[1] == 1 else raw


def every_row_on_its_side(raw: F64, y: Codes) -> bool:
    """Whether every row's own class has the largest raw prediction: complete separation."""
    raw = with_first_class(raw)
    rows = np.arange(len(y))
    others = raw.copy()
    others[rows, y] = -np.inf
    margin = raw[rows, y] - others.max(axis=1)
    return bool(margin.min() > 1e3 * EPS * max(np.abs(raw).max(), 1.0))


def rows_overlap(
    objective: LinearObjective, weights: F64, raw: F64, information: F64 | None = None
) -> bool:
    """Whether the Newton step from `weights` proves that no direction separates.

    By Gordan's theorem no direction separates where positive numbers wᵢₖ, one for each row i
    and class k that is not its own, balance the rows::

        Σᵢ Σₖ wᵢₖ xᵢ ⊗ (eₖ − e_yᵢ) = 0

    At the optimum the probabilities pᵢₖ do. Near it, with the Newton step D = H⁻¹ ∇ and the
    change uᵢ = Dᵀ xᵢ of the raw predictions, these do exactly::

        wᵢₖ = pᵢₖ (1 − (uᵢₖ − Σⱼ pᵢⱼ uᵢⱼ))

    Where H is singular a pseudo-inverse does, if H has no other null directions than those
    that change no row: if its rank is that of the rows times K − 1.

    They are positive where the step changes no row by one or more. Along a separating
    direction every Newton step changes some row by at least one. No gain is a proof of
    nothing: then linear programming must decide.
    """
    if objective.n_weights > MOST_WEIGHTS:
        return False
    plain = replace(objective, penalty=0.0, design=objective.design.in_double())
    gradient = plain.value_and_gradient(weights)[1]
    hessian = plain.hessian(weights) if information is None else information / plain.total
    K = plain.n_outputs
    # Equal shifts of all classes change nothing: the first class is held.
    free = np.arange(len(weights)) % K > 0 if K > 1 else np.ones(len(weights), dtype=bool)
    if not np.isfinite(hessian).all():
        return False
    hessian = hessian[np.ix_(free, free)]
    rounding = float(np.finfo(plain.design.dtype).eps)
    V, lost = inverse(hessian, rounding)
    if lost.any() and rank(V, hessian) < rank_of_rows(plain, rounding) * max(K - 1, 1):
        return False
    step = np.zeros_like(weights)
    step[free] = V @ gradient[free]
    P = plain.loss.probabilities(raw)
    change = with_first_class(plain.design.raw(plain.team, *plain.split(step)))
    change -= (P * change).sum(axis=1, keepdims=True)
    return bool(P.min() > 0 and np.abs(change).max() <= LARGEST_CHANGE)


def rank(V: F64, H: F64) -> int:
    """The rank of H, from its pseudo-inverse V: the trace of the projector V H."""
    return round(float(np.einsum("ij,ji", V, H)))


def rank_of_rows(objective: LinearObjective, rounding: float) -> int:
    """How many columns, the intercept's among them, are independent of each other."""
    single = replace(objective, loss=log_loss_for(2))
    n = objective.design.shape[0]
    gram = single.class_block(np.empty((n, 1)), np.full(n, 1 / n), 0, 0)
    return rank(inverse(gram, rounding)[0], gram)
