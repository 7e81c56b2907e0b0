"""As much of an objective's curvature as is cheap, and what the last steps tell of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.solvers.quadratic import Quadratic
from pipelines.estimators.threads import Team

__all__ = ["Curvature", "Place"]

F64 = NDArray[np.float64]

# Pairs of steps and gradient changes that are remembered, with blocks and with a diagonal.
MEMORY, DIAGONAL_MEMORY = 10, 15
# Costs are counted in multiplications; so many a number and output make a pass.
PASS = 4
# The whole Hessian of several outputs is made up to this size, where it costs no more than
# so many passes or is small anyhow.
MOST_WHOLE, WHOLE_PASSES, SMALL = 300, 10, 1e7
# The blocks of the outputs are made where they cost no more than so many passes.
BLOCK_PASSES, MOST_BLOCK = 300, 2000
# Blocks are made anew when the passes since have cost this share of them; a diagonal costs a
# pass and is made anew after so many steps.
RENEWAL, DIAGONAL_AGE = 0.1, 40
# Blocks may be singular; their diagonal is raised by this factor.
RAISED = 1 + 1e-6
# Rounds that a model's minimum is worth where the model is the Hessian, and where it is less.
EXACT_ROUNDS, ROUNDS = 20, 3
# The share of the diagonal by which the last step may scale it at least.
LEAST_SCALE = 1e-3
# Pairs whose curvature is a smaller share of their lengths' product, and eigenvalues of M that
# are smaller, are rounding.
FLAT, DEPENDENT = 1e-12, 1e-9


@dataclass(frozen=True)
class Place:
    """Weights, the whole objective there, the smooth part's gradient and the certificate.

    Attributes
    ----------
    weights : ndarray, shape (N,)
    value : float
    gradient : ndarray, shape (N,)
    subgradient : ndarray, shape (N,)
        The shortest one of the whole objective; zero at the optimum.
    """

    weights: F64
    value: float
    gradient: F64
    subgradient: F64

    @property
    def gradient_norm(self) -> float:
        """The largest component of the subgradient in absolute value."""
        return float(np.abs(self.subgradient).max(initial=0.0))


class Curvature:
    """Makes the curvature models of a run, B₀ with the corrections of L-BFGS.

    B₀ is the whole Hessian where there are few weights or one output, else its blocks of an
    output with itself, or where those cost too much its diagonal. They are made anew after
    some steps only; what has changed since, and what they leave out, the last steps s and
    gradient differences y tell, in the compact form of Byrd, Nocedal and Schnabel (1994)::

        B = B₀ − Qᵀ M⁻¹ Q,  Q = (S B₀, Y),  M = ((S B₀ Sᵀ, L), (Lᵀ, −D))

    with the pairs as the rows of S and Y, and S Yᵀ = L + D + upper triangle.
    """

    def __init__(self, objective: LinearObjective) -> None:
        self.objective = objective
        self.outputs, cost = _structure(objective)
        age = ceil(RENEWAL * cost / _pass_cost(objective))
        self.diagonal = self.outputs == objective.n_weights
        self.renew_after = DIAGONAL_AGE if self.diagonal else 1 if cost <= SMALL else age
        memory = DIAGONAL_MEMORY if self.diagonal else MEMORY
        self.pairs: deque[tuple[F64, F64]] = deque(maxlen=memory)
        self.age = 0
        self.rounds = EXACT_ROUNDS if self.outputs == 1 else ROUNDS
        # Flat weights in the order of the blocks.
        self.order = np.arange(objective.n_weights).reshape(-1, self.outputs).T.ravel()

    def forget(self) -> bool:
        """Whether there was a curvature of other places to forget."""
        known = len(self.pairs) > 0 or self.age > 1
        self.pairs.clear()
        self.age = 0
        return known

    def learn(self, before: Place, after: Place) -> None:
        """Keeps the step s and the change y of the gradient, both scaled to sᵀy = 1."""
        s, y = after.weights - before.weights, after.gradient - before.gradient
        curvature = float(s @ y)
        # Convexity makes this positive, rounding may not.
        if curvature > FLAT * np.linalg.norm(s) * np.linalg.norm(y):
            root = np.sqrt(curvature)
            self.pairs.append((s[self.order] / root, y[self.order] / root))

    def model_at(self, here: Place) -> tuple[NDArray[np.intp], Quadratic]:
        """The weights that may move, in the blocks' order, and B among them."""
        if self.age % self.renew_after == 0:
            self.blocks = self._blocks(here.weights)
            if self.outputs == 1:
                # Nothing is left out, and nothing has changed.
                self.pairs.clear()
        self.age += 1
        own = Quadratic(
            self.blocks, np.empty((len(here.weights), 0)), np.empty(0), self.objective.team
        )
        free = (here.weights != 0) | (here.subgradient != 0)
        kept = np.flatnonzero(free) if self.diagonal else self.order
        corrected = self._corrected(own, kept if self.diagonal else slice(None))
        return kept, corrected

    def _corrected(self, own: Quadratic, rows: NDArray[np.intp] | slice) -> Quadratic:
        """`own` with the pairs' correction; the part of it that `rows` names."""
        blocks = own.blocks
        if not self.pairs:
            return replace(own, blocks=blocks[rows] if self.diagonal else blocks, Q=own.Q[rows])
        S, Y = (np.array(each) for each in zip(*self.pairs, strict=True))
        if self.diagonal:
            # How much the diagonal falls short along the last step.
            blocks = blocks * max(float(Y[-1] @ (Y[-1] / blocks.ravel())), LEAST_SCALE)
        BS = replace(own, blocks=blocks).times_blocks(np.ascontiguousarray(S.T))
        L = np.tril(S @ Y.T, -1)
        M = np.block([[S @ BS, L], [L.T, -np.eye(len(S))]])
        scale = 1 / np.sqrt(np.abs(np.diagonal(M)))
        values, vectors = np.linalg.eigh(M * scale * scale[:, None])
        sure = np.abs(values) > DEPENDENT
        values, vectors = values[sure], vectors[:, sure]
        Q = np.hstack((BS[rows], Y[:, rows].T)) * scale @ (vectors / np.sqrt(np.abs(values)))
        return replace(
            own,
            blocks=blocks[rows] if self.diagonal else blocks,
            Q=np.ascontiguousarray(Q),
            signs=-np.sign(values),
        )

    def _blocks(self, weights: F64) -> F64:
        objective, G = self.objective, self.outputs
        if self.diagonal:
            return _usable(objective.diagonal(weights))[:, None, None]
        if objective.n_outputs > G:
            blocks = objective.hessian(weights)[None]
        else:
            blocks = _class_blocks(objective, weights)
        at = np.arange(blocks.shape[1])
        blocks[:, at, at] = _usable(blocks[:, at, at]) * RAISED
        return blocks


def _class_blocks(objective: LinearObjective, weights: F64) -> F64:
    K, m = objective.n_outputs, objective.n_weights // objective.n_outputs
    blocks = np.empty((K, m, m))
    P, h = objective.row_curvatures(weights)
    # At equal probabilities, the blocks are equal too.
    distinct = 1 if not weights.any() else K
    # The threads share out either the outputs or the rows of the only one.
    alone = objective if distinct == 1 else replace(objective, team=Team(None, 1))

    def work(k: int) -> None:
        blocks[k] = alone.class_block(P, h, k, k)

    objective.team.map(work, range(distinct))
    blocks[distinct:] = blocks[0]
    return blocks


def _pass_cost(objective: LinearObjective) -> float:
    return PASS * float(objective.design.size) * objective.n_outputs + 1


def _structure(objective: LinearObjective) -> tuple[int, float]:
    """How many blocks B₀ has, and what they cost."""
    n, K, N = objective.design.shape[0], objective.n_outputs, objective.n_weights
    m, each = N // K, _pass_cost(objective)
    whole = K * (K + 1) / 2 * n * float(m) ** 2
    if N <= MOST_WHOLE and whole <= max(WHOLE_PASSES * each, SMALL):
        return 1, whole
    blocks = K * (n * float(m) ** 2 + float(m) ** 3)
    if m <= MOST_BLOCK and blocks <= BLOCK_PASSES * each + SMALL:
        return K, blocks
    return N, each


def _usable(diagonal: F64) -> F64:
    """The diagonal, with its smallest positive number where a column has no curvature."""
    positive = diagonal[diagonal > 0]
    return np.where(diagonal > 0, diagonal, positive.min() if len(positive) else 1.0)
