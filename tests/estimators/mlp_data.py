"""Rows for the tests of MLPClassifier."""

from __future__ import annotations

import numpy as np


def scaled(load, dtype=np.float64):
    """A data set of scikit-learn's with centred columns of standard deviation 1."""
    X, y = load(return_X_y=True)
    return ((X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-3)).astype(dtype), y


def blobs(n=200, d=5, classes=3, dtype=np.float64, seed=0):
    """Overlapping normal clouds, one a class."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return (random.normal(size=(n, d)) + y[:, None] * random.normal(size=d)).astype(dtype), y
