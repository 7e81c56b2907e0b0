"""Platt scaling: a sigmoid of the log odds, one a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from pipelines.estimators.calibration.scores import (
    STEEPEST,
    Floats,
    log_odds,
    one_vs_rest,
    smoothed_targets,
)

__all__ = ["Sigmoid", "fit_sigmoid"]

MAX_ITER = 100
TOL = 1e-12
HALVINGS = 30
RIDGE = 1e-12  # keeps the two equations solvable where nearly all scores are the same
NO_SPREAD = 1e-9
MOST_SLOPE = 4 * STEEPEST  # a sigmoid rises by a quarter of its slope at most


@dataclass(frozen=True)
class Sigmoid:
    """q = σ(a s + b) with s the log odds of one class against the rest.

    Attributes
    ----------
    slopes, intercepts : ndarray of float64, shape (1,) for two classes, else (K,)
        a and b; a is from 0, so that the order of the scores is kept, to 32.
    """

    slopes: Floats
    intercepts: Floats

    def __call__(self, P: NDArray[Any]) -> Floats:
        """The calibrated probabilities, shape (n, K)."""
        return one_vs_rest(expit(self.slopes * log_odds(P) + self.intercepts))

    def numbers(self) -> dict[str, Any]:
        """What was fitted."""
        return {"slope": self.slopes.tolist(), "intercept": self.intercepts.tolist()}

    def __str__(self) -> str:
        terms = zip(self.slopes, self.intercepts, strict=True)
        return "sigmoid of " + ", ".join(f"{a:.4g} s {b:+.4g}" for a, b in terms)


def fit_sigmoid(P: NDArray[Any], codes: NDArray[Any]) -> Sigmoid:
    """The sigmoids of greatest likelihood for Platt's smoothed targets.

    Source: Platt, "Probabilistic outputs for support vector machines and comparisons to
    regularized likelihood methods", 1999; of more than two classes as in Zadrozny and Elkan,
    2002.
    """
    scores = log_odds(P)
    classes = [1] if scores.shape[1] == 1 else range(scores.shape[1])
    fitted = [_platt(s, codes == k) for s, k in zip(scores.T, classes, strict=True)]
    slopes, intercepts = np.array(fitted).T
    return Sigmoid(slopes, intercepts)


def _platt(s: Floats, positive: NDArray[np.bool_]) -> tuple[float, float]:
    """The slope, from 0 to `MOST_SLOPE`, and the intercept of one class."""
    targets = smoothed_targets(positive)
    centre, spread = float(s.mean()), float(s.std())
    if spread <= NO_SPREAD:
        return 0.0, float(logit(targets.mean()))
    z = (s - centre) / spread
    a, b = _newton(z, targets)
    slope = min(max(a / spread, 0.0), MOST_SLOPE)
    if slope != a / spread:
        # The loss is convex: where the best slope is out of bounds, the nearest is best.
        b = _intercept(slope * spread * z, targets)
    return slope, b - slope * centre


def _newton(z: Floats, targets: Floats) -> tuple[float, float]:
    """Slope and intercept of least loss, by Newton's method with halved steps.

    Source: Lin, Lin, Weng, "A note on Platt's probabilistic outputs for support vector
    machines", 2007.
    """
    a, b = 0.0, float(logit(targets.mean()))
    loss = _loss(z, targets, a, b)
    for _ in range(MAX_ITER):
        q = expit(a * z + b)
        gap, weight = q - targets, q * (1 - q)
        slope_gradient, gradient = float((gap * z).mean()), float(gap.mean())
        if max(abs(slope_gradient), abs(gradient)) <= TOL:
            break
        aa, ab, bb = (float(each.mean()) for each in (weight * z * z, weight * z, weight))
        determinant = (aa + RIDGE) * (bb + RIDGE) - ab * ab
        step_a = ((bb + RIDGE) * slope_gradient - ab * gradient) / determinant
        step_b = ((aa + RIDGE) * gradient - ab * slope_gradient) / determinant
        for share in 0.5 ** np.arange(HALVINGS):
            lower = _loss(z, targets, a - share * step_a, b - share * step_b)
            if lower < loss:
                a, b, loss = a - share * step_a, b - share * step_b, lower
                break
        else:
            break  # rounding ends the descent
    return float(a), float(b)


def _intercept(u: Floats, targets: Floats) -> float:
    """The intercept of least loss beside the fixed part u of the raw values."""
    level = float(logit(targets.mean()))
    if u.min() == u.max():
        return level - float(u[0])
    ends = level - float(u.max()), level - float(u.min())
    return float(brentq(lambda b: float((expit(u + b) - targets).mean()), *ends, xtol=1e-14))


def _loss(z: Floats, targets: Floats, a: float, b: float) -> float:
    u = a * z + b
    return float((np.logaddexp(0, u) - targets * u).mean())
