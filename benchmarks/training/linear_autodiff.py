"""Logistic regression as one writes it in JAX and torch: their gradient, SciPy's L-BFGS.

The products and the losses of rows are in the precision of X; sums over rows and the weights are
float64, without which the line search stops short of the quality asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks.training.linear import MOST, C, Fitted
from benchmarks.training.race import Contender, installed

__all__ = ["jax_lbfgs", "torch_lbfgs"]

Oracle = Callable[[Any], tuple[float, Any]]


def _lbfgs(oracle: Oracle, shape: tuple[int, int]) -> Callable[[float], Fitted]:
    """A fit by SciPy's L-BFGS, which stops at a gradient component of the tolerance."""

    def fit(tolerance: float) -> Fitted:
        found = minimize(
            oracle,
            np.zeros(shape[0] * shape[1]),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": MOST, "maxfun": MOST, "gtol": tolerance, "ftol": 1e-16},
        )
        W = found.x.reshape(shape)
        return Fitted(W[:-1].T, W[-1], int(found.nit))

    return fit


def _outputs(y: Any) -> int:
    classes = int(y.max()) + 1
    return 1 if classes == 2 else classes


def jax_lbfgs(
    X: Any, y: Any, times: float, form: str = "dense", start: float = 1e-5
) -> Iterator[Contender]:
    """One jitted value and gradient."""
    if not installed("jax"):
        return
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    n_rows, shape = X.shape[0], (X.shape[1] + 1, _outputs(y))
    rows, labels = jnp.asarray(X), jnp.asarray(y.astype(np.int32))
    jax.block_until_ready((rows, labels))
    penalty = 1 / (C * n_rows)

    @jax.jit
    @jax.value_and_grad
    def objective(weights: Any, rows: Any, labels: Any) -> Any:
        W = weights.reshape(shape)
        raw = rows @ W[:-1].astype(rows.dtype) + W[-1].astype(rows.dtype)
        if shape[1] == 1:
            losses = jax.nn.softplus(raw[:, 0]) - labels * raw[:, 0]
        else:
            chosen = jnp.take_along_axis(raw, labels[:, None], axis=1)[:, 0]
            losses = jax.nn.logsumexp(raw, axis=1) - chosen
        mean = losses.astype(jnp.float64).sum() / n_rows
        return mean + penalty / 2 * (W[:-1] ** 2).sum()

    def oracle(weights: Any) -> tuple[float, Any]:
        value, gradient = objective(weights, rows, labels)
        return float(value), np.asarray(gradient)

    yield Contender(
        f"JAX, SciPy's lbfgs, {form}",
        "jax",
        _lbfgs(oracle, shape),
        times,
        start,
        form,
        compile=lambda: oracle(np.zeros(shape[0] * shape[1])),
    )


def torch_lbfgs(
    X: Any, y: Any, times: float, start: float = 1e-5, long_only: bool = False
) -> Iterator[Contender]:
    """Eager, by autograd."""
    if not installed("torch"):
        return
    import torch
    from torch.nn import functional

    n_rows, shape = X.shape[0], (X.shape[1] + 1, _outputs(y))
    rows, labels = torch.from_numpy(X), torch.from_numpy(y)
    target = labels.float()
    penalty = 1 / (C * n_rows)

    def oracle(weights: Any) -> tuple[float, Any]:
        W = torch.from_numpy(weights).reshape(shape).requires_grad_()
        raw = torch.addmm(W[-1].float(), rows, W[:-1].float())
        if shape[1] == 1:
            losses = functional.binary_cross_entropy_with_logits(
                raw[:, 0], target, reduction="none"
            )
        else:
            losses = functional.cross_entropy(raw, labels, reduction="none")
        value = losses.double().sum() / n_rows + penalty / 2 * (W[:-1] ** 2).sum()
        value.backward()
        return value.item(), W.grad.numpy().ravel()

    yield Contender(
        "torch, SciPy's lbfgs, dense",
        "torch",
        _lbfgs(oracle, shape),
        times,
        start,
        long_only=long_only,
    )
