"""Descent along the gradients of small batches, with any of the optimizers, to the optimum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.kernels.update import RULES, update
from pipelines.estimators.optimizers.optimizer import Optimizer
from pipelines.estimators.solvers.line_search import Function, Point, start_at
from pipelines.estimators.solvers.solution import Solution, solution_at

__all__ = ["stochastic"]

F64 = NDArray[np.float64]
Rows = NDArray[np.intp]

BATCH = 128
FEWEST_BATCHES = 8
# Epochs undone in a row after which no step is short enough.
MOST_UNDONE = 50


def stochastic(
    function: Function,
    batch_gradient: Callable[[F64, Rows], F64],
    rows: Rows,
    start: F64,
    optimizer: Optimizer,
    *,
    learning_rate: float,
    random: np.random.RandomState,
    tol: float,
    max_iter: int,
    rounding: float,
) -> Solution:
    """The minimum of `function` by an optimizer's steps along the gradients of batches.

    Each epoch takes the rows in random order, in batches B. At the weights w a step goes
    along the gradient of its batch, with w₀ the weights where the epoch began::

        g = ∇F_B(w) − ∇F_B(w₀) + ∇F(w₀)

    Its mean is ∇F(w), and its noise vanishes with w − w₀: so the steps lead to the optimum
    itself and not only to its neighbourhood (stochastic variance reduced gradient; Johnson
    and Zhang, 2013). After the epoch the function itself is looked at: where it is no lower,
    the steps are too long for the data: the epoch is undone and the learning rate halved;
    else it grows by a tenth (the bold driver of Battiti, 1989). So the value never rises, and
    the first rate matters little. Where the difference of the values drowns in rounding, the
    gradient's norm decides.

    Parameters
    ----------
    function : callable
        Gives value and gradient at flat float64 weights.
    batch_gradient : callable
        Gives the gradient of the mean over some rows only.
    rows : ndarray of int
        The numbers of the rows with weight; a batch of rows without has no mean.
    start : ndarray of float64
    optimizer : Optimizer
    learning_rate : float
        Of the first epoch.
    random : RandomState
        Draws the orders.
    tol : float
        The largest component that the whole gradient may keep.
    max_iter : int
        Epochs at most.
    rounding : float
        The share of a value that is not known for rounding.
    """
    batch = min(BATCH, max(len(rows) // FEWEST_BATCHES, 1))
    here = start_at(function, start)
    curve = [here.value]
    state, steps_before = np.zeros((2, len(start))), 0
    constants = np.zeros(3)
    constants[: len(optimizer.constants())] = optimizer.constants()
    rule = RULES.index(type(optimizer).rule)
    undone = 0
    while here.gradient_norm > tol and len(curve) <= max_iter and undone < MOST_UNDONE:
        weights = here.weights.copy()
        order = random.permutation(rows)
        batches = [order[first : first + batch] for first in range(0, len(rows), batch)]
        rates = optimizer.rates(np.full(len(batches), learning_rate), steps_before)
        for each, rate in zip(batches, rates, strict=True):
            gradient = batch_gradient(weights, each) - batch_gradient(here.weights, each)
            gradient += here.gradient
            update(rule, weights, gradient, state, 0, len(weights), rate, constants, 1.0, 0.0, 0.0)
        steps_before += len(batches)
        there = start_at(function, weights)
        if _is_lower(there, here, rounding):
            here, undone = there, 0
            learning_rate *= 1.1
        else:
            undone += 1
            learning_rate /= 2
            state[:], steps_before = 0, 0
        curve.append(here.value)
    return solution_at(here, curve, tol)


def _is_lower(there: Point, here: Point, rounding: float) -> bool:
    noise = rounding * max(1.0, abs(here.value))
    rise = there.value - here.value
    flatter = there.gradient_norm < here.gradient_norm
    return there.finite and (rise < -noise or (rise <= noise and flatter))
