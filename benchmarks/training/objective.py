"""The objective in float64, by plain NumPy: the one judge of every library's weights.

F(W, b) = mean over rows of the log loss of softmax(x W + b), plus |W|² / (2 C n). Two classes
have one column of W, raw prediction x w + b for the second class. This is scikit-learn's
objective divided by C n.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import expit, logsumexp, softmax

__all__ = ["Judge", "Optimum"]

BLOCK = 8_192
Vector = NDArray[np.float64]


class Optimum(NamedTuple):
    """The least objective, how far below it the true one may lie, and its weights."""

    value: float
    within: float
    weights: Vector


class Judge:
    """The objective of one table, its gradient and curvature; weights are W on top of b, flat."""

    def __init__(self, X: Any, y: NDArray[np.int64], C: float = 1.0) -> None:
        self.X, self.y = X, y
        self.n_rows, self.n_columns = X.shape
        classes = int(y.max()) + 1
        self.outputs = 1 if classes == 2 else classes
        self.penalty = 1 / (C * self.n_rows)
        self.shape = (self.n_columns + 1, self.outputs)

    def value(self, coef: Any, intercept: Any) -> float:
        """F at a fitted model's `coef_` (n_outputs, n_features) and `intercept_`."""
        W = np.vstack(
            [np.atleast_2d(np.asarray(coef, np.float64)).T, np.asarray(intercept, np.float64)[None]]
        )
        return self.value_and_gradient(W.ravel(), gradient=False)[0]

    def value_and_gradient(self, weights: Vector, gradient: bool = True) -> tuple[float, Vector]:
        """F and its gradient, flat."""
        W = weights.reshape(self.shape)
        total, slope = 0.0, np.zeros(self.shape)
        for X, y in self._blocks():
            raw = np.asarray(X @ W[:-1]) + W[-1]
            total += float(_losses(raw, y).sum())
            if gradient:
                residual = _probabilities(raw) - _targets(y, self.outputs)
                slope[:-1] += X.T @ residual
                slope[-1] += residual.sum(axis=0)
        slope /= self.n_rows
        slope[:-1] += self.penalty * W[:-1]
        square = float((W[:-1] ** 2).sum())
        return total / self.n_rows + self.penalty / 2 * square, slope.ravel()

    def _blocks(self) -> Iterator[tuple[Any, NDArray[np.int64]]]:
        for start in range(0, self.n_rows, BLOCK):
            rows = slice(start, start + BLOCK)
            yield self.X[rows].astype(np.float64), self.y[rows]

    def optimum(self, within: float) -> Optimum:
        """The minimum by Newton's method, to within the given distance of the true one.

        F is strongly convex in W, so F − min F ≤ |∇F|² / (2 λ), λ = 1 / (C n), once the
        intercept's own derivative is as small (Boyd, Vandenberghe, Convex Optimization, 9.1).
        """
        weights = np.zeros(int(np.prod(self.shape)))
        value, gradient = self.value_and_gradient(weights)
        for _ in range(100):
            bound = float(gradient @ gradient) / (2 * self.penalty)
            if bound <= within:
                break
            step = -self._newton_step(weights, gradient)
            length, slope = 1.0, float(gradient @ step)
            while length > 1e-9:
                new_value, new_gradient = self.value_and_gradient(weights + length * step)
                if new_value <= value + 1e-4 * length * slope:
                    break
                length /= 2
            else:
                break
            weights = weights + length * step
            value, gradient = new_value, new_gradient
        return Optimum(value, bound, weights)

    def _newton_step(self, weights: Vector, gradient: Vector) -> Vector:
        """H⁻¹ g, by Cholesky where H is small, else by conjugate gradients."""
        W = weights.reshape(self.shape)
        probabilities = np.concatenate(
            [_probabilities(np.asarray(X @ W[:-1]) + W[-1]) for X, _ in self._blocks()]
        )
        if self.outputs == 1 and self.n_columns <= 1_000:
            return np.linalg.solve(self._hessian(probabilities[:, 0]), gradient)
        rows = self.X.astype(np.float64) if sparse.issparse(self.X) else None
        size = len(weights)
        norm = float(np.linalg.norm(gradient))
        step, _ = cg(
            LinearOperator(
                (size, size), lambda v: self._curvature(probabilities, v, rows), dtype=np.float64
            ),
            gradient,
            rtol=min(0.05, np.sqrt(norm)),
            maxiter=500,
        )
        return np.asarray(step)

    def _hessian(self, probabilities: Vector) -> NDArray[np.float64]:
        """X' diag(p (1 − p)) X / n + λ with the intercept as a last column of ones."""
        H = np.zeros((self.n_columns + 1, self.n_columns + 1))
        for number, (X, _) in enumerate(self._blocks()):
            p = probabilities[number * BLOCK : number * BLOCK + BLOCK]
            dense = X.toarray() if sparse.issparse(X) else X
            ones = np.hstack([dense, np.ones((len(dense), 1))])
            H += (ones * (p * (1 - p))[:, None]).T @ ones
        H /= self.n_rows
        H[np.arange(self.n_columns), np.arange(self.n_columns)] += self.penalty
        return H

    def _curvature(self, probabilities: Vector, direction: Vector, rows: Any) -> Vector:
        """H v."""
        V = np.asarray(direction, np.float64).reshape(self.shape)
        out = np.zeros(self.shape)
        whole = [(rows, None)] if rows is not None else self._blocks()
        start = 0
        for X, _ in whole:
            p = probabilities[start : start + X.shape[0]]
            start += X.shape[0]
            raw = X @ V[:-1] + V[-1]
            change = p * raw
            change -= p * (raw * p if self.outputs == 1 else change.sum(axis=1, keepdims=True))
            out[:-1] += X.T @ change
            out[-1] += change.sum(axis=0)
        out /= self.n_rows
        out[:-1] += self.penalty * V[:-1]
        return out.ravel()


def _losses(raw: Vector, y: NDArray[np.int64]) -> Vector:
    """−ln p of each row's class."""
    if raw.shape[1] == 1:
        return np.logaddexp(0, raw[:, 0]) - y * raw[:, 0]
    losses: Vector = logsumexp(raw, axis=1) - raw[np.arange(len(y)), y]
    return losses


def _probabilities(raw: Vector) -> Vector:
    """σ of one output, softmax of more."""
    out: Vector = expit(raw) if raw.shape[1] == 1 else softmax(raw, axis=1)
    return out


def _targets(y: NDArray[np.int64], outputs: int) -> Vector:
    """The labels as 0/1 columns, one an output."""
    if outputs == 1:
        return y[:, None].astype(np.float64)
    return (y[:, None] == np.arange(outputs)).astype(np.float64)
