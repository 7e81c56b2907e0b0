"""Epochs of stochastic descent: a network, an optimizer and the rows they learn from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.kernels.network_epoch import Plan, Rule, Sums, descend
from pipelines.estimators.kernels.update import RULES
from pipelines.estimators.network import Network
from pipelines.estimators.network_rows import NetworkRows
from pipelines.estimators.optimizers.optimizer import Optimizer, Rates
from pipelines.estimators.threads import Team

__all__ = ["Descent"]

# More arrivals than there can be.
OPEN = 2**62


@contextmanager
def opened_on_failure(gate: NDArray[np.int64]) -> Iterator[None]:
    """A context that opens the threads' gate for good where an exception leaves it.

    The others would wait without end for a thread that comes no more; what they then make of
    the weights is of no use.
    """
    try:
        yield
    except BaseException:
        gate[0] = OPEN
        raise


class Descent:
    """The weights' way down, an epoch a call.

    Parameters
    ----------
    network : Network
        Its weights are changed.
    optimizer : Optimizer
    batch_size : int
    clip_norm : float or None
        A batch's gradient g, all weights' and the penalty's together, is shortened to this
        length where it is longer: g ← g · min(1, clip_norm / ‖g‖) (Pascanu, Mikolov and
        Bengio, 2013).

    Attributes
    ----------
    state : ndarray, shape (2, n_weights)
        The optimizer's.
    steps : int
        Steps done.
    """

    def __init__(
        self, network: Network, optimizer: Optimizer, batch_size: int, clip_norm: float | None
    ) -> None:
        self.network, self.optimizer, self.batch_size = network, optimizer, batch_size
        self.clip = float("inf") if clip_norm is None else float(clip_norm)
        self.state = np.zeros((2, network.weights.size), dtype=network.weights.dtype)
        self.steps = 0
        constants = [*optimizer.constants(), 0.0, 0.0][:3]
        self._constants = np.array(constants, dtype=network.weights.dtype)

    def epoch(
        self,
        rows: NetworkRows,
        order: NDArray[np.intp],
        learning_rates: Rates,
        team: Team,
        seed: int = 0,
    ) -> float:
        """The objective's mean over the epoch's batches, each at the weights it found.

        Parameters
        ----------
        rows : NetworkRows
        order : ndarray of int
            The numbers of the rows to read, batch after batch.
        learning_rates : ndarray of float64
            One a batch.
        team : Team
        seed : int
            Says which units dropout keeps.
        """
        network = self.network
        totals = rows.totals(order, self.batch_size)
        rates = self.optimizer.rates(learning_rates, self.steps)
        decays = self.optimizer.decays(learning_rates)
        sums = Sums(
            np.zeros(network.shares), np.zeros(len(network.parts)), np.zeros(len(network.parts))
        )
        done = 0
        for piece in rows.pieces(order, self.batch_size):
            first = done // self.batch_size
            last = first - (-len(piece.order) // self.batch_size)
            plan = Plan(
                self.batch_size,
                network.share_size,
                totals[first:last],
                network.parts,
                np.uint64(seed),
                done,
            )
            rule = Rule(
                RULES.index(self.optimizer.rule),
                self.state,
                self._constants,
                rates[first:last],
                decays[first:last],
                network.alpha,
                self.clip,
            )
            self._run(piece, plan, rule, sums, team)
            done += len(piece.order)
        self.steps += len(totals)
        objective = sums.losses.sum() + 0.5 * network.alpha * sums.squares.sum()
        return float(objective / totals.sum())

    def _run(self, piece: Any, plan: Plan, rule: Rule, sums: Sums, team: Team) -> None:
        network = self.network
        n_threads = min(team.size, network.shares)
        gate = np.zeros(1, dtype=np.int64)

        def work(thread: int) -> None:
            with opened_on_failure(gate):
                descend(
                    thread,
                    n_threads,
                    gate,
                    piece,
                    network.shape,
                    network.space,
                    plan,
                    rule,
                    sums,
                    network.weights,
                )

        # The threads meet inside the kernel: the team has as many as there are parts here.
        # Ctrl-C may strike between the start of the others and that of this one.
        with opened_on_failure(gate):
            team.map(work, range(n_threads))
