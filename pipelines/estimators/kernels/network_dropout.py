"""Dropout: which units stay, as a function of the unit's number and the epoch's seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.estimators.kernels.inner import inner

__all__ = ["drop_out"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S27, S30, S31, S40 = (np.uint64(bits) for bits in (27, 30, 31, 40))


@inner
def drop_out(layer: Any, share: float, seed: Any, first: int) -> None:
    """Layer ← layer · kept / (1 − share), each unit kept with probability 1 − share.

    Called again with the same numbers it keeps the same units, whatever thread calls: the
    backward pass needs no mask. The numbers are SplitMix64's (Steele, Lea and Flood, 2014),
    the unit's number its counter.

    Parameters
    ----------
    layer : ndarray of float32 or float64, C order
        Changed.
    share : float
        Of the units that are set to zero.
    seed : uint64
    first : int
        Number of the layer's first unit.
    """
    flat = layer.reshape(-1)
    factor = flat.dtype.type(1.0 / (1.0 - share))
    zero = flat.dtype.type(0)
    threshold = np.uint64(share * 2.0**24)
    for j in range(flat.size):
        z = seed + np.uint64(first + j) * GOLDEN
        z = (z ^ (z >> S30)) * FIRST
        z = (z ^ (z >> S27)) * SECOND
        z = (z ^ (z >> S31)) >> S40
        flat[j] = flat[j] * factor if z >= threshold else zero
