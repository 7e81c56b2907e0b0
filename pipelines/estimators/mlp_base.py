"""What MLPClassifier is beneath its interface: its parameters, and how a call learns."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from pipelines.estimators.descent import Descent
from pipelines.estimators.held_out import held_out_rows, score_on
from pipelines.estimators.loss import LOSSES, Codes, Floats
from pipelines.estimators.mlp_fit import History, fit_by_epochs, fit_by_lbfgs
from pipelines.estimators.mlp_parameters import (
    CONSTRAINTS,
    batch_rows,
    callbacks_of,
    hidden_widths,
    optimizer_for,
    require_room,
)
from pipelines.estimators.network import Network
from pipelines.estimators.network_rows import NetworkRows
from pipelines.estimators.row_weights import row_weights
from pipelines.estimators.schedule import Schedule

__all__ = ["Perceptron"]


class Perceptron(BaseEstimator):  # type: ignore[misc]
    """The parameters of MLPClassifier and the way from them to fitted weights."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    classes_: NDArray[Any]
    coefs_: list[Floats]
    intercepts_: list[Floats]
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    _optimizer_state: Floats
    _optimizer_steps: int
    _optimizer_solver: str

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        loss: str = "log_loss",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 1e-3,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        rho: float = 0.9,
        weight_decay: float = 0.01,
        dropout: float = 0.0,
        clip_norm: float | None = None,
        class_weight: Any = None,
        callbacks: Any = None,
    ) -> None:
        self.hidden_layer_sizes, self.activation = hidden_layer_sizes, activation
        self.solver, self.loss, self.alpha = solver, loss, alpha
        self.dropout, self.weight_decay = dropout, weight_decay
        self.clip_norm, self.class_weight = clip_norm, class_weight
        self.learning_rate, self.power_t = learning_rate, power_t
        self.learning_rate_init, self.batch_size = learning_rate_init, batch_size
        self.momentum, self.nesterovs_momentum = momentum, nesterovs_momentum
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon, self.rho = epsilon, rho
        self.max_iter, self.max_fun = max_iter, max_fun
        self.tol, self.n_iter_no_change = tol, n_iter_no_change
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.shuffle, self.random_state = shuffle, random_state
        self.warm_start, self.verbose, self.callbacks = warm_start, verbose, callbacks

    def _validate_params(self) -> None:
        super()._validate_params()
        hidden_widths(self.hidden_layer_sizes)
        callbacks_of(self.callbacks)
        idle = {"dropout": 0, "clip_norm": None, "callbacks": None}
        for name in idle if self.solver == "lbfgs" else ():
            if getattr(self, name) != idle[name]:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} needs epochs and batches; solver='lbfgs' has "
                    "none. Leave one of the two out."
                )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _learn(
        self, X: Any, codes: Codes, sample_weight: Any, *, goes_on: bool, one_epoch: bool = False
    ) -> None:
        """Fit the weights, from the first or from those there are, and store them."""
        if one_epoch and self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported by partial_fit, which sees a part of "
                "the rows: give a dict with a weight for each class."
            )
        weights = row_weights(X, codes, self.classes_, sample_weight, self.class_weight)
        random = check_random_state(self.random_state)
        network = self._network(X, random, goes_on)
        if self.solver == "lbfgs":
            history = fit_by_lbfgs(self, network, NetworkRows(X, codes, weights))
        else:
            history = self._history() if goes_on else History()
            self._descend(network, X, codes, weights, random, history, one_epoch)
        if not one_epoch:
            for name in ("_optimizer_state", "_optimizer_steps", "_optimizer_solver"):
                self.__dict__.pop(name, None)
        self._store(network, history)
        if not (history.converged or history.ended or one_epoch):
            self._warn(history)

    def _network(self, X: Any, random: RandomState, goes_on: bool) -> Network:
        loss = LOSSES[self.loss](len(self.classes_))
        sizes = [X.shape[1], *hidden_widths(self.hidden_layer_sizes), loss.n_outputs]
        require_room(sizes, self.hidden_layer_sizes)
        whole = self.solver == "lbfgs"
        network = Network(
            loss,
            sizes,
            self.activation,
            X.dtype,
            alpha=self.alpha,
            dropout=self.dropout,
            batch_size=X.shape[0] if whole else batch_rows(self.batch_size, X.shape[0]),
        )
        if not goes_on:
            network.initialise(random)
        elif [W.shape for W in self.coefs_] != [W.shape for W in network.coefs]:
            widths = [len(b) for b in self.intercepts_[:-1]]
            raise ValueError(
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} is not what the fitted weights "
                f"have, {widths}: a fit cannot go on with other layers. Clone the estimator."
            )
        else:
            for views, fitted in (
                (network.coefs, self.coefs_),
                (network.intercepts, self.intercepts_),
            ):
                for view, array in zip(views, fitted, strict=True):
                    view[...] = array
        return network

    def _history(self) -> History:
        """What the fit that goes on has seen."""
        scores = list(self.validation_scores_ or []) if self.early_stopping else []
        return History(
            losses=list(self.loss_curve_),
            scores=scores,
            best_loss=min(self.loss_curve_),
            best_score=max(scores, default=-np.inf),
            rows_seen=self.t_,
        )

    def _descend(
        self,
        network: Network,
        X: Any,
        codes: Codes,
        weights: NDArray[np.float64],
        random: RandomState,
        history: History,
        one_epoch: bool,
    ) -> None:
        picked, score = np.arange(X.shape[0]), None
        if self.early_stopping:
            picked, held_out = held_out_rows(codes, self.validation_fraction, random, weights)
            score = score_on(X, codes, weights, held_out)
        batch_size = batch_rows(self.batch_size, len(picked))
        descent = Descent(network, optimizer_for(self), batch_size, self.clip_norm)
        schedule = Schedule(
            self.learning_rate,
            float(self.learning_rate_init),
            power=float(self.power_t),
            epochs=int(self.max_iter),
            before=len(history.losses) if one_epoch else 0,
        )
        # What one optimizer keeps means something else to another.
        if one_epoch and getattr(self, "_optimizer_solver", None) == self.solver:
            descent.state[:], descent.steps = self._optimizer_state, self._optimizer_steps
        fit_by_epochs(
            self,
            network,
            descent,
            schedule,
            NetworkRows(X, codes, weights),
            picked,
            random,
            history,
            epochs=1 if one_epoch else int(self.max_iter),
            score=score,
        )
        if one_epoch:
            self._optimizer_state, self._optimizer_steps = descent.state, descent.steps
            self._optimizer_solver = self.solver

    def _store(self, network: Network, history: History) -> None:
        self.coefs_ = [W.copy() for W in network.coefs]
        self.intercepts_ = [b.copy() for b in network.intercepts]
        self.loss_curve_ = history.losses
        self.loss_ = history.losses[-1]
        self.best_loss_ = None if history.scores else history.best_loss
        self.validation_scores_ = history.scores or None
        self.best_validation_score_ = history.best_score if history.scores else None
        self.n_iter_ = history.epochs
        self.t_ = history.rows_seen
        self.converged_ = history.converged
        self.n_layers_ = len(network.sizes)
        self.n_outputs_ = network.sizes[-1]
        self.out_activation_ = "logistic" if self.n_outputs_ == 1 else "softmax"

    def _warn(self, history: History) -> None:
        unit = "iterations" if self.solver == "lbfgs" else "epochs"
        if self.solver == "lbfgs" and history.epochs < self.max_iter:
            reason = "Raise tol or max_fun, or scale the columns of X."
        elif self.loss_ > 2 * history.losses[-history.epochs]:
            reason = "The loss rose: lower learning_rate_init, or scale the columns of X."
        else:
            reason = (
                "Raise max_iter or learning_rate_init, or raise tol if the loss is good enough."
            )
        warnings.warn(
            f"MLPClassifier stopped after {history.epochs} of max_iter={self.max_iter} {unit} "
            f"before it converged (loss {self.loss_:.4g}). {reason}",
            ConvergenceWarning,
            stacklevel=4,
        )
