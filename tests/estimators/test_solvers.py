from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from pipelines.estimators.solvers.lbfgs import lbfgs


def rosenbrock(w):
    return float(rosen(w)), rosen_der(w)


def test_lbfgs_finds_the_minimum_and_certifies_it():
    solution = lbfgs(rosenbrock, np.zeros(4), tol=1e-8, max_iter=500)
    np.testing.assert_allclose(solution.weights, 1, atol=1e-7)
    assert solution.converged
    assert solution.gradient_norm == np.abs(rosen_der(solution.weights)).max()
    assert solution.gradient_norm <= 1e-8


def test_too_few_iterations_do_not_count_as_converged():
    solution = lbfgs(rosenbrock, np.zeros(4), tol=1e-8, max_iter=3)
    assert (solution.iterations, solution.converged) == (3, False)


def test_a_tolerance_that_no_point_meets_ends_and_does_not_count_as_converged():
    solution = lbfgs(
        lambda w: (np.abs(w).sum(), np.where(w < 0, -1.0, 1.0)),
        np.full(4, 0.3),
        tol=1e-3,
        max_iter=1000,
    )
    assert solution.iterations < 1000
    assert not solution.converged


def test_the_loss_curve_starts_at_the_start_and_ends_at_the_value():
    solution = lbfgs(rosenbrock, np.zeros(4), tol=1e-8, max_iter=500)
    assert len(solution.loss_curve) == solution.iterations + 1
    assert solution.loss_curve[0] == rosen(np.zeros(4))
    assert solution.loss_curve[-1] == solution.value
    assert (np.diff(solution.loss_curve) <= 0).all()


def test_a_solver_prints_nothing(capfd):
    lbfgs(rosenbrock, np.zeros(4), tol=1e-8, max_iter=500)
    assert capfd.readouterr() == ("", "")


def test_a_solution_is_frozen():
    solution = lbfgs(rosenbrock, np.zeros(2), tol=1e-3, max_iter=5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        solution.value = 0.0
