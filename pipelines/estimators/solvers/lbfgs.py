"""Limited-memory BFGS (Liu and Nocedal, 1989), as SciPy implements it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

from pipelines.estimators.solvers.solution import Solution

__all__ = ["lbfgs"]

Objective = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]


def lbfgs(
    objective: Objective, start: NDArray[np.float64], *, tol: float, max_iter: int
) -> Solution:
    """The minimum of `objective` as far as `tol` and `max_iter` allow.

    With the inverse Hessian's estimate H from the last ten steps::

        w ← w − η H ∇f(w),    η by a line search (strong Wolfe conditions)

    until max |∇f(w)| ≤ `tol`, or `max_iter` steps are done, or no step lowers the value any
    more because rounding hides the difference. Only the first counts as converged.

    Parameters
    ----------
    objective : callable
        Gives value and gradient at flat float64 weights.
    start : ndarray of float64
    tol : float
    max_iter : int
    """
    curve = [float(objective(start)[0])]

    # SciPy knows the argument by this name, and by it alone hands over value and point.
    def record(intermediate_result: OptimizeResult) -> None:
        curve.append(float(intermediate_result.fun))

    result = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=record,
        # ftol=0: a small decrease is no proof of an optimum, a small gradient is.
        options={
            "maxiter": max_iter,
            "maxfun": 20 * max_iter + 100,
            "maxls": 50,
            "gtol": tol,
            "ftol": 0.0,
        },
    )
    gradient_norm = float(np.abs(result.jac).max(initial=0.0))
    return Solution(
        weights=result.x,
        value=float(result.fun),
        gradient_norm=gradient_norm,
        iterations=int(result.nit),
        converged=gradient_norm <= tol,
        loss_curve=np.array(curve),
    )
