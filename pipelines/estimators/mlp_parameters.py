"""The parameters of MLPClassifier: what each may be, and what is made of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from math import prod
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from pipelines.estimators.activation import ACTIVATIONS
from pipelines.estimators.epoch import Callback
from pipelines.estimators.loss import LOSSES
from pipelines.estimators.optimizers.adam import Adam
from pipelines.estimators.optimizers.adamw import AdamW
from pipelines.estimators.optimizers.optimizer import Optimizer
from pipelines.estimators.optimizers.rmsprop import RMSprop
from pipelines.estimators.optimizers.sgd import SGD
from pipelines.estimators.schedule import SCHEDULES

__all__ = [
    "CONSTRAINTS",
    "batch_rows",
    "callbacks_of",
    "hidden_widths",
    "optimizer_for",
    "require_room",
]

OPTIMIZERS: dict[str, Callable[[Any], Optimizer]] = {
    "sgd": lambda model: SGD(float(model.momentum), bool(model.nesterovs_momentum)),
    "rmsprop": lambda model: RMSprop(float(model.rho), float(model.epsilon)),
    "adam": lambda model: Adam(*_moments(model)),
    "adamw": lambda model: AdamW(*_moments(model), weight_decay=float(model.weight_decay)),
}
MOST_WEIGHTS = 2**31

SHARE = [Interval(Real, 0, 1, closed="left")]
# A whole number can be beyond the range of float64.
NOT_NEGATIVE = [Interval(Real, 0, sys.float_info.max, closed="both")]
POSITIVE = [Interval(Real, 0, sys.float_info.max, closed="right")]
COUNT = [Interval(Integral, 1, None, closed="left")]

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", *COUNT],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "solver": [StrOptions({*OPTIMIZERS, "lbfgs"})],
    "loss": [StrOptions(set(LOSSES))],
    "alpha": NOT_NEGATIVE,
    "batch_size": [StrOptions({"auto"}), *COUNT],
    "learning_rate": [StrOptions(set(SCHEDULES))],
    "learning_rate_init": POSITIVE,
    "power_t": NOT_NEGATIVE,
    "max_iter": COUNT,
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": NOT_NEGATIVE,
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": SHARE,
    "beta_1": SHARE,
    "beta_2": SHARE,
    "epsilon": POSITIVE,
    "n_iter_no_change": [*COUNT, Options(Real, {np.inf})],
    "max_fun": COUNT,
    "rho": SHARE,
    "weight_decay": NOT_NEGATIVE,
    "dropout": SHARE,
    "clip_norm": [None, *POSITIVE],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "callbacks": [None, callable, list, tuple],
}


def hidden_widths(sizes: Any) -> list[int]:
    """The hidden layers' widths as a list; a single number stands for one layer.

    Raises
    ------
    ValueError
        Where a width is no whole number of at least 1, or the widths have no order.
    """
    ordered = np.iterable(sizes) and not isinstance(sizes, str | dict | set | frozenset)
    widths = list(sizes) if ordered else [sizes]
    for width in widths:
        if not isinstance(width, Integral) or isinstance(width, bool) or width < 1:
            raise ValueError(
                "The 'hidden_layer_sizes' parameter of MLPClassifier must hold whole numbers of "
                f"at least 1, one a hidden layer. Got {sizes!r} instead."
            )
    return [int(width) for width in widths]


def require_room(sizes: list[int], hidden: Any) -> None:
    """Raise ValueError where the network would have more weights than can be counted."""
    weights = sum(prod((fan_in + 1, fan_out)) for fan_in, fan_out in pairwise(sizes))
    if weights > MOST_WEIGHTS:
        raise ValueError(
            f"hidden_layer_sizes={hidden!r} on {sizes[0]} columns makes {weights:,} weights; "
            f"MLPClassifier takes {MOST_WEIGHTS:,} at most. Give smaller layers."
        )


def batch_rows(batch_size: int | str, n_rows: int) -> int:
    """Rows a step: 200 where it is left to us, and never more than there are."""
    return min(200 if isinstance(batch_size, str) else int(batch_size), n_rows)


def callbacks_of(callbacks: Any) -> list[Callback]:
    """The callbacks as a list.

    Raises
    ------
    ValueError
        Where one cannot be called.
    """
    if callbacks is None:
        return []
    given = [callbacks] if callable(callbacks) else list(callbacks)
    for each in given:
        if not callable(each):
            raise ValueError(
                "The 'callbacks' parameter of MLPClassifier must hold functions of an epoch. "
                f"Got {each!r} among them instead."
            )
    return given


def optimizer_for(model: Any) -> Optimizer:
    """The optimizer that the model's parameters describe."""
    return OPTIMIZERS[model.solver](model)


def _moments(model: Any) -> tuple[float, float, float]:
    return float(model.beta_1), float(model.beta_2), float(model.epsilon)
