"""The rows' losses and their slopes by the raw predictions, summed and written in one pass.

The formulas and their stable forms stand in `pipelines.estimators.loss`; each loss there holds
its code. Raw predictions of any finite size give finite results.
"""

from __future__ import annotations

import math
from typing import Any

from pipelines.estimators.kernels.elementary import exp, log1p
from pipelines.estimators.kernels.inner import inner

__all__ = [
    "BINARY_LOG_LOSS",
    "BINARY_SQUARED_ERROR",
    "MULTINOMIAL_LOG_LOSS",
    "MULTINOMIAL_SQUARED_ERROR",
    "loss_rows",
]

BINARY_LOG_LOSS = 0
MULTINOMIAL_LOG_LOSS = 1
BINARY_SQUARED_ERROR = 2
MULTINOMIAL_SQUARED_ERROR = 3

# Rows whose exponentials are made in one go: a loop over the classes alone would be too short
# for vector registers; these rows stay in the first-level cache.
CHUNK = 64


@inner
def loss_rows(code: int, y: Any, weights: Any, raw: Any, slopes: Any) -> float:
    """Σᵢ sᵢ ℓ(yᵢ, rawᵢ), summed in float64; slopes ← sᵢ ∂ℓ/∂rawᵢ.

    Parameters
    ----------
    code : int
        Which loss: one of the constants above.
    y : ndarray of int, shape (n,)
        Class codes.
    weights : ndarray of float64, shape (n,) or (0,)
        The rows' weights s; empty for ones.
    raw : ndarray of float32 or float64, C order, shape (n, K)
    slopes : ndarray like raw
        Written. The loops vectorise only where it does not overlap `raw`.
    """
    if code == BINARY_LOG_LOSS:
        return binary_log_loss(y, weights, raw.reshape(-1), slopes.reshape(-1))
    if code == BINARY_SQUARED_ERROR:
        return binary_squared_error(y, weights, raw.reshape(-1), slopes.reshape(-1))
    total = 0.0
    for start in range(0, len(y), CHUNK):
        stop = min(start + CHUNK, len(y))
        codes, powers = y[start:stop], slopes[start:stop]
        chunk_weights = weights[start:stop] if len(weights) else weights
        distance = exponentials(codes, chunk_weights, raw[start:stop], powers)
        if code == MULTINOMIAL_LOG_LOSS:
            total += distance + multinomial_log_loss(codes, chunk_weights, powers)
        else:
            total += multinomial_squared_error(codes, chunk_weights, powers)
    return total


@inner
def binary_log_loss(y: Any, weights: Any, raw: Any, slopes: Any) -> float:
    """log(1 + eᵐ) and ±σ(m); m = ∓r, the margin on the wrong side."""
    one = raw.dtype.type(1)
    zero = raw.dtype.type(0)
    total = 0.0
    for i in range(len(y)):
        sign = -one if y[i] else one
        m = sign * raw[i]
        tail = exp(-abs(m))
        weight = raw.dtype.type(weights[i]) if len(weights) else one
        total += weight * (max(m, zero) + log1p(tail))
        slopes[i] = weight * sign * (one if m >= zero else tail) / (one + tail)
    return total


@inner
def binary_squared_error(y: Any, weights: Any, raw: Any, slopes: Any) -> float:
    """q² and ±2 q² (1 − q), q = σ(m) the probability of the wrong class."""
    one = raw.dtype.type(1)
    zero = raw.dtype.type(0)
    two = raw.dtype.type(2)
    total = 0.0
    for i in range(len(y)):
        sign = -one if y[i] else one
        m = sign * raw[i]
        tail = exp(-abs(m))
        wrong = (one if m >= zero else tail) / (one + tail)
        right = (tail if m >= zero else one) / (one + tail)
        weight = raw.dtype.type(weights[i]) if len(weights) else one
        total += weight * (wrong * wrong)
        slopes[i] = weight * sign * two * wrong * wrong * right
    return total


@inner
def exponentials(y: Any, weights: Any, raw: Any, powers: Any) -> float:
    """Σᵢ sᵢ (mᵢ − raw_y) in float64, m the row's maximum; powers ← exp(raw − m)."""
    distance = 0.0
    for i in range(len(y)):
        top = raw[i, 0]
        for k in range(1, raw.shape[1]):
            top = max(top, raw[i, k])
        weight = weights[i] if len(weights) else 1.0
        distance += weight * (float(top) - float(raw[i, y[i]]))
        for k in range(raw.shape[1]):
            powers[i, k] = raw[i, k] - top
    flat = powers.reshape(-1)
    for j in range(flat.size):
        flat[j] = exp(flat[j])
    return distance


@inner
def multinomial_log_loss(y: Any, weights: Any, powers: Any) -> float:
    """Σᵢ sᵢ log Σₖ powersᵢₖ; powers ← s (p − [k = y]), with p_y − 1 as minus the others' sum."""
    one = powers.dtype.type(1)
    total = 0.0
    for i in range(len(y)):
        label = y[i]
        others = one - one
        for k in range(powers.shape[1]):
            others += powers[i, k] if k != label else one - one
        whole = float(others) + float(powers[i, label])
        weight = weights[i] if len(weights) else 1.0
        total += weight * math.log(whole)
        factor = powers.dtype.type(weight / whole)
        for k in range(powers.shape[1]):
            powers[i, k] *= factor
        powers[i, label] = -others * factor
    return total


@inner
def multinomial_squared_error(y: Any, weights: Any, powers: Any) -> float:
    """½ Σₖ eₖ² with e = p − [k = y]; powers ← s pₖ (eₖ − Σⱼ eⱼ pⱼ)."""
    one = powers.dtype.type(1)
    half = powers.dtype.type(0.5)
    total = 0.0
    for i in range(len(y)):
        label = y[i]
        others = one - one
        squares = one - one
        for k in range(powers.shape[1]):
            power = powers[i, k] if k != label else one - one
            others += power
            squares += power * power
        share = one / (others + powers[i, label])
        missing = others * share
        squares *= share * share
        weight = powers.dtype.type(weights[i]) if len(weights) else one
        total += weight * (half * (squares + missing * missing))
        p_label = powers[i, label] * share
        mean = squares - missing * p_label
        for k in range(powers.shape[1]):
            p = powers[i, k] * share
            powers[i, k] = weight * p * (p - mean)
        powers[i, label] = -weight * p_label * (missing + mean)
    return total
