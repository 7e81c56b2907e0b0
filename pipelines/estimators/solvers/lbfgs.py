"""Preconditioned limited-memory BFGS (Liu and Nocedal, 1989; Nocedal and Wright, 7.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.solvers.line_search import Function, line_search, start_at
from pipelines.estimators.solvers.progress import Progress
from pipelines.estimators.solvers.solution import FLOAT64, Solution, solution_at

__all__ = ["Preconditioner", "lbfgs"]

F64 = NDArray[np.float64]
Preconditioner = Callable[[F64], F64]

MEMORY = 10
# Steps in a row without progress after which products in float64 go on, and where there are none
# to go on: then a gradient that rises for a while is worth waiting for.
PATIENCE, LAST_PATIENCE = 10, 50


def lbfgs(
    function: Function,
    start: F64,
    *,
    tol: float,
    max_iter: int,
    preconditioner_at: Callable[[F64], Preconditioner] | None = None,
    renew_after: int = 2**31,
    rounding: float = FLOAT64,
) -> Solution:
    """The minimum of `function` as far as `tol` and `max_iter` allow.

    With P ≈ ∇²f(w), a positive definite matrix that is easy to solve with, and the last ten
    steps s and gradient differences y::

        w ← w − t H ∇f(w),    H = BFGS's inverse Hessian from (s, y), begun at γ P⁻¹
        γ = sᵀy / (yᵀ P⁻¹ y),    t by `line_search`

    until max |∇f(w)| ≤ `tol`, or `max_iter` steps are done, or steps bring nothing any more
    because rounding hides the difference. Only the first counts as converged. Without
    a preconditioner P is the identity.

    Parameters
    ----------
    function : callable
        Gives value and gradient at flat float64 weights.
    start : ndarray of float64
    tol : float
    max_iter : int
    preconditioner_at : callable, optional
        Gives, for weights, the function v → P⁻¹ v.
    renew_after : int
        Steps after which P is made anew, at the weights reached.
    rounding : float
        The share of a value that is not known for rounding.
    """
    make = preconditioner_at or (lambda _: np.copy)
    here = start_at(function, start)
    curve = [here.value]
    solve = make(start)
    pairs: deque[tuple[F64, F64]] = deque(maxlen=MEMORY)
    scale, age = 1.0, 0
    progress = Progress(here.gradient_norm, PATIENCE if rounding > FLOAT64 else LAST_PATIENCE)
    while here.gradient_norm > tol and len(curve) <= max_iter and not progress.ended:
        if age >= renew_after:
            solve = np.copy  # the old one may be large: it goes before the new one comes
            solve, age = make(here.weights), 0
            scale = _scale(pairs, solve)
        there = line_search(
            function, here, -_direction(here.gradient, pairs, solve, scale), rounding
        )
        if there is None:
            if not pairs:
                break
            # The curvature of other places may mislead: once more without it.
            pairs.clear()
            scale, age = 1.0, renew_after
            continue
        step, change = there.weights - here.weights, there.gradient - here.gradient
        # Convexity makes this positive, rounding may not.
        if step @ change > 1e-14 * np.linalg.norm(step) * np.linalg.norm(change):
            pairs.append((step, change))
            scale = _scale(pairs, solve)
        noise = rounding * max(1.0, abs(here.value))
        progress.step(here.value - there.value, noise, there.gradient_norm)
        here, age = there, age + 1
        curve.append(here.value)
    return solution_at(here, curve, tol)


def _scale(pairs: deque[tuple[F64, F64]], solve: Preconditioner) -> float:
    """γ: how much the preconditioner's inverse falls short along the last step."""
    if not pairs:
        return 1.0
    step, change = pairs[-1]
    return float(step @ change / (change @ solve(change)))


def _direction(
    gradient: F64, pairs: deque[tuple[F64, F64]], solve: Preconditioner, scale: float
) -> F64:
    """H ∇f by the two-loop recursion."""
    q = gradient.copy()
    shares = []
    for step, change in reversed(pairs):
        share = float(step @ q) / float(step @ change)
        q -= share * change
        shares.append(share)
    q = scale * solve(q)
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        q += (share - float(change @ q) / float(step @ change)) * step
    return q
