"""The network's loss and gradient over some rows, in buffers of a block of rows.

The weights are one flat array, layer after layer: the coefficients, shape (fan_in, fan_out) in
C order, then the intercepts. A block's activations stand in one flat array too, one layer
after the other, each with room for BLOCK rows; so do the deltas.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pipelines.estimators.kernels.compiled import compiled
from pipelines.estimators.kernels.inner import inner
from pipelines.estimators.kernels.losses import loss_rows
from pipelines.estimators.kernels.network_dropout import drop_out
from pipelines.estimators.kernels.network_layers import (
    IDENTITY,
    activate,
    backpropagate,
    column_sums,
)

__all__ = ["BLOCK", "Rows", "Shape", "Space", "rows_gradient", "share_gradient"]

# Rows whose activations are held at a time; enough for a product to run at full speed.
BLOCK = 256


class Rows(NamedTuple):
    """The training rows and the order in which they are read.

    X is C-contiguous and marked read-only, y are class codes, weights may be empty for ones;
    `order` holds row numbers.
    """

    X: Any
    y: Any
    weights: Any
    order: Any


class Shape(NamedTuple):
    """The network: widths of all layers, codes of activation and loss, dropout's share."""

    sizes: Any
    activation: int
    loss: int
    dropout: float


class Space(NamedTuple):
    """The buffers of one share of a batch after the other, each a row of these arrays.

    gradient and extra have the size of the weights, activations and deltas BLOCK rows of all
    layers; labels and weights have BLOCK elements.
    """

    gradient: Any
    extra: Any
    activations: Any
    deltas: Any
    labels: Any
    weights: Any


@compiled
def rows_gradient(
    rows: Any, shape: Any, space: Any, share: int, w: Any, begin: int, end: int, seed: Any, row: int
) -> float:
    """`share_gradient`, for Python to call."""
    return share_gradient(rows, shape, space, share, w, begin, end, seed, row)


@inner
def share_gradient(
    rows: Any, shape: Any, space: Any, share: int, w: Any, begin: int, end: int, seed: Any, row: int
) -> float:
    """Σᵢ sᵢ ℓᵢ over the rows order[begin:end]; space.gradient[share] ← its gradient by w.

    `seed`, and `row`, the number in the epoch of the row at `begin`, say which units
    dropout keeps.
    """
    gradient, extra = space.gradient[share], space.extra[share]
    if begin >= end:
        gradient[:] = 0
    total = 0.0
    for start in range(begin, end, BLOCK):
        n = min(BLOCK, end - start)
        gather(rows, space, share, start, n)
        forward(shape, space.activations[share], w, n, seed, row + start - begin)
        raw = layer_rows(space.activations[share], shape.sizes, len(shape.sizes) - 1, n)
        slopes = layer_rows(space.deltas[share], shape.sizes, len(shape.sizes) - 1, n)
        weights = space.weights[share][: n if len(rows.weights) else 0]
        total += loss_rows(shape.loss, space.labels[share][:n], weights, raw, slopes)
        part = gradient if start == begin else extra
        backward(shape, space, share, w, part, n, seed, row + start - begin)
        if start > begin:
            for j in range(gradient.size):
                gradient[j] += extra[j]
    return total


@inner
def layer_rows(flat: Any, sizes: Any, layer: int, n: int) -> Any:
    """The view of one layer's n rows, shape (n, width)."""
    start = 0
    for below in range(layer):
        start += BLOCK * sizes[below]
    return flat[start : start + n * sizes[layer]].reshape(n, sizes[layer])


@inner
def gather(rows: Any, space: Any, share: int, start: int, n: int) -> None:
    """Copy the n rows from order[start] on, their labels and their weights into the buffers."""
    width = rows.X.shape[1]
    picked = space.activations[share]
    labels, weights = space.labels[share], space.weights[share]
    for i in range(n):
        row = rows.order[start + i]
        source, target = rows.X[row], picked[i * width : (i + 1) * width]
        for j in range(width):
            target[j] = source[j]
        labels[i] = rows.y[row]
        if len(rows.weights):
            weights[i] = rows.weights[row]


@inner
def forward(shape: Any, activations: Any, w: Any, n: int, seed: Any, row: int) -> None:
    """The activations of all layers for the n rows that stand in the first."""
    sizes, last, start, units = shape.sizes, len(shape.sizes) - 1, 0, hidden_units(shape.sizes)
    first = row * units
    for layer in range(last):
        fan_in, fan_out = sizes[layer], sizes[layer + 1]
        middle = start + fan_in * fan_out
        below = layer_rows(activations, sizes, layer, n)
        above = layer_rows(activations, sizes, layer + 1, n)
        np.dot(below, w[start:middle].reshape(fan_in, fan_out), above)
        hidden = layer + 1 < last
        activate(shape.activation if hidden else IDENTITY, above, w[middle : middle + fan_out])
        if hidden and shape.dropout > 0:
            drop_out(above, shape.dropout, seed, first)
            first += n * fan_out
        start = middle + fan_out


@inner
def backward(
    shape: Any, space: Any, share: int, w: Any, gradient: Any, n: int, seed: Any, row: int
) -> None:
    """The gradient by all weights, from the activations and the last layer's deltas."""
    sizes, end = shape.sizes, w.size
    activations, deltas = space.activations[share], space.deltas[share]
    first = row * hidden_units(sizes) + n * hidden_units(sizes)
    for layer in range(len(sizes) - 2, -1, -1):
        fan_in, fan_out = sizes[layer], sizes[layer + 1]
        middle = end - fan_out
        start = middle - fan_in * fan_out
        below = layer_rows(activations, sizes, layer, n)
        delta = layer_rows(deltas, sizes, layer + 1, n)
        np.dot(below.T, delta, gradient[start:middle].reshape(fan_in, fan_out))
        column_sums(delta, gradient[middle:end])
        if layer > 0:
            W = w[start:middle].reshape(fan_in, fan_out)
            delta_below = layer_rows(deltas, sizes, layer, n)
            np.dot(delta, W.T, delta_below)
            if shape.dropout > 0:
                first -= n * fan_in
                drop_out(delta_below, shape.dropout, seed, first)
            backpropagate(shape.activation, below, delta_below, 1.0 - shape.dropout)
        end = start


@inner
def hidden_units(sizes: Any) -> int:
    """Units of all hidden layers."""
    units = 0
    for layer in range(1, len(sizes) - 1):
        units += sizes[layer]
    return units
