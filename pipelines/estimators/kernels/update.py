"""The weights' update: an optimizer's rule in a loop over a part of the weights."""

from __future__ import annotations

from typing import Any

from pipelines.estimators.kernels.compiled import compiled
from pipelines.estimators.kernels.inner import inner
from pipelines.estimators.optimizers.adam import adam
from pipelines.estimators.optimizers.rmsprop import rmsprop
from pipelines.estimators.optimizers.sgd import sgd

__all__ = ["RULES", "add_shares", "move", "sum_of_squares", "update"]

# A rule's code is its place here.
RULES = (sgd, rmsprop, adam)

sgd_rule, rmsprop_rule, adam_rule = (inner(rule) for rule in RULES)


@inner
def add_shares(gradients: Any, start: int, stop: int) -> None:
    """gradients₀ ← Σₛ gradientsₛ from start to stop, in the order of the shares."""
    total = gradients[0][start:stop]
    for share in range(1, len(gradients)):
        more = gradients[share][start:stop]
        for j in range(total.size):
            total[j] += more[j]


@inner
def sum_of_squares(w: Any, gradient: Any, penalty: Any, scale: Any) -> float:
    """Σⱼ (scale · gradientⱼ + penalty · wⱼ)²."""
    total = w.dtype.type(0)
    for j in range(w.size):
        g = scale * gradient[j] + penalty * w[j]
        total += g * g
    return float(total)


@compiled
def update(
    rule: int,
    w: Any,
    gradient: Any,
    state: Any,
    start: int,
    stop: int,
    rate: Any,
    constants: Any,
    scale: Any,
    penalty: Any,
    decay: Any,
) -> None:
    """`move`, for Python to call."""
    move(rule, w, gradient, state, start, stop, rate, constants, scale, penalty, decay)


@inner
def move(
    rule: int,
    w: Any,
    gradient: Any,
    state: Any,
    start: int,
    stop: int,
    rate: Any,
    constants: Any,
    scale: Any,
    penalty: Any,
    decay: Any,
) -> None:
    """The weights w and the optimizer's state after one step, from start to stop.

    g = scale · gradient + penalty · w goes into the rule, on w (1 − decay).

    Parameters
    ----------
    rule : int
        A place in RULES.
    w, gradient : ndarray of float32 or float64, flat
    state : ndarray like w, shape (2, w.size)
    rate, scale, penalty, decay : number of w's format
        Another format would have the loop run in the wider one.
    constants : ndarray like w, shape (3,)
    """
    c = (constants[0], constants[1], constants[2])
    keep = w.dtype.type(1) - decay
    # Loops from zero: the compiler then need not think of negative indices.
    w, gradient = w[start:stop], gradient[start:stop]
    first, second = state[0, start:stop], state[1, start:stop]
    if rule == 0:
        for j in range(w.size):
            g = scale * gradient[j] + penalty * w[j]
            w[j], first[j], _ = sgd_rule(keep * w[j], g, first[j], second[j], rate, c)
    elif rule == 1:
        for j in range(w.size):
            g = scale * gradient[j] + penalty * w[j]
            w[j], first[j], _ = rmsprop_rule(keep * w[j], g, first[j], second[j], rate, c)
    else:
        for j in range(w.size):
            g = scale * gradient[j] + penalty * w[j]
            w[j], first[j], second[j] = adam_rule(keep * w[j], g, first[j], second[j], rate, c)
