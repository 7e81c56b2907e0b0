"""The network's kernels once more, in plain NumPy, one formula a line."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import expit

ACTIVATIONS = {
    "identity": (lambda z: z, lambda z: np.ones_like(z)),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "logistic": (expit, lambda z: expit(z) * expit(-z)),
}
MASK = 2**64 - 1


def layers(w, sizes):
    """The coefficients and intercepts of each layer in the flat weights."""
    start = 0
    for fan_in, fan_out in pairwise(sizes):
        middle = start + fan_in * fan_out
        yield w[start:middle].reshape(fan_in, fan_out), w[middle : middle + fan_out]
        start = middle + fan_out


def kept(seed, unit, share):
    """Whether dropout keeps a unit: SplitMix64's output number `unit`, its upper 24 bits."""
    z = (seed + unit * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 40) >= int(share * 2**24)


def masks(sizes, n, share, seed, row):
    """What each hidden layer of n rows, the first one number `row`, is multiplied by."""
    unit, all_masks = row * sum(sizes[1:-1]), []
    for width in sizes[1:-1]:
        keeps = [kept(seed, unit + each, share) for each in range(n * width)]
        all_masks.append(np.reshape(keeps, (n, width)) / (1 - share))
        unit += n * width
    return all_masks


def loss_and_gradient(loss, sizes, activation, w, X, y, s, factors=None):
    """Σ s ℓ over the rows and its gradient by the flat weights; `factors` are dropout's."""
    f, slope = ACTIVATIONS[activation]
    matrices = list(layers(w, sizes))
    a, z = [X], []
    for number, (W, b) in enumerate(matrices, start=1):
        z.append(a[-1] @ W + b)
        hidden = number < len(matrices)
        out = f(z[-1]) if hidden else z[-1]
        a.append(out * factors[number - 1] if hidden and factors else out)
    losses, delta = loss.value_and_gradient(y, a[-1])
    delta = delta * s[:, None]
    gradient = []
    for number in range(len(matrices) - 1, -1, -1):
        gradient = [(a[number].T @ delta).ravel(), delta.sum(axis=0), *gradient]
        if number:
            delta = delta @ matrices[number][0].T * slope(z[number - 1])
            delta = delta * factors[number - 1] if factors else delta
    return (losses * s).sum(), np.concatenate(gradient)


def penalised(w, sizes):
    """The weights with zeros for the intercepts, which have no penalty."""
    parts = [(W.ravel(), 0 * b) for W, b in layers(w, sizes)]
    return np.concatenate([each for pair in parts for each in pair])


def descent(network, loss, optimizer, X, y, s, order, batch_size, rates, clip=np.inf, seed=None):
    """The weights after an epoch, and the objective's mean over it."""
    sizes, w = network.sizes, network.weights.astype(float)
    first, second = np.zeros_like(w), np.zeros_like(w)
    c = (*optimizer.constants(), 0.0, 0.0)
    steps, decays = optimizer.rates(rates, 0), optimizer.decays(rates)
    whole, total = 0.0, 0.0
    for step, start in enumerate(range(0, len(order), batch_size)):
        rows = order[start : start + batch_size]
        S = s[rows].sum()
        factors = None
        if seed is not None:
            factors = masks(sizes, len(rows), network.shape.dropout, seed, start)
        loss_sum, g = loss_and_gradient(
            loss, sizes, network.activation, w, X[rows], y[rows], s[rows], factors
        )
        coefs = penalised(w, sizes)
        whole += loss_sum + network.alpha / 2 * (coefs**2).sum()
        total += S
        g = (g + network.alpha * coefs) / S
        g *= min(1.0, clip / np.linalg.norm(g))
        w = w - decays[step] * coefs
        w, first, second = type(optimizer).rule(w, g, first, second, steps[step], c)
    return w, whole / total
