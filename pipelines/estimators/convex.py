"""How a convex fit is done: by which solver, with what preconditioner, from which start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from pipelines.estimators.design.parts import F64
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.optimizers.adam import Adam
from pipelines.estimators.optimizers.optimizer import Optimizer
from pipelines.estimators.optimizers.rmsprop import RMSprop
from pipelines.estimators.optimizers.sgd import SGD
from pipelines.estimators.preconditioning import class_blocks, diagonal_only
from pipelines.estimators.solvers.lbfgs import lbfgs
from pipelines.estimators.solvers.newton import newton, newton_cg
from pipelines.estimators.solvers.proximal import proximal
from pipelines.estimators.solvers.solution import Solution, after
from pipelines.estimators.solvers.stochastic import stochastic

__all__ = ["SOLVERS", "SYNONYMS", "Demand", "minimise"]

# Costs are counted in multiplications of a Gram matrix; `design` knows those of a pass.
# The preconditioner may cost as much as this many passes.
PASSES_WORTH = 40
# All rows make the preconditioner while that costs no more passes than this; else a sample.
ALL_ROWS_PASSES = 8
# A whole Hessian up to this size is formed and factored.
MOST_HESSIAN_WEIGHTS = 1500
# Below this many multiplications the number of steps counts, not their cost.
SMALL = 1e7
# A gradient from products in float32 is known this well.
SURE_IN_FLOAT32 = 1e-6
# Steps after which the diagonal is made anew; it costs a pass.
DIAGONAL_AGE = 20
# A fit begins on a sample of the rows, unless there are few.
SAMPLE_STEPS = 20
FEW_ROWS = 2000


@dataclass(frozen=True)
class Demand:
    """What a fit asks for.

    Attributes
    ----------
    solver : str
        A name of SOLVERS or SYNONYMS, or "auto".
    l1 : float
        The factor of ‖W‖₁ in the mean objective.
    tol : float
        The largest component that the gradient may keep.
    max_iter : int
    random : RandomState
        Draws the sample of rows, and the batches.
    """

    solver: str
    l1: float
    tol: float
    max_iter: int
    random: RandomState


def minimise(objective: LinearObjective, start: F64, demand: Demand) -> tuple[str, Solution]:
    """The name of the solver, and where it came to from `start`.

    Raises
    ------
    ValueError
        Where the solver cannot take an L1 part.
    """
    name = SYNONYMS.get(demand.solver, demand.solver)
    if name == "auto":
        name = _choose(objective, demand)
    if demand.l1 > 0 and name != "proximal":
        raise ValueError(
            f"solver={demand.solver!r} cannot take the L1 part that l1_ratio asks for: choose "
            "solver='proximal' or 'auto', or l1_ratio=0."
        )
    exact = objective.design.in_double()
    if exact is objective.design:
        return name, SOLVERS[name](objective, start, demand)
    # What float32 cannot tell would cost it iterations without end.
    coarse = replace(demand, tol=max(demand.tol, SURE_IN_FLOAT32))
    solution = SOLVERS[name](objective, start, coarse)
    left = demand.max_iter - solution.iterations
    if solution.converged and coarse.tol == demand.tol:
        return name, solution
    if left <= 0:
        return name, replace(solution, converged=solution.gradient_norm <= demand.tol)
    # Rounding in the float32 products stopped the solver, or reaches as far as the tolerance:
    # the last steps need float64.
    last = SOLVERS[name](
        replace(objective, design=exact), solution.weights, replace(demand, max_iter=left)
    )
    return name, after(solution, last)


def _shape(objective: LinearObjective) -> tuple[int, int, int]:
    """Rows, weights of one output, outputs."""
    K = objective.n_outputs
    return objective.design.shape[0], objective.n_weights // K, K


def _pass_cost(objective: LinearObjective) -> float:
    return objective.design.pass_cost(objective.n_outputs)


def _blocks_cost(objective: LinearObjective, rows: int) -> float:
    n, d, K = _shape(objective)
    return K * (objective.design.gram_cost() * rows / n + float(d) ** 3)


def _hessian_cost(objective: LinearObjective) -> float:
    K = objective.n_outputs
    if objective.n_weights > MOST_HESSIAN_WEIGHTS:
        return np.inf
    return K * (K + 1) / 2 * objective.design.gram_cost() + float(objective.n_weights) ** 3


def _sample_size(n: int, d: int) -> int:
    """Rows of the sample that a fit begins with; n for none."""
    size = min(max(12 * d, n // 32), n // 8)
    return n if n < FEW_ROWS or size < 4 * d else size


def _blocks_affordable(objective: LinearObjective) -> bool:
    n, d, _ = _shape(objective)
    cost = _blocks_cost(objective, _sample_size(n, d))
    return cost <= PASSES_WORTH * _pass_cost(objective) + SMALL


def _choose(objective: LinearObjective, demand: Demand) -> str:
    if demand.l1 > 0:
        return "proximal"
    if _hessian_cost(objective) <= 2 * _pass_cost(objective) + SMALL:
        return "newton"
    return "lbfgs" if _blocks_affordable(objective) else "newton"


def _proximal(objective: LinearObjective, start: F64, demand: Demand) -> Solution:
    return proximal(objective, start, l1=demand.l1, tol=demand.tol, max_iter=demand.max_iter)


def _newton(objective: LinearObjective, start: F64, demand: Demand) -> Solution:
    function, rounding = objective.value_and_gradient, objective.design.rounding
    tol, max_iter = demand.tol, demand.max_iter
    if _hessian_cost(objective) <= PASSES_WORTH * _pass_cost(objective) + SMALL:
        return newton(
            function, start, objective.hessian, tol=tol, max_iter=max_iter, rounding=rounding
        )
    return newton_cg(
        function,
        start,
        objective.hessian_product,
        objective.diagonal,
        tol=tol,
        max_iter=max_iter,
        rounding=rounding,
    )


def _lbfgs(objective: LinearObjective, start: F64, demand: Demand) -> Solution:
    n, d, _ = _shape(objective)
    run = partial(
        lbfgs, tol=demand.tol, max_iter=demand.max_iter, rounding=objective.design.rounding
    )
    if not _blocks_affordable(objective):
        return run(
            objective.value_and_gradient,
            start,
            preconditioner_at=partial(diagonal_only, objective),
            renew_after=DIAGONAL_AGE,
        )
    rows = _sample_size(n, d)
    sample = objective if rows == n else objective.take(_draw(demand.random, objective, rows))
    if sample is not objective and not start.any():
        start = run(
            sample.value_and_gradient,
            start,
            max_iter=min(SAMPLE_STEPS, demand.max_iter),
            preconditioner_at=partial(class_blocks, sample, sample),
        ).weights
    if _blocks_cost(objective, n) <= ALL_ROWS_PASSES * _pass_cost(objective):
        rows, sample = n, objective
    # Once the steps since have cost as much as new blocks would, the blocks are made anew.
    renew_after = max(ceil(_blocks_cost(objective, rows) / _pass_cost(objective)), 4)
    return run(
        objective.value_and_gradient,
        start,
        preconditioner_at=partial(class_blocks, objective, sample),
        renew_after=renew_after,
    )


def _weighed(objective: LinearObjective) -> NDArray[np.intp]:
    """The rows with weight: some of those without have no mean."""
    s = objective.sample_weight
    return np.flatnonzero(s) if len(s) else np.arange(len(objective.y))


def _draw(random: RandomState, objective: LinearObjective, size: int) -> NDArray[np.intp]:
    """About so many of the rows with weight, in order: drawn with replacement, each kept once."""
    rows = _weighed(objective)
    return rows[np.unique(random.randint(0, len(rows), size))]


def _stochastic(optimizer: Optimizer, learning_rate: float) -> Solver:
    def solve(objective: LinearObjective, start: F64, demand: Demand) -> Solution:
        def batch_gradient(weights: F64, rows: NDArray[np.intp]) -> F64:
            return objective.take(rows).value_and_gradient(weights)[1]

        return stochastic(
            objective.value_and_gradient,
            batch_gradient,
            _weighed(objective),
            start,
            optimizer,
            learning_rate=learning_rate,
            random=demand.random,
            tol=demand.tol,
            max_iter=demand.max_iter,
            rounding=objective.design.rounding,
        )

    return solve


Solver = Callable[[LinearObjective, F64, Demand], Solution]

SOLVERS: Mapping[str, Solver] = {
    "lbfgs": _lbfgs,
    "newton": _newton,
    "proximal": _proximal,
    "sgd": _stochastic(SGD(), 0.1),
    "rmsprop": _stochastic(RMSprop(), 0.01),
    "adam": _stochastic(Adam(), 0.01),
}

# scikit-learn's names, and which of ours minimises the same.
SYNONYMS: Mapping[str, str] = {
    "newton-cg": "newton",
    "newton-cholesky": "newton",
    "sag": "proximal",
    "saga": "proximal",
    "liblinear": "proximal",
}
