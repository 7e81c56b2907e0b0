from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.estimators.design import design_of
from pipelines.estimators.loss import log_loss_for
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.preconditioning import class_blocks
from pipelines.estimators.threads import Team


def objective_of(X, n_classes, C=1.0):
    y = np.arange(len(X)) % n_classes
    penalty = 1 / (C * len(y))
    return LinearObjective(
        log_loss_for(n_classes), design_of(X), y, penalty, fit_intercept=True, team=Team(None, 1)
    )


def diagonal_blocks(objective, weights):
    """Each class's block of the whole Hessian."""
    K = objective.n_outputs
    whole = objective.hessian(weights).reshape(-1, K, objective.n_weights // K, K)
    return [whole[:, k, :, k] for k in range(K)]


# Past some hundred columns the blocks are solved one by one instead of all in one call.
@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 5),
    columns=st.sampled_from([1, 6, 220]),
    at_zero=st.booleans(),
)
def test_it_solves_with_each_class_s_block_of_the_hessian(seed, n_classes, columns, at_zero):
    random = np.random.default_rng(seed)
    objective = objective_of(random.normal(size=(300, columns)), n_classes)
    weights = np.zeros(objective.n_weights)
    if not at_zero:
        weights = random.normal(scale=0.3, size=objective.n_weights)
    vector = random.normal(size=objective.n_weights)
    K = objective.n_outputs
    solved = class_blocks(objective, objective, weights)(vector).reshape(-1, K)
    for k, block in enumerate(diagonal_blocks(objective, weights)):
        np.testing.assert_allclose(block @ solved[:, k], vector.reshape(-1, K)[:, k], rtol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_dependent_columns_in_float32_without_a_penalty_leave_it_positive_definite(n_classes):
    # Rounding then makes the blocks indefinite: they are factored at the second try or third.
    random = np.random.default_rng(0)
    X = (random.normal(size=(600, 4)) @ random.normal(size=(4, 40))).astype(np.float32)
    objective = objective_of(X, n_classes, C=np.inf)
    weights = random.normal(scale=0.1, size=objective.n_weights)
    solve = class_blocks(objective, objective, weights)
    P = np.column_stack([solve(unit) for unit in np.eye(objective.n_weights)])
    np.testing.assert_allclose(P, P.T, rtol=1e-3, atol=1e-3 * np.abs(P).max())
    # What is not symmetric is rounding; of indefinite blocks it would be as far below 0 as above.
    assert np.linalg.eigvalsh((P + P.T) / 2).min() > -np.abs(P - P.T).max()
    # Along what the blocks do tell, it still solves with them.
    K = objective.n_outputs
    for k, block in enumerate(diagonal_blocks(objective, weights)):
        told = block @ random.normal(size=len(block))
        vector = np.zeros((len(block), K))
        vector[:, k] = told
        solved = solve(vector.reshape(-1)).reshape(-1, K)[:, k]
        np.testing.assert_allclose(block @ solved, told, atol=0.02 * abs(told).max())


def test_a_block_that_is_not_finite_leaves_the_vector_as_it_is():
    objective = objective_of(np.array([[1e200], [-1e200], [1e200]]), 3)
    weights = np.zeros(objective.n_weights)
    with np.errstate(all="ignore"):
        solve = class_blocks(objective, objective, weights)
    vector = np.arange(objective.n_weights, dtype=float)
    np.testing.assert_array_equal(solve(vector), vector)
