"""Separation by linear programming: exact, and dear.

Source: K. Konis, Linear programming algorithms for detecting separated data in binary
logistic regression models, D.Phil. thesis, University of Oxford (2007), section 4.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import block_array, csc_array, csr_array, diags_array, hstack, issparse

from pipelines.estimators.loss import Codes

__all__ = ["ZERO", "Comparisons", "separating_direction", "sparsest"]

F64 = NDArray[np.float64]

# A margin up to here is zero; columns are scaled to the range of one, the weights to a box of
# one, and the solver's own tolerance is a hundredth of it.
ZERO = 1e-7
OPTIONS: Any = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}


class Comparisons:
    """Each row's own class compared with each other class: margins A β of at least zero.

    β holds a weight for each column and each class but the first, which is held at zero: the
    classes' blocks one after the other, in each the intercept last.

    Attributes
    ----------
    A : csr_array, shape (n (K − 1), size)
    row : ndarray of int, shape (n (K − 1),)
        The table's row of each comparison.
    column : ndarray of int, shape (size,)
        The table's column of each weight; −1 for the intercept.
    """

    def __init__(self, X: Any, y: Codes, n_classes: int, fit_intercept: bool) -> None:
        Z = scaled(X, fit_intercept)
        blocks, rows = [], []
        for own in range(n_classes):
            mine = np.flatnonzero(y == own)
            for other in set(range(n_classes)) - {own}:
                line: list[Any] = [csr_array((len(mine), Z.shape[1])) for _ in range(n_classes)]
                line[own], line[other] = Z[mine], -Z[mine]
                blocks.append(line[1:])
                rows.append(mine)
        self.A: Any = csr_array(block_array(blocks))
        self.row = np.concatenate(rows)
        columns = np.append(np.arange(X.shape[1]), [-1] * fit_intercept)
        self.column = np.tile(columns, n_classes - 1)


def scaled(X: Any, fit_intercept: bool) -> Any:
    """The columns, centred if dense and there is an intercept, with a largest size of one."""
    sparse: bool = issparse(X)
    Z: Any = X.astype(np.float64)
    if fit_intercept and not sparse:
        Z = Z - Z.mean(axis=0)
    size = abs(Z).max(axis=0)
    size = size.toarray().ravel() if sparse else size
    Z = csr_array(Z) @ diags_array(1 / np.where(size > 0, size, 1.0))
    ones: Any = csr_array(np.ones((Z.shape[0], int(fit_intercept))))
    return csr_array(hstack((Z, ones)))


def least(cost: F64, A: Any, right: F64, *, bounds: Any) -> F64 | None:
    """The x of the least `cost` · x with A x ≤ `right` within the bounds; None if not found."""
    found: Any = linprog(cost, A_ub=A, b_ub=right, bounds=bounds, options=OPTIONS)
    x: F64 | None = found.x if found.status == 0 else None
    return x


def separating_direction(comparisons: Comparisons) -> F64:
    """The margins of a direction that separates as many comparisons as can be; zeros if none.

    Maximises the sum of the margins under A β ≥ 0, −1 ≤ β ≤ 1, which is above zero if and
    only if some direction separates. The sum of two such directions separates what either
    does: it is repeated on the comparisons that are left until no more is found.
    """
    A = comparisons.A
    total = np.zeros(A.shape[0])
    while (left := total <= ZERO).any():
        found = least(-A[left].sum(axis=0), -A, np.zeros(A.shape[0]), bounds=(-1, 1))
        margins = total if found is None else A @ found
        if margins[left].max() <= ZERO or margins.min() < -ZERO:
            break
        total += margins
    return total


def sparsest(comparisons: Comparisons, margins: F64) -> list[int]:
    """The columns of a separating direction of the least Σ|β|: few, as a vertex has few.

    Parameters
    ----------
    comparisons : Comparisons
    margins : ndarray
        Of a direction that separates; the same comparisons are to be separated.
    """
    A, separated = csc_array(comparisons.A), margins > ZERO
    cost = np.where(comparisons.column >= 0, 1.0, 0.0)
    right = np.where(separated, -margins[separated].min(), 0.0)
    found = least(np.concatenate((cost, cost)), hstack((-A, A)), right, bounds=(0, None))
    if found is None:
        return []
    size = np.abs(found[: len(cost)] - found[len(cost) :])
    used = comparisons.column[size > 1e-6 * size.max()]
    return [int(column) for column in np.unique(used) if column >= 0]
