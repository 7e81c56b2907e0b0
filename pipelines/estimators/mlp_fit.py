"""The fit of an MLPClassifier: its network taken down by epochs, or by L-BFGS."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import SFC64, Generator, RandomState
from numpy.typing import NDArray

from pipelines.estimators.descent import Descent
from pipelines.estimators.divergence import DivergenceError
from pipelines.estimators.epoch import Epoch
from pipelines.estimators.mlp_parameters import callbacks_of
from pipelines.estimators.network import Network
from pipelines.estimators.network_rows import NetworkRows
from pipelines.estimators.patience import Patience
from pipelines.estimators.schedule import Schedule
from pipelines.estimators.solvers.lbfgs import lbfgs
from pipelines.estimators.threads import team_of_threads

__all__ = ["History", "fit_by_epochs", "fit_by_lbfgs"]

Score = Callable[[Network], float]

# A loss so many times that of the first epoch does not come back.
EXPLODED = 1e6


@dataclass
class History:
    """What a fit has seen, over all calls that it goes on from.

    Attributes
    ----------
    losses : list of float
        Of each epoch.
    scores : list of float
        On the rows held out, after each epoch; empty without early stopping.
    best_loss, best_score : float
    rows_seen : int
        Rows of all epochs together.
    epochs : int
        Of this call.
    converged : bool
        Whether this call ended for want of progress.
    ended : bool
        Whether a callback ended it.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best_loss: float = np.inf
    best_score: float = -np.inf
    rows_seen: int = 0
    epochs: int = 0
    converged: bool = False
    ended: bool = False


def fit_by_epochs(
    model: Any,
    network: Network,
    descent: Descent,
    schedule: Schedule,
    rows: NetworkRows,
    picked: NDArray[np.intp],
    random: RandomState,
    history: History,
    *,
    epochs: int,
    score: Score | None = None,
) -> None:
    """Take the network's weights down, epoch after epoch, and write the history.

    Parameters
    ----------
    picked : ndarray of int
        The numbers of the rows to learn from.
    score : callable, optional
        The network's score on the rows held out; the best epoch's weights come back.

    Raises
    ------
    DivergenceError
        The loss or a weight left the range of floating point, or the loss rose beyond all
        bounds; names the epoch.
    """
    callbacks = callbacks_of(model.callbacks)
    best = history.best_loss if score is None else -history.best_score
    patience = Patience(
        model.tol, model.n_iter_no_change, best=best, keeps_weights=score is not None
    )
    if history.scores:
        # The fit goes on from the weights that had the best score.
        patience.best_weights = network.weights.copy()
    # An epoch's order depends on this and on its number alone, not on the epochs before it.
    seed = int(random.randint(2**31 - 1))
    n_steps = -(-len(picked) // descent.batch_size)
    with team_of_threads(worth_it=network.shares > 1) as team, np.errstate(all="ignore"):
        for number in range(1, epochs + 1):
            draws = Generator(SFC64([seed, len(history.losses)]))
            order = draws.permutation(picked) if model.shuffle else picked
            rates = schedule.epoch(number - 1, n_steps, history.rows_seen)
            loss = descent.epoch(rows, order, rates, team, int(draws.integers(2**63)))
            history.losses.append(loss)
            require_bounded(history.losses, network, number, model.learning_rate_init)
            history.best_loss = min(history.best_loss, loss)
            history.rows_seen += len(picked)
            history.epochs = number
            if score is not None:
                history.scores.append(score(network))
                history.best_score = max(history.best_score, history.scores[-1])
            mark = loss if score is None else -history.scores[-1]
            exhausted = patience.is_exhausted(mark, network.weights)
            tell(model, network, schedule.rate, history, callbacks)
            if history.ended:
                break
            if exhausted:
                if not schedule.goes_on():
                    history.converged = True
                    break
                patience.waited = 0
    if patience.best_weights is not None:
        network.weights[:] = patience.best_weights


def require_finite(loss: float, network: Network, epoch: int | None, rate: float) -> None:
    """Raise DivergenceError where the loss or a weight is infinite or NaN."""
    if np.isfinite(loss) and np.isfinite(network.weights).all():
        return
    where = "" if epoch is None else f" in epoch {epoch}"
    remedy = "S" if epoch is None else f"Lower learning_rate_init (now {rate:g}) or s"
    raise DivergenceError(
        f"MLPClassifier diverged{where}: its loss or weights left the range of floating point. "
        f"{remedy}cale the columns of X.",
        epoch=epoch,
    )


def require_bounded(losses: list[float], network: Network, epoch: int, rate: float) -> None:
    """As `require_finite`, and refuse a loss that is far beyond the first."""
    require_finite(losses[-1], network, epoch, rate)
    if losses[-1] <= EXPLODED * max(losses[0], 1.0):
        return
    raise DivergenceError(
        f"MLPClassifier diverged in epoch {epoch}: its loss rose from {losses[0]:.3g} to "
        f"{losses[-1]:.3g}. Lower learning_rate_init (now {rate:g}) or scale the columns of X.",
        epoch=epoch,
    )


def tell(model: Any, network: Network, rate: float, history: History, callbacks: list[Any]) -> None:
    """Write the epoch's line, and hand the epoch to the callbacks."""
    score = history.scores[-1] if history.scores else None
    if model.verbose:
        held_out = "" if score is None else f", validation score = {score:.6f}"
        sys.stdout.write(f"Iteration {history.epochs}, loss = {history.losses[-1]:.8f}{held_out}\n")
    if not callbacks:
        return
    view = network.weights.view()
    view.flags.writeable = False
    coefs, intercepts = network.layers(view)
    epoch = Epoch(
        history.epochs, model.max_iter, history.losses[-1], score, rate, coefs, intercepts
    )
    # All of them are told, also where the first one ends the fit.
    answers = [callback(epoch) for callback in callbacks]
    history.ended = any(isinstance(each, bool | np.bool_) and each for each in answers)


class _CallsSpentError(Exception):
    """The objective has been evaluated `max_fun` times."""


def fit_by_lbfgs(model: Any, network: Network, rows: NetworkRows) -> History:
    """Take the network's weights to a minimum of the objective over all rows.

    Raises
    ------
    DivergenceError
        The objective or a weight left the range of floating point.
    """
    best: tuple[float, NDArray[np.float64]] = (np.inf, network.weights.astype(np.float64))
    calls, history = 0, History()
    with team_of_threads(worth_it=network.shares > 1) as team, np.errstate(all="ignore"):

        def objective(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            nonlocal best, calls
            if calls == model.max_fun:
                raise _CallsSpentError
            calls += 1
            network.weights[:] = weights
            value, gradient = network.value_and_gradient(rows, team)
            if value < best[0]:
                best = value, weights.copy()
            return value, gradient

        try:
            solution = lbfgs(
                objective, best[1].copy(), tol=float(model.tol), max_iter=int(model.max_iter)
            )
        except _CallsSpentError:
            network.weights[:] = best[1]
            history.losses, history.epochs = [best[0]], calls
        else:
            network.weights[:] = solution.weights
            history.losses = [float(each) for each in solution.loss_curve]
            history.epochs, history.converged = solution.iterations, solution.converged
    history.best_loss = min(history.losses)
    history.rows_seen = len(rows) * history.epochs
    require_finite(history.losses[-1], network, None, 0.0)
    return history
