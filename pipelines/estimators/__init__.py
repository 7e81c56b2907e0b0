"""Classifiers in the shape loss → objective → solver → estimator, and the table of candidates.

The classes are imported when they are first asked for, so that listing the candidates'
names (`pipelines.estimators.registry`) does not load scikit-learn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.estimators.baselines import LinearThreshold, Prior
    from pipelines.estimators.logistic import LogisticClassifier
    from pipelines.estimators.mlp import MLPClassifier
    from pipelines.estimators.preprocessing import Preprocessor

__all__ = ["LinearThreshold", "LogisticClassifier", "MLPClassifier", "Preprocessor", "Prior"]

HOMES = {
    "LinearThreshold": "baselines",
    "LogisticClassifier": "logistic",
    "MLPClassifier": "mlp",
    "Preprocessor": "preprocessing",
    "Prior": "baselines",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
