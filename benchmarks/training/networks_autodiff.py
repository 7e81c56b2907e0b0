"""The multilayer perceptron as one writes it in torch, JAX and Keras."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.training.data import Table
from benchmarks.training.networks import ALPHA, BATCH, RATE, Layers, initial
from benchmarks.training.race import Contender, installed

__all__ = ["jax_scan", "keras_fit", "torch_eager"]


def _widths(table: Table, hidden: int) -> list[int]:
    return [table.X.shape[1], hidden, 1 if table.n_classes == 2 else table.n_classes]


def torch_eager(
    table: Table, hidden: int, times: float, threads: int | None = None
) -> Iterator[Contender]:
    """Eager torch with its fused Adam, on its own choice of threads or the given number."""
    if not installed("torch"):
        return
    import torch
    from torch import nn

    widths = _widths(table, hidden)
    X, labels = torch.from_numpy(table.X), torch.from_numpy(table.y)
    y = labels.float()[:, None] if widths[-1] == 1 else labels
    loss = nn.BCEWithLogitsLoss() if widths[-1] == 1 else nn.CrossEntropyLoss()

    def fit(epochs: int, seed: int) -> Layers:
        before = torch.get_num_threads()
        torch.set_num_threads(threads or before)
        try:
            return train(epochs, seed)
        finally:
            torch.set_num_threads(before)

    def train(epochs: int, seed: int) -> Layers:
        generator = torch.Generator().manual_seed(seed)
        dense = [nn.Linear(*pair) for pair in pairwise(widths)]
        with torch.no_grad():
            for layer, (W, b) in zip(dense, initial(widths, seed), strict=True):
                layer.weight.copy_(torch.from_numpy(W.T))
                layer.bias.copy_(torch.from_numpy(b))
        model = nn.Sequential(dense[0], nn.ReLU(), dense[1])
        groups = [
            {"params": [layer.weight for layer in dense], "weight_decay": ALPHA / BATCH},
            {"params": [layer.bias for layer in dense]},
        ]
        adam = torch.optim.Adam(groups, lr=RATE, fused=True)
        for _ in range(epochs):
            order = torch.randperm(len(X), generator=generator)
            for rows in order.split(BATCH):
                adam.zero_grad()
                loss(model(X[rows]), y[rows]).backward()
                adam.step()
        return [
            (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
            for layer in dense
        ]

    name = "torch, eager" + (f", {threads} thread" if threads else "")
    yield Contender(name, "torch", fit, times)


def _jax_epoch(widths: list[int]) -> Any:
    """The compiled epoch: one scan over the whole batches, then the short last one."""
    import jax
    import jax.numpy as jnp

    f32 = jnp.float32

    def objective(layers: Any, X: Any, y: Any) -> Any:
        (W1, b1), (W2, b2) = layers
        raw = jax.nn.relu(X @ W1 + b1) @ W2 + b2
        if widths[-1] == 1:
            losses = jax.nn.softplus(raw[:, 0]) - y * raw[:, 0]
        else:
            chosen = jnp.take_along_axis(raw, y[:, None], axis=1)[:, 0]
            losses = jax.nn.logsumexp(raw, axis=1) - chosen
        return losses.mean() + f32(ALPHA / 2 / BATCH) * ((W1**2).sum() + (W2**2).sum())

    def step(state: Any, rows: Any, X: Any, y: Any) -> Any:
        layers, m, v, t = state
        t = t + 1
        gradient = jax.grad(objective)(layers, X[rows], y[rows])
        tree = jax.tree_util.tree_map
        m = tree(lambda m, g: f32(0.9) * m + f32(0.1) * g, m, gradient)
        v = tree(lambda v, g: f32(0.999) * v + f32(0.001) * g * g, v, gradient)
        rate = f32(RATE) * jnp.sqrt(1 - f32(0.999) ** t) / (1 - f32(0.9) ** t)
        move = tree(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + f32(1e-8)), layers, m, v)
        return move, m, v, t

    @jax.jit
    def epoch(state: Any, order: Any, X: Any, y: Any) -> Any:
        whole = len(order) // BATCH * BATCH
        batches = order[:whole].reshape(-1, BATCH)
        state, _ = jax.lax.scan(lambda s, rows: (step(s, rows, X, y), None), state, batches)
        return step(state, order[whole:], X, y) if whole < len(order) else state

    return epoch


def jax_scan(table: Table, hidden: int, times: float) -> Iterator[Contender]:
    """JAX with one compiled scan an epoch."""
    if not installed("jax"):
        return
    import jax
    import jax.numpy as jnp

    widths = _widths(table, hidden)
    epoch = _jax_epoch(widths)
    X, y = jnp.asarray(table.X), jnp.asarray(table.y.astype(np.int32))
    jax.block_until_ready((X, y))

    def fit(epochs: int, seed: int) -> Layers:
        rng = np.random.default_rng(seed)
        layers = [(jnp.asarray(W), jnp.asarray(b)) for W, b in initial(widths, seed)]
        zeros = jax.tree_util.tree_map(jnp.zeros_like, layers)
        state = (layers, zeros, zeros, jnp.float32(0))
        for _ in range(epochs):
            order = rng.permutation(len(table.y)).astype(np.int32)
            state = epoch(state, jnp.asarray(order), X, y)
        return [(np.asarray(W), np.asarray(b)) for W, b in state[0]]

    yield Contender("JAX, one scan an epoch", "jax", fit, times, compile=lambda: fit(1, 0))


def keras_fit(table: Table, hidden: int, times: float) -> Iterator[Contender]:
    """Keras' own `fit`, on the JAX backend where that is installed, else on torch's."""
    backends = [name for name in ("jax", "torch") if installed(name)]
    if not installed("keras") or not backends:
        return
    os.environ.setdefault("KERAS_BACKEND", backends[0])
    import keras

    widths = _widths(table, hidden)
    l2 = keras.regularizers.L2(ALPHA / 2 / BATCH)
    model = keras.Sequential(
        [
            keras.Input((widths[0],)),
            keras.layers.Dense(hidden, activation="relu", kernel_regularizer=l2),
            keras.layers.Dense(widths[-1], kernel_regularizer=l2),
        ]
    )
    loss = (
        keras.losses.BinaryCrossentropy(from_logits=True)
        if widths[-1] == 1
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    # One model throughout: a new one would compile its step again.
    model.compile(keras.optimizers.Adam(RATE, epsilon=1e-8), loss)

    def fit(epochs: int, seed: int) -> Layers:
        keras.utils.set_random_seed(seed)
        model.set_weights([array for layer in initial(widths, seed) for array in layer])
        for variable in model.optimizer.variables:
            if variable is not model.optimizer._learning_rate:
                variable.assign(np.zeros(variable.shape, variable.dtype))
        model.fit(table.X, table.y, batch_size=BATCH, epochs=epochs, verbose=0)
        flat = model.get_weights()
        return list(zip(flat[::2], flat[1::2], strict=True))

    name = f"Keras, {os.environ['KERAS_BACKEND']} backend"
    yield Contender(name, "keras", fit, times, compile=lambda: fit(1, 0))
