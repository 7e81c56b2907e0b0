"""The expected calibration error with an interval that knows of its bias."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.results import Interval

__all__ = ["calibration_error"]

Floats = NDArray[np.float64]


def calibration_error(gaps: Floats, rows: Floats, confidence: float = 0.95) -> Interval:
    """Σ_b |g_b| / n between bounds that a perfectly calibrated model's zero can be within.

    Chance alone opens gaps: few rows give even a perfect model an error above zero, and its
    resamples, chance on chance, a greater one still. The plain percentiles lie above what they
    are to hold, often above the error itself. With B the mean of the resamples minus the error,
    which is near the error's own bias, the upper percentile is lowered by B and the lower one
    by 2B; and the lower bound is 0 where the error is no greater than the `confidence` quantile
    of Σ_b |g*_b − g_b| / n, what chance alone opens in a resample.

    Parameters
    ----------
    gaps : ndarray, shape (R + 1, bins)
        Σ(y − p) of each bin, of the sample and then of each resample.
    rows : ndarray, shape (R + 1,)
        n.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 10.2.
    """
    shares = np.divide(gaps, rows[:, None], out=np.full_like(gaps, np.nan), where=rows[:, None] > 0)
    shares = shares[np.r_[True, np.isfinite(shares[1:]).all(axis=1)]]
    errors = np.abs(shares).sum(axis=1)
    point, drawn = float(errors[0]), errors[1:]
    if not (np.isfinite(point) and drawn.size):
        return Interval(point, np.nan, np.nan)
    bias = float(drawn.mean()) - point
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    chance = np.quantile(np.abs(shares[1:] - shares[0]).sum(axis=1), confidence)
    least = 0.0 if point <= chance else min(max(float(low) - 2 * bias, 0.0), point)
    return Interval(point, least, min(max(float(high) - bias, point), 1.0))
