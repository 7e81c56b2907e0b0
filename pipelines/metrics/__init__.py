"""Metrics of predicted probabilities and labels, each with its uncertainty.

Conventions: n rows, K classes; `P` has shape (n, K) with rows that sum to one; `codes` holds
each row's class as 0 … K−1, `labels` the class that is predicted, by default the most probable
one. A resample is a vector of counts, how often each group of equal rows was drawn; every
metric is computed for many resamples at once, the point value being the one in which every
count is one. Binary metrics take class 1 as positive.

Here stand the records and the losses alone, which other rooms need; what computes is imported
from its own module.
"""

from __future__ import annotations

from pipelines.metrics.losses import FLOOR, brier_scores, log_losses
from pipelines.metrics.results import (
    BINS,
    METRICS,
    Bin,
    Calibration,
    ClassScores,
    Curve,
    Interval,
    McNemar,
    Paired,
    SliceComparison,
    SliceScores,
    yardstick,
)

__all__ = [
    "BINS",
    "FLOOR",
    "METRICS",
    "Bin",
    "Calibration",
    "ClassScores",
    "Curve",
    "Interval",
    "McNemar",
    "Paired",
    "SliceComparison",
    "SliceScores",
    "brier_scores",
    "log_losses",
    "yardstick",
]
