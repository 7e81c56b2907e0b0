"""A layer's activation and its derivative, in place, the intercept's sums with them."""

from __future__ import annotations

from typing import Any

from pipelines.estimators.kernels.elementary import sigmoid, tanh
from pipelines.estimators.kernels.inner import inner

__all__ = ["IDENTITY", "LOGISTIC", "RELU", "TANH", "activate", "backpropagate", "column_sums"]

IDENTITY, RELU, TANH, LOGISTIC = 0, 1, 2, 3


@inner
def activate(code: int, z: Any, b: Any) -> None:
    """Z ← f(z + b); shapes (n, width) and (width,)."""
    zero = z.dtype.type(0)
    for i in range(len(z)):
        row = z[i]
        for j in range(len(b)):
            total = row[j] + b[j]
            # Written so that NaN stays NaN.
            row[j] = zero if code == RELU and total < zero else total
    flat = z.reshape(-1)
    if code == TANH:
        for j in range(flat.size):
            flat[j] = tanh(flat[j])
    elif code == LOGISTIC:
        for j in range(flat.size):
            flat[j] = sigmoid(flat[j])


@inner
def backpropagate(code: int, a: Any, delta: Any, kept: float) -> None:
    """Delta ← delta · f′, with f′ written by the activation, which is kept · a.

    After dropout a is the activation over the share that is kept, or zero, and delta there
    is zero too.
    """
    one = a.dtype.type(1)
    zero = one - one
    share = a.dtype.type(kept)
    f, d = a.reshape(-1), delta.reshape(-1)
    if code == RELU:
        for j in range(f.size):
            d[j] = d[j] if f[j] > zero else zero
    elif code == TANH:
        for j in range(f.size):
            d[j] *= one - (share * f[j]) * (share * f[j])
    elif code == LOGISTIC:
        for j in range(f.size):
            d[j] *= (share * f[j]) * (one - share * f[j])


@inner
def column_sums(delta: Any, sums: Any) -> None:
    """Sums ← Σᵢ deltaᵢ."""
    if len(sums) == 1:
        # In a register; the loops below would go through memory for each row.
        flat = delta.reshape(-1)
        total = flat[0]
        for i in range(1, flat.size):
            total += flat[i]
        sums[0] = total
        return
    for j in range(len(sums)):
        sums[j] = delta[0, j]
    for i in range(1, len(delta)):
        row = delta[i]
        for j in range(len(sums)):
            sums[j] += row[j]
