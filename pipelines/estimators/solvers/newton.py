"""Newton's method, with the Hessian solved exactly or by conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, lstsq

from pipelines.estimators.solvers.line_search import Function, Point, line_search, start_at
from pipelines.estimators.solvers.progress import Progress
from pipelines.estimators.solvers.solution import FLOAT64, Solution, solution_at

__all__ = ["newton", "newton_cg"]

F64 = NDArray[np.float64]
Product = Callable[[F64], F64]

# The share of a Newton step's error that conjugate gradients may leave.
COARSEST = 0.25
MOST_PRODUCTS = 200


def newton(
    function: Function,
    start: F64,
    hessian: Callable[[F64], F64],
    *,
    tol: float,
    max_iter: int,
    rounding: float = FLOAT64,
) -> Solution:
    """The minimum of `function` by Newton steps with the whole Hessian.

    ::

        w ← w − t (∇²f(w))⁻¹ ∇f(w),    t by a line search

    The number of correct digits about doubles each step near the optimum. Where the Hessian
    is singular, the step is the shortest of those that solve the system best.

    Parameters
    ----------
    function : callable
        Gives value and gradient at flat float64 weights.
    start : ndarray of float64
    hessian : callable
        Gives ∇²f(w), shape (n_weights, n_weights).
    tol : float
        The largest component that the gradient may keep.
    max_iter : int
    rounding : float
        The share of a value that is not known for rounding.
    """

    def direction(here: Point) -> F64:
        return -_solve(hessian(here.weights), here.gradient)

    return _descend(function, start, direction, tol, max_iter, rounding)


def _solve(matrix: F64, vector: F64) -> F64:
    if not np.isfinite(matrix).all():
        return vector.copy()
    try:
        solved: F64 = cho_solve(cho_factor(matrix), vector)
    except LinAlgError:
        solved = lstsq(matrix, vector, cond=1e-12)[0]
    return solved


def newton_cg(
    function: Function,
    start: F64,
    hessian_product: Callable[[F64], Product],
    diagonal: Callable[[F64], F64],
    *,
    tol: float,
    max_iter: int,
    rounding: float = FLOAT64,
) -> Solution:
    """The minimum of `function` by Newton steps solved by conjugate gradients.

    The system ∇²f(w) p = −∇f(w) is solved until the residual, measured by the inverse of
    the Hessian's diagonal D, is min(¼, √‖∇f‖) of what it was: coarsely far from the
    optimum, finely near it (Dembo and Steihaug, 1983). Only products with the Hessian are
    needed, a pass over the rows each.

    Parameters
    ----------
    function : callable
        Gives value and gradient at flat float64 weights.
    start : ndarray of float64
    hessian_product : callable
        Gives, for weights, the function v → ∇²f(w) v.
    diagonal : callable
        Gives the diagonal of ∇²f(w).
    tol : float
        The largest component that the gradient may keep.
    max_iter : int
        Newton steps at most.
    rounding : float
        The share of a value that is not known for rounding.
    """

    def direction(here: Point) -> F64:
        return _conjugate_gradients(
            hessian_product(here.weights), diagonal(here.weights), -here.gradient
        )

    return _descend(function, start, direction, tol, max_iter, rounding)


def _descend(
    function: Function,
    start: F64,
    direction: Callable[[Point], F64],
    tol: float,
    max_iter: int,
    rounding: float,
) -> Solution:
    here = start_at(function, start)
    curve = [here.value]
    progress = Progress(here.gradient_norm)
    while here.gradient_norm > tol and len(curve) <= max_iter and not progress.ended:
        there = line_search(function, here, direction(here), rounding)
        if there is None:
            break
        noise = rounding * max(1.0, abs(here.value))
        progress.step(here.value - there.value, noise, there.gradient_norm)
        here = there
        curve.append(here.value)
    return solution_at(here, curve, tol)


def _conjugate_gradients(times: Product, diagonal: F64, right: F64) -> F64:
    """About the solution of A p = right, A positive semidefinite with this diagonal."""
    inverse = 1 / np.where(diagonal > 0, diagonal, 1.0)
    p = np.zeros_like(right)
    residual = right.copy()
    z = inverse * residual
    conjugate = z.copy()
    size = float(residual @ z)
    enough = size * min(COARSEST, size**0.25) ** 2
    for _ in range(MOST_PRODUCTS):
        product = times(conjugate)
        bend = float(conjugate @ product)
        if not bend > 0:
            break
        share = size / bend
        p += share * conjugate
        residual -= share * product
        z = inverse * residual
        last, size = size, float(residual @ z)
        if not size > enough:
            break
        conjugate = z + (size / last) * conjugate
    return p if p.any() else inverse * right
