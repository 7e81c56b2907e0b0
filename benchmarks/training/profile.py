"""Where a network's epoch goes: its parts alone, at its own shapes, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.training.data import Table

__all__ = ["told"]

BATCH = 256
RUNS = 5


def told(table: Table, hidden: int, epoch: float) -> str:
    """The profile of an epoch that takes `epoch` seconds, in a sentence."""
    outputs = 1 if table.n_classes == 2 else table.n_classes
    parts = {
        "the matrix products alone": _products(table.X, hidden, outputs),
        "drawing the order and gathering the rows": _gathering(table.X),
        "Adam's rule over all weights": _updates(table.X, hidden, outputs),
    }
    cells = [f"{what} {seconds * 1e3:.3g} ms" for what, seconds in parts.items()]
    rest = epoch - sum(parts.values())
    return (
        f"Of our {epoch * 1e3:.3g} ms an epoch, each part by itself on all cores: "
        f"{', '.join(cells)}; for activations, loss, sums and the threads' meetings that leaves "
        f"{max(rest, 0.0) * 1e3:.3g} ms."
    )


def _best(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _products(X: Any, hidden: int, outputs: int) -> float:
    """The five products of every batch, by the BLAS that compiled code calls."""
    from numba import njit

    rng = np.random.default_rng(0)
    rows, features = X.shape
    batch = np.ascontiguousarray(X[:BATCH])
    W = rng.random((features, hidden), dtype=np.float32)
    V = rng.random((hidden, outputs), dtype=np.float32)
    a, z = np.empty((BATCH, hidden), np.float32), np.empty((BATCH, outputs), np.float32)
    gW, gV = np.empty_like(W), np.empty_like(V)

    @njit
    def epoch(steps: int, batch: Any, W: Any, V: Any, a: Any, z: Any, gW: Any, gV: Any) -> None:
        for _ in range(steps):
            np.dot(batch, W, a)
            np.dot(a, V, z)
            np.dot(a.T, z, gV)
            np.dot(z, V.T, a)
            np.dot(batch.T, a, gW)

    return _best(lambda: epoch(-(-rows // BATCH), batch, W, V, a, z, gW, gV))


def _gathering(X: Any) -> float:
    random = np.random.RandomState(0)
    order, batch = np.arange(len(X)), np.empty((BATCH, X.shape[1]), X.dtype)

    def epoch() -> None:
        random.shuffle(order)
        for start in range(0, len(X) - BATCH + 1, BATCH):
            np.take(X, order[start : start + BATCH], axis=0, out=batch, mode="clip")

    return _best(epoch)


def _updates(X: Any, hidden: int, outputs: int) -> float:
    from numba import njit

    count = (X.shape[1] + 1) * hidden + (hidden + 1) * outputs
    weights, slopes, mean, square = (np.ones(count, np.float32) for _ in range(4))

    @njit(fastmath=True)
    def epoch(steps: int, weights: Any, slopes: Any, mean: Any, square: Any) -> None:
        kept, held, rate = np.float32(0.9), np.float32(0.999), np.float32(1e-3)
        tiny, one = np.float32(1e-8), np.float32(1)
        for _ in range(steps):
            for i in range(weights.size):
                mean[i] = kept * mean[i] + (one - kept) * slopes[i]
                square[i] = held * square[i] + (one - held) * slopes[i] * slopes[i]
                weights[i] -= rate * mean[i] / (np.sqrt(square[i]) + tiny)

    return _best(lambda: epoch(-(-len(X) // BATCH), weights, slopes, mean, square))
