"""The minimum of a quadratic function plus absolute values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from pipelines.estimators.kernels.coordinate import coordinate_sweeps
from pipelines.estimators.threads import Team

__all__ = ["Quadratic", "minimum"]

F64 = NDArray[np.float64]

# Sweeps of coordinate descent and Newton steps in a round.
SWEEPS, MOST_NEWTON = 10, 3
# Shares of the Newton step that are tried before it is cut where the first sign changes.
SHARES = (1.0, 0.5, 0.25, 0.125)
# Added to a block's diagonal, as a share of it, until the factorisation succeeds.
RIDGES = (1e-14, 1e-11, 1e-8, 1e-4, 1.0)
# The least share of the blocks' diagonal that B's may be; less than that is rounding.
LEAST = 1e-3
# Singular values of less than this share of the largest are rounding.
SINGULAR = 1e-13


@dataclass(frozen=True)
class Quadratic:
    """The curvature B = blockdiag(blocks) + Q diag(signs) Qᵀ, positive semidefinite.

    Attributes
    ----------
    blocks : ndarray, shape (G, m, m)
        Coordinates run block by block. m = 1 makes a diagonal, G = 1 a whole matrix.
    Q : ndarray, C order, shape (G m, r)
    signs : ndarray, shape (r,)
        1 or −1.
    team : Team
        Shares out the blocks.
    """

    blocks: F64
    Q: F64
    signs: F64
    team: Team

    def diagonal(self) -> F64:
        """Of B, shape (G m,)."""
        own = np.diagonal(self.blocks, axis1=1, axis2=2).ravel()
        return np.maximum(own + self.Q**2 @ self.signs, LEAST * own)

    def times_blocks(self, columns: F64) -> F64:
        """blockdiag(blocks) times columns, shape (G m, any)."""
        G, m, _ = self.blocks.shape
        if m == 1:
            return self.blocks[:, 0] * columns
        by_block = columns.reshape(G, m, -1)
        product = np.empty_like(by_block)

        def work(k: int) -> None:
            np.matmul(self.blocks[k], by_block[k], out=product[k])

        self.team.map(work, range(G))
        return product.reshape(columns.shape)

    def solve(self, among: NDArray[np.bool_], right: F64) -> F64:
        """The x with (B x)ᵢ = rightᵢ for the coordinates `among`, and zero for the others."""
        both = self._solve_blocks(among, np.column_stack((right, self.Q)))
        solved, columns = both[:, 0], both[:, 1:]
        if not len(self.signs):
            return solved
        # The Woodbury identity.
        inner = np.diag(self.signs) + self.Q.T @ columns
        try:
            share = np.linalg.lstsq(inner, self.Q.T @ solved, rcond=SINGULAR)[0]
        except np.linalg.LinAlgError:
            # What NumPy raises for numbers that are not finite.
            return np.full_like(solved, np.nan)
        return solved - columns @ share

    def _solve_blocks(self, among: NDArray[np.bool_], right: F64) -> F64:
        G, m, _ = self.blocks.shape
        if m == 1:
            return (among / self.blocks.ravel())[:, None] * right
        solved = np.zeros_like(right)

        def work(k: int) -> None:
            here = np.flatnonzero(among[k * m : (k + 1) * m])
            block = self.blocks[k][np.ix_(here, here)]
            solved[k * m + here] = _solve(block, right[k * m + here])

        self.team.map(work, range(G))
        return solved


def _solve(block: F64, right: F64) -> F64:
    own = np.diagonal(block).copy()
    at = np.diag_indices_from(block)
    for ridge in RIDGES:
        block[at] = own * (1 + ridge)
        try:
            factor = cho_factor(block, check_finite=False)
        except LinAlgError:
            continue
        solved: F64 = cho_solve(factor, right, check_finite=False)
        return solved
    return right / own[:, None]


def minimum(
    function: Quadratic, weights: F64, gradient: F64, penalty: F64, *, share: float, rounds: int
) -> F64:
    """About the v that minimises gᵀ(v − w) + ½ (v − w)ᵀ B (v − w) + Σᵢ penaltyᵢ |vᵢ|.

    Rounds of coordinate descent, which finds the weights that are zero, and of Newton steps
    on the others, which ill-conditioned curvature does not slow down. No step goes up. They
    end when the largest component of the shortest subgradient is `share` of what it was.
    Where rounding has made B so indefinite that there is no minimum, v is not finite.

    Parameters
    ----------
    function : Quadratic
        B.
    weights, gradient, penalty : ndarray, shape (G m,)
        w, at which the gradient g is known.
    share : float
    rounds : int
        At most.
    """
    # A weight at zero that the gradient holds there stays.
    free = np.flatnonzero((weights != 0) | (np.abs(gradient) > penalty) | (penalty == 0))
    place = _Place(function, penalty, weights.copy(), gradient.copy(), 0 * function.signs)
    diagonal = function.diagonal()
    enough = share * place.norm(free)
    for _ in range(rounds):
        place.sweep(diagonal, free, enough)
        left = place.norm(free)
        if left <= enough or not np.isfinite(left):
            break
        for _ in range(MOST_NEWTON):
            place, whole = place.newton()
            if whole:
                break
        if place.norm(free) <= enough:
            break
    return place.v


@dataclass(frozen=True)
class _Place:
    """A point v, and the quadratic function's gradient there: slope + Q c."""

    function: Quadratic
    penalty: F64
    v: F64
    slope: F64
    c: F64

    def subgradient(self) -> F64:
        """The shortest with the absolute values, shape (G m,)."""
        gradient = self.slope + self.function.Q @ self.c
        outside = np.copysign(np.maximum(np.abs(gradient) - self.penalty, 0), gradient)
        return np.where(self.v == 0, outside, gradient + self.penalty * np.sign(self.v))

    def norm(self, free: NDArray[np.intp]) -> float:
        """The largest component of the subgradient among these, in absolute value."""
        return float(np.abs(self.subgradient()[free]).max(initial=0.0))

    def sweep(self, diagonal: F64, free: NDArray[np.intp], enough: float) -> None:
        """Moves v, with slope and c, by coordinate descent."""
        coordinate_sweeps(
            self.function.blocks,
            self.function.Q,
            self.function.signs,
            diagonal,
            self.penalty,
            free,
            self.v,
            self.slope,
            self.c,
            SWEEPS,
            enough,
        )

    def newton(self) -> tuple[_Place, bool]:
        """The point after a Newton step on the weights that are not zero, and if it was whole.

        It is whole too where no share of it leads down.
        """
        among = (self.v != 0) | (self.penalty == 0)
        slope = np.where(among, self.subgradient(), 0)
        step = -self.function.solve(among, slope)
        crossing = (self.penalty > 0) & (self.v * step < 0)
        first = float(np.min(-self.v[crossing] / step[crossing], initial=1.0))
        for t in (*SHARES, first):
            across = self.v + t * step
            # A weight whose sign would change stops at zero, or where more are better off, none.
            stopped = np.where((self.penalty > 0) & (across * self.v <= 0), 0.0, across)
            rise, there = self._at(stopped, slope)
            if t == 1 and first < 1:
                rise, there = min((rise, there), self._at(across, slope), key=lambda each: each[0])
            if rise < 0:
                return there, t == 1 and first == 1
        return self, True

    def _at(self, v: F64, slope: F64) -> tuple[float, _Place]:
        """How much higher v is, for the subgradient `slope` here, and the place."""
        change = v - self.v
        bend, c = self._bend(change)
        # The slope holds the penalty's too, as long as no sign changes.
        beyond = np.where(self.v == 0, 0, np.abs(v) - v * np.sign(self.v))
        whole_bend = bend + self.function.Q @ c
        rise = float(change @ (slope + 0.5 * whole_bend) + self.penalty @ beyond)
        return rise, replace(self, v=v, slope=self.slope + bend, c=self.c + c)

    def _bend(self, change: F64) -> tuple[F64, F64]:
        """How slope and c change with v."""
        bend = self.function.times_blocks(change[:, None])[:, 0]
        return bend, self.function.signs * (change @ self.function.Q)
