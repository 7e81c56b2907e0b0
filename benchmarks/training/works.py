"""The works of the training table: what is done, by whom, and how much faster ours should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.training import data, linear, linear_autodiff, networks, networks_autodiff
from benchmarks.training.data import Table
from benchmarks.training.race import Contender

__all__ = ["WORKS", "Work"]

# Each gives one contender when it is asked for, or none where its library is missing.
Contenders = Sequence[Iterator[Contender]]


@dataclass(frozen=True)
class Work:
    """One row of the training table.

    Attributes
    ----------
    name : str
        For the command line.
    heading : str
    load : callable
        The table; True asks for the short form's.
    contenders : callable
        Ours first.
    target : str
        In words.
    within : float or None
        How near to the optimum a convex fit must end; None where the second contender's own
        end is the goal.
    hidden : int or None
        Width of the network's hidden layer; None for a convex problem.
    epochs : int
        Of a network.
    """

    name: str
    heading: str
    load: Callable[[bool], Table]
    contenders: Callable[[Table], Contenders]
    target: str
    within: float | None = None
    hidden: int | None = None
    epochs: int = 0


def _once(makers: Iterator[Contender]) -> Iterator[Contender]:
    """The contender with one fit in search of its tolerance, for a fit takes a minute or more."""
    for contender in makers:
        yield replace(contender, tries=1)


def _fashion(t: Table) -> Contenders:
    return [
        linear.ours(t.X, t.y, start=1e-4),
        linear.scikit_learn(t.X, t.y, "lbfgs", 20, start=1e-4),
        # It ends alike for every tolerance.
        _once(linear.intelex(t.X, t.y, 1, start=1.0)),
        _once(linear_autodiff.jax_lbfgs(t.X, t.y, 1, start=3e-5)),
        _once(linear_autodiff.torch_lbfgs(t.X, t.y, 1, start=1e-4, long_only=True)),
    ]


def _binary(t: Table) -> Contenders:
    X, y, times, wide = t.X, t.y, 1.5, t.X.astype(np.float64)
    return [
        linear.ours(X, y, start=1e-4),
        linear.scikit_learn(X, y, "lbfgs", times, start=1e-5),
        linear.scikit_learn(X, y, "newton-cholesky", times, start=1e-3),
        linear.scikit_learn(X, y, "newton-cg", times, start=1e-4),
        linear.scikit_learn(X, y, "liblinear", times, start=3e-4, long_only=True),
        linear.scikit_learn(X, y, "saga", times, start=1e-4, long_only=True),
        linear.intelex(X, y, times, start=1e-3),
        linear.intelex(wide, y, times, "dense float64", start=1e-4),
        linear.glum(X, y, times, start=1e-3),
        linear_autodiff.jax_lbfgs(X, y, times, start=3e-5),
        linear_autodiff.torch_lbfgs(X, y, times, start=3e-5),
    ]


def _adult(t: Table) -> Contenders:
    X, S, y, wide = t.X, t.sparse, t.y, t.X.astype(np.float64)
    return [
        linear.ours(X, y, start=1e-6),
        linear.ours(S, y, "sparse", start=1e-6),
        linear.scikit_learn(X, y, "lbfgs", 20, start=1e-5),
        linear.scikit_learn(wide, y, "lbfgs", 20, "dense float64", start=1e-6, long_only=True),
        linear.scikit_learn(S, y, "lbfgs", 2, "sparse", start=1e-5),
        linear.scikit_learn(X, y, "newton-cholesky", 2, start=1e-4),
        linear.scikit_learn(S, y, "newton-cholesky", 2, "sparse", start=1e-4),
        linear.scikit_learn(X, y, "newton-cg", 2, start=3e-6),
        linear.scikit_learn(S, y, "newton-cg", 2, "sparse", start=3e-6),
        linear.scikit_learn(S, y, "liblinear", 2, "sparse", start=1e-6),
        linear.scikit_learn(X, y, "saga", 2, start=1e-4, long_only=True),
        linear.intelex(X, y, 2, start=1e-3),
        linear.intelex(wide, y, 2, "dense float64", start=1e-6),
        linear.intelex(S, y, 2, "sparse", start=1e-5),
        linear.glum(X, y, 2, start=3e-4),
        linear.glum(S, y, 2, "sparse", start=3e-5),
        linear_autodiff.jax_lbfgs(X, y, 2, start=1e-6),
        linear_autodiff.jax_lbfgs(wide, y, 2, "dense float64", start=1e-6),
        linear_autodiff.torch_lbfgs(X, y, 2, start=1e-6, long_only=True),
    ]


def _text(t: Table) -> Contenders:
    X, y = t.X, t.y
    return [
        linear.ours(X, y, "sparse", start=1e-6),
        linear.scikit_learn(X, y, "lbfgs", 2, "sparse", start=3e-6),
        linear.scikit_learn(X, y, "newton-cg", 2, "sparse", start=1e-5),
        linear.scikit_learn(X, y, "liblinear", 2, "sparse", start=1e-3, long_only=True),
        _once(linear.scikit_learn(X, y, "saga", 2, "sparse", start=1e-3, long_only=True)),
        linear.intelex(X, y, 2, "sparse", start=3e-6),
    ]


def _networks(hidden: int, *times: float) -> Callable[[Table], Contenders]:
    def contenders(t: Table) -> Contenders:
        return [
            networks.ours(t, hidden),
            networks.scikit_learn(t, hidden, times[0]),
            networks_autodiff.torch_eager(t, hidden, times[1]),
            networks_autodiff.torch_eager(t, hidden, times[1], threads=1),
            networks_autodiff.jax_scan(t, hidden, times[2]),
            networks_autodiff.keras_fit(t, hidden, 1),
        ]

    return contenders


def _sized(make: Callable[..., Table], full: Sequence[Any], short: Sequence[Any]) -> Any:
    return lambda is_short: make(*(short if is_short else full))


WORKS = (
    Work(
        "fashion",
        "Multinomial logistic regression, Fashion-MNIST, float32, C = 1",
        _sized(data.fashion, [60_000], [2_000]),
        _fashion,
        "20 × scikit-learn, and ahead of every peer",
    ),
    Work(
        "binary",
        "Binary logistic regression, generated, dense float32, C = 1",
        _sized(data.correlated, [500_000, 50], [50_000, 50]),
        _binary,
        "1.5 × the fastest peer",
        within=1e-8,
    ),
    Work(
        "adult",
        "Binary logistic regression, Adult, scaled and one-hot, float32, C = 1",
        _sized(data.adult, [45_222], [5_000]),
        _adult,
        "2 × the fastest peer on the same form of the rows, 20 × scikit-learn's default on dense",
        within=1e-8,
    ),
    Work(
        "text",
        "Binary logistic regression, generated like text, CSR float32, C = 1",
        _sized(data.text_like, [100_000, 50_000], [10_000, 5_000]),
        _text,
        "2 × the fastest peer",
        within=1e-6,
    ),
    Work(
        "small_mlp",
        "MLP 23-32-1, generated, batch 256, Adam",
        _sized(data.teacher, [30_000], [10_000]),
        _networks(32, 10, 20, 2),
        "10 × scikit-learn, 20 × torch, 2 × JAX, ahead of Keras",
        hidden=32,
        epochs=20,
    ),
    Work(
        "fashion_mlp",
        "MLP 784-128-10, Fashion-MNIST, batch 256, Adam",
        _sized(data.fashion, [60_000], [6_000]),
        _networks(128, 3, 1.5, 1.1),
        "3 × scikit-learn, 1.5 × torch, 1.1 × JAX, ahead of Keras",
        hidden=128,
        epochs=8,
    ),
)
