"""The multilayer perceptron by ours and scikit-learn, and what all contenders share.

One hidden layer of relu units, Adam with its usual constants, batches of 256 with the short
last one kept, rows shuffled in every epoch, weights and biases drawn as scikit-learn draws
them, its L2 penalty of alpha / (2 · batch) times the squared weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from benchmarks.training.data import Table
from benchmarks.training.race import Contender

__all__ = [
    "ALPHA",
    "BATCH",
    "RATE",
    "Layers",
    "Quality",
    "initial",
    "judged",
    "ours",
    "scikit_learn",
]

BATCH, RATE, ALPHA = 256, 1e-3, 1e-4
Layers = list[tuple[NDArray[Any], NDArray[Any]]]


class Quality(NamedTuple):
    """The mean log loss over the training rows and the share of test rows that are right."""

    loss: float
    accuracy: float


def initial(widths: list[int], seed: int) -> Layers:
    """Glorot's uniform draw, ±√(6 / (fan_in + fan_out)), as scikit-learn's for relu."""
    rng = np.random.default_rng(seed)
    layers = []
    for fan_in, fan_out in pairwise(widths):
        bound = np.sqrt(6 / (fan_in + fan_out))
        W = rng.uniform(-bound, bound, (fan_in, fan_out)).astype(np.float32)
        layers.append((W, rng.uniform(-bound, bound, fan_out).astype(np.float32)))
    return layers


def judged(layers: Layers, table: Table) -> Quality:
    """The quality of a network's layers, computed here in float64 for every library alike."""
    raw = _raw(layers, table.X)
    if raw.shape[1] == 1:
        losses = np.logaddexp(0, raw[:, 0]) - table.y * raw[:, 0]
        right = (_raw(layers, table.X_test)[:, 0] > 0) == table.y_test
    else:
        losses = logsumexp(raw, axis=1) - raw[np.arange(len(raw)), table.y]
        right = _raw(layers, table.X_test).argmax(axis=1) == table.y_test
    return Quality(float(losses.mean()), float(right.mean()))


def _raw(layers: Layers, X: NDArray[Any]) -> NDArray[np.float64]:
    out = np.asarray(X, np.float64)
    for number, (W, b) in enumerate(layers):
        out = out @ np.asarray(W, np.float64) + np.asarray(b, np.float64)
        if number < len(layers) - 1:
            np.maximum(out, 0, out=out)
    return out


def _fit(classifier: Any, table: Table, hidden: int) -> Callable[[int, int], Layers]:
    def fit(epochs: int, seed: int) -> Layers:
        model = classifier(
            (hidden,),
            batch_size=BATCH,
            learning_rate_init=RATE,
            alpha=ALPHA,
            max_iter=epochs,
            n_iter_no_change=epochs + 1,
            tol=0.0,
            random_state=seed,
        ).fit(table.X, table.y)
        return list(zip(model.coefs_, model.intercepts_, strict=True))

    return fit


def ours(table: Table, hidden: int) -> Iterator[Contender]:
    """MLPClassifier."""
    from pipelines.estimators import MLPClassifier

    yield Contender("ours", "numba", _fit(MLPClassifier, table, hidden))


def scikit_learn(table: Table, hidden: int, times: float) -> Iterator[Contender]:
    """scikit-learn's MLPClassifier."""
    from sklearn.neural_network import MLPClassifier

    yield Contender("scikit-learn", "scikit-learn", _fit(MLPClassifier, table, hidden), times)
