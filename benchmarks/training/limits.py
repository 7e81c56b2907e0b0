"""What the machine could do at best: its rate of products and of reading, measured."""

from __future__ import annotations

import time
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import sparse

from benchmarks.training.data import Table

__all__ = ["Rates", "epoch_seconds", "pass_seconds", "rates"]


class Rates(NamedTuple):
    """Floating-point operations and bytes a second, both with all cores."""

    operations: float
    bytes: float

    def __str__(self) -> str:
        return f"{self.operations / 1e9:.0f} GFLOP/s and {self.bytes / 1e9:.0f} GB/s"


@cache
def rates() -> Rates:
    """The best of several float32 matrix products and of dot products longer than the cache."""
    rng = np.random.default_rng(0)
    A = rng.random((2048, 2048), dtype=np.float32)
    x = rng.random(2**26, dtype=np.float32)
    product, reading = [], []
    for _ in range(7):
        started = time.perf_counter()
        A @ A
        product.append(time.perf_counter() - started)
        started = time.perf_counter()
        x @ x
        reading.append(time.perf_counter() - started)
    return Rates(2 * 2048**3 / min(product), x.nbytes / min(reading))


def pass_seconds(table: Table) -> float:
    """One value and gradient of a convex problem: both products, and one reading of X."""
    X, of = table.X, rates()
    if sparse.issparse(X):
        return (X.data.nbytes + X.indices.nbytes) / of.bytes
    outputs = 1 if table.n_classes == 2 else table.n_classes
    return max(4 * X.size * outputs / of.operations, X.nbytes / of.bytes)


def epoch_seconds(table: Table, hidden: int) -> float:
    """One epoch's products: three a layer, but for the first no gradient by its input."""
    outputs = 1 if table.n_classes == 2 else table.n_classes
    weights = 4 * table.X.shape[1] * hidden + 6 * hidden * outputs
    return max(len(table.X) * weights / rates().operations, table.X.nbytes / rates().bytes)
