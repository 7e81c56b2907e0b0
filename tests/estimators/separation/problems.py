"""Tables, and where an unpenalised fit on them ends."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog, minimize

from pipelines.estimators.design import design_of
from pipelines.estimators.loss import log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.separation import separation_of
from pipelines.estimators.threads import Team


def objective_of(X, y, *, K=None, fit_intercept=True, weights=()):
    loss = log_loss_for(int(y.max()) + 1 if K is None else K)
    weights = np.asarray(weights, dtype=float)
    return LinearObjective(loss, design_of(X), y, 0.0, fit_intercept, Team(None, 1), weights)


def fitted(objective, steps=100):
    """Where L-BFGS stops without a penalty."""
    start = np.zeros(objective.n_weights)
    options = {"maxiter": steps, "gtol": 1e-9, "ftol": 0}
    function = objective.value_and_gradient
    return minimize(function, start, jac=True, method="L-BFGS-B", options=options).x


def found(X, y, *, names=None, classes=None, steps=100, **arguments):
    objective = objective_of(X, y, **arguments)
    labels = range(max(objective.n_outputs, 2)) if classes is None else classes
    return separation_of(X, objective, fitted(objective, steps), classes=labels, names=names)


def comparisons(X, y, K, fit_intercept):
    """Each row against each other class, written out: shape (n (K − 1), p K)."""
    Z = np.column_stack((X, np.ones(len(X)))) if fit_intercept else X
    rows = []
    for z, own in zip(Z, y, strict=True):
        for other in set(range(K)) - {int(own)}:
            line = np.zeros((K, Z.shape[1]))
            line[own], line[other] = z, -z
            rows.append(line.ravel())
    return np.array(rows)


def kind_by_definition(X, y, K, fit_intercept=True):
    """Maximises the number of comparisons with a margin of at least one, the others ≥ 0."""
    A = comparisons(X, y, K, fit_intercept)
    n, p = A.shape
    # Margins at least u, 0 ≤ u ≤ 1: a direction can be as long as it needs to be.
    done = linprog(
        np.concatenate((np.zeros(p), -np.ones(n))),
        A_ub=np.hstack((-A, np.eye(n))),
        b_ub=np.zeros(n),
        bounds=[(None, None)] * p + [(0, 1)] * n,
    )
    separated = round(-done.fun)
    return None if separated == 0 else "complete" if separated == n else "quasi-complete"
