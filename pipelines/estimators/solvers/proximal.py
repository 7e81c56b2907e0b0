"""Proximal quasi-Newton: a smooth convex function plus the absolute values of the weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.solvers.curvature import Curvature, Place
from pipelines.estimators.solvers.progress import Progress
from pipelines.estimators.solvers.quadratic import minimum
from pipelines.estimators.solvers.solution import Solution, solution_at

__all__ = ["proximal"]

F64 = NDArray[np.float64]

# The share of the decrease that the model promises which a step must bring (Armijo).
SUFFICIENT, SHORTEST = 1e-4, 1e-10
# The share of its subgradient that the model's minimum may keep, and that of `tol`.
INNER, INNER_LAST = 0.03, 0.1


def proximal(
    objective: LinearObjective, start: F64, *, l1: float, tol: float, max_iter: int
) -> Solution:
    """The minimum of `objective` + l1 ‖W‖₁ as far as `tol` and `max_iter` allow.

    With a model B ≈ ∇²F(w) of the smooth part's curvature::

        D = argmin ∇F(w)ᵀ D + ½ Dᵀ B D + l1 ‖W + D‖₁
        w ← w + t D,    t halved from 1 until the objective is sufficiently lower

    (Lee, Sun and Saunders, 2014, "Proximal Newton-type methods"); `Curvature` says what B is.
    The method ends when no component of the shortest subgradient is larger than `tol`, which
    certifies the optimum, after `max_iter` steps, or when steps lower the objective no more
    because rounding hides the difference. Only the first counts as converged.

    Parameters
    ----------
    objective : LinearObjective
        The smooth part F, with λ = (1 − l1_ratio) / (C S).
    start : ndarray of float64, shape (n_weights,)
    l1 : float
        l1_ratio / (C S). The intercept is not penalised.
    tol : float
    max_iter : int

    Returns
    -------
    Solution
        Its value is the whole objective's, its gradient norm the shortest subgradient's.
    """
    W, b = np.full((objective.design.shape[1], objective.n_outputs), l1), np.zeros(1)
    penalty = objective.join(W, np.broadcast_to(b, objective.n_outputs))
    curvature = Curvature(objective)

    here = _place(objective, penalty, start)
    curve = [here.value]
    progress = Progress(here.gradient_norm)
    while here.gradient_norm > tol and len(curve) <= max_iter and not progress.ended:
        there = _step(objective, penalty, here, curvature, tol)
        if there is None:
            # The curvature of other places may mislead: once more with that of here alone.
            if not curvature.forget():
                break
            continue
        curvature.learn(here, there)
        progress.step(here.value - there.value, _noise(objective, here), there.gradient_norm)
        here = there
        curve.append(here.value)
    return solution_at(here, curve, tol)


def _place(objective: LinearObjective, penalty: F64, weights: F64) -> Place:
    value, gradient = objective.value_and_gradient(weights)
    outside = np.copysign(np.maximum(np.abs(gradient) - penalty, 0), gradient)
    subgradient = np.where(weights == 0, outside, gradient + penalty * np.sign(weights))
    return Place(weights, value + float(penalty @ np.abs(weights)), gradient, subgradient)


def _noise(objective: LinearObjective, here: Place) -> float:
    """The difference of values that rounding hides."""
    return objective.design.rounding * max(1.0, abs(here.value))


def _step(
    objective: LinearObjective, penalty: F64, here: Place, curvature: Curvature, tol: float
) -> Place | None:
    """Where the model leads, or a point on the way there; None if no point is lower."""
    at, model = curvature.model_at(here)
    share = max(INNER, INNER_LAST * tol / here.gradient_norm)
    v = here.weights.copy()
    v[at] = minimum(
        model, v[at], here.gradient[at], penalty[at], share=share, rounds=curvature.rounds
    )
    direction = v - here.weights
    # How much the objective falls, to first order, on the whole way.
    growth = np.abs(v) - np.abs(here.weights)
    promise = float(here.gradient @ direction + penalty @ growth)
    if not promise < 0:
        return None
    noise = _noise(objective, here)
    t = 1.0
    while t >= SHORTEST:
        there = _place(objective, penalty, v if t == 1 else here.weights + t * direction)
        rise = there.value - here.value
        if rise <= SUFFICIENT * t * promise:
            return there if np.isfinite(there.gradient_norm) else None
        # Where rounding hides the difference, the certificate decides.
        if rise <= noise and there.gradient_norm < here.gradient_norm:
            return there
        t /= 2
    return None
