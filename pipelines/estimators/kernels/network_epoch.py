"""An epoch of stochastic descent in one call, by one thread or by several side by side.

A batch is split into shares of rows, the weights into parts; both depend on the shapes alone.
The threads make the shares' gradients, meet, update the parts, and meet again. Sums over
shares and parts are made in their order, so the result does not depend on the threads.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from pipelines.estimators.kernels.compiled import compiled
from pipelines.estimators.kernels.inner import inner
from pipelines.estimators.kernels.network import share_gradient
from pipelines.estimators.kernels.network_gate import pass_gate
from pipelines.estimators.kernels.update import add_shares, move, sum_of_squares

__all__ = ["Plan", "Rule", "Sums", "descend"]


class Plan(NamedTuple):
    """How an epoch is split.

    totals holds each batch's sum of row weights; parts has a row (start, stop, 1 for
    coefficients and 0 for intercepts) a part. offset is the number in the epoch of the
    first row, seed the epoch's.
    """

    batch_size: int
    share_size: int
    totals: Any
    parts: Any
    seed: Any
    offset: int


class Rule(NamedTuple):
    """The optimizer: its code, its state, its constants, and for each step rate and decay.

    alpha is the strength of the L2 penalty, clip the gradient's largest norm; infinity for
    no limit.
    """

    code: int
    state: Any
    constants: Any
    rates: Any
    decays: Any
    alpha: float
    clip: float


class Sums(NamedTuple):
    """Sums over the epoch's batches, in float64; norms are one batch's.

    losses: Σ sᵢ ℓᵢ a share; squares: Σ w² a part of coefficients.
    """

    losses: Any
    squares: Any
    norms: Any


@compiled
def descend(
    thread: int,
    n_threads: int,
    gate: Any,
    rows: Any,
    shape: Any,
    space: Any,
    plan: Any,
    rule: Any,
    sums: Any,
    w: Any,
) -> None:
    """The weights w after one step a batch; this is what one of the threads does.

    gate, an array of one int64, is zero when the first thread comes.
    """
    target = 0
    for step in range(len(plan.totals)):
        begin = step * plan.batch_size
        end = min(begin + plan.batch_size, len(rows.order))
        shares = (end - begin + plan.share_size - 1) // plan.share_size
        for share in range(thread, shares, n_threads):
            first = begin + share * plan.share_size
            last = min(first + plan.share_size, end)
            sums.losses[share] += share_gradient(
                rows, shape, space, share, w, first, last, plan.seed, plan.offset + first
            )
        target = meet(gate, n_threads, target)
        # A batch of rows without weight has no gradient and no mean.
        if plan.totals[step] > 0:
            target = step_parts(
                thread, n_threads, gate, target, step, space.gradient[:shares], plan, rule, sums, w
            )
        target = meet(gate, n_threads, target)


@inner
def meet(gate: Any, n_threads: int, target: int) -> int:
    """How many arrivals the gate has counted once all threads are here."""
    if n_threads > 1:
        pass_gate(gate, target + n_threads)
    return target + n_threads


@inner
def step_parts(
    thread: int,
    n_threads: int,
    gate: Any,
    target: int,
    step: int,
    gradients: Any,
    plan: Any,
    rule: Any,
    sums: Any,
    w: Any,
) -> int:
    """The gate's count, after this thread's parts of the weights have made the step."""
    number = w.dtype.type
    zero, one = number(0), number(1)
    gradient = gradients[0]
    scale = 1.0 / plan.totals[step]
    penalty = rule.alpha * scale
    clips = rule.clip < float("inf")
    for p in range(thread, len(plan.parts), n_threads):
        start, stop, coefficients = plan.parts[p, 0], plan.parts[p, 1], plan.parts[p, 2]
        add_shares(gradients, start, stop)
        w_part, g_part = w[start:stop], gradient[start:stop]
        if coefficients and rule.alpha > 0:
            sums.squares[p] += sum_of_squares(w_part, g_part, one, zero)
        if clips:
            sums.norms[p] = sum_of_squares(
                w_part, g_part, number(penalty * coefficients), number(scale)
            )
    if clips:
        target = meet(gate, n_threads, target)
        shorten = min(1.0, rule.clip / math.sqrt(sums.norms.sum()))
        scale *= shorten
        penalty *= shorten
    for p in range(thread, len(plan.parts), n_threads):
        start, stop, coefficients = plan.parts[p, 0], plan.parts[p, 1], plan.parts[p, 2]
        move(
            rule.code,
            w,
            gradient,
            rule.state,
            start,
            stop,
            number(rule.rates[step]),
            rule.constants,
            number(scale),
            number(penalty * coefficients),
            number(rule.decays[step] * coefficients),
        )
    return target
