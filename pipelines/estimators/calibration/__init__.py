"""Calibrated probabilities and the rule that makes labels of them, around a fitted classifier.

Conventions: n rows, K classes; `P` has shape (n, K), a classifier's probabilities with one
column a class in sorted order; `codes` holds each row's class as 0 … K−1. What is fitted here
is fitted on rows that the classifier did not learn from. Of two classes the second is the
positive one.
"""

from __future__ import annotations

from pipelines.estimators.calibration.choice import UnreachableError, choose_threshold
from pipelines.estimators.calibration.classifier import CalibratedClassifier
from pipelines.estimators.calibration.isotonic import Isotonic, fit_isotonic
from pipelines.estimators.calibration.rules import Argmax, Costs, Threshold
from pipelines.estimators.calibration.scores import Uncalibrated
from pipelines.estimators.calibration.sigmoid import Sigmoid, fit_sigmoid
from pipelines.estimators.calibration.temperature import Temperature, fit_temperature

__all__ = [
    "Argmax",
    "CalibratedClassifier",
    "Costs",
    "Isotonic",
    "Sigmoid",
    "Temperature",
    "Threshold",
    "Uncalibrated",
    "UnreachableError",
    "choose_threshold",
    "fit_isotonic",
    "fit_sigmoid",
    "fit_temperature",
]
