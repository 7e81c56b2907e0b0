"""Isotonic regression of the labels on the log odds, one a class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from pipelines.estimators.calibration.scores import (
    STEEPEST,
    Floats,
    log_odds,
    one_vs_rest,
    smoothed_targets,
)

__all__ = ["Isotonic", "fit_isotonic"]

# The steepest rise is this over the scores' standard deviation, but 1 at least: wide scores are
# large ones, which float32 moves by up to some 1e-6.
RISE, FLATTEST = 2.0, 1.0


@dataclass(frozen=True)
class Isotonic:
    """q(s), a rising function of the log odds of one class against the rest.

    Linear between its knots, constant outside.

    Attributes
    ----------
    knots, values : list of ndarray of float64, shape (n_knots,)
        One of each for two classes, else one a class.
    """

    knots: list[Floats]
    values: list[Floats]

    def __call__(self, P: NDArray[Any]) -> Floats:
        """The calibrated probabilities, shape (n, K)."""
        curves = zip(log_odds(P).T, self.knots, self.values, strict=True)
        return one_vs_rest(np.stack([np.interp(s, x, q) for s, x, q in curves], axis=1))

    def numbers(self) -> dict[str, Any]:
        """What was fitted, in short."""
        return {"knots": [len(knots) for knots in self.knots]}

    def __str__(self) -> str:
        counts = ", ".join(str(len(knots)) for knots in self.knots)
        return f"isotonic with {counts} knots"


@dataclass(frozen=True)
class Block:
    """Neighbouring scores that share one value: their weight, value, mean, first and last."""

    weight: float
    value: float
    mean: float
    first: float
    last: float

    def joined(self, other: Block) -> Block:
        """Both as one, each counting by its weight."""
        weight = self.weight + other.weight
        share = other.weight / weight
        return Block(
            weight,
            self.value + share * (other.value - self.value),
            self.mean + share * (other.mean - self.mean),
            self.first,
            other.last,
        )


def fit_isotonic(P: NDArray[Any], codes: NDArray[Any]) -> Isotonic:
    """The isotonic regressions of Platt's smoothed targets, their steps made into ramps.

    Smoothing moves every value by the same rising line, so the regression is that of the
    labels. A step would give rows at its edge another answer in float32; it becomes a ramp
    that rises by 2 / (standard deviation of the scores) per unit at most, between the two
    blocks' mean scores, and blocks too close for that are pooled.

    Source: Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass
    probability estimates", 2002, sections 3 and 4.
    """
    scores = log_odds(P)
    classes = [1] if scores.shape[1] == 1 else range(scores.shape[1])
    curves = [_curve(s, codes == k) for s, k in zip(scores.T, classes, strict=True)]
    return Isotonic([knots for knots, _ in curves], [values for _, values in curves])


def _curve(s: Floats, positive: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The knots and values of one class."""
    spread = float(s.std())
    steepest = min(max(RISE / spread, FLATTEST), STEEPEST) if spread > 0 else FLATTEST
    return _ramps(_pooled(_blocks(s, smoothed_targets(positive)), steepest), steepest)


def _blocks(s: Floats, targets: Floats) -> list[Block]:
    """The blocks of the isotonic regression, in the order of the scores."""
    x, inverse, counts = np.unique(s, return_inverse=True, return_counts=True)
    weights = counts.astype(np.float64)
    means = np.bincount(inverse, targets) / weights
    found = isotonic_regression(means, weights=weights)
    starts, ends = found.blocks[:-1], found.blocks[1:] - 1
    masses = np.add.reduceat(weights, starts)
    centres = np.add.reduceat(weights * x, starts) / masses
    columns = (masses, found.x[starts], centres, x[starts], x[ends])
    return [Block(*map(float, row)) for row in zip(*columns, strict=True)]


def _pooled(blocks: Iterable[Block], steepest: float) -> list[Block]:
    """The blocks, those pooled between whose means no ramp of this rise has room."""
    kept: list[Block] = []
    for each in blocks:
        block = each
        while kept and block.value - kept[-1].value > steepest * (block.mean - kept[-1].mean):
            block = kept.pop().joined(block)
        kept.append(block)
    return kept


def _ramps(blocks: list[Block], steepest: float) -> tuple[Floats, Floats]:
    """Knots and values: each block flat, and between two a line from one to the other."""
    if len(blocks) == 1:
        return np.array([blocks[0].mean]), np.array([blocks[0].value])
    knots, values = [], []
    for lower, upper in pairwise(blocks):
        width = (upper.value - lower.value) / steepest
        start, end = lower.last, upper.first
        if end - start < width:
            middle = (start + end) / 2
            start = min(max(middle - width / 2, lower.mean), upper.mean - width)
            end = start + width
        knots += [start, end]
        values += [lower.value, upper.value]
    return np.array(knots), np.array(values)
