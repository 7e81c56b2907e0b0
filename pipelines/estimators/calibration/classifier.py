"""A fitted classifier with calibrated probabilities and a rule for its labels."""

from __future__ import annotations

from typing import Any, Self

from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from pipelines.estimators.calibration.scores import Floats

__all__ = ["CalibratedClassifier", "uncalibrated"]


class CalibratedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier, its probabilities calibrated, its labels by a rule.

    All three parts are fitted before; `fit` changes nothing.

    Parameters
    ----------
    estimator : classifier
        Fitted.
    calibrator : Uncalibrated, Sigmoid, Isotonic or Temperature
        From its probabilities to the calibrated ones.
    rule : Argmax, Threshold or Costs
        From these to labels.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The estimator's labels, sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from pipelines.estimators import Prior
    >>> from pipelines.estimators.calibration import CalibratedClassifier, Costs, Uncalibrated
    >>> prior = Prior().fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "no", "yes"])
    >>> missed_is_dear = Costs(np.array([[0.0, 1.0], [9.0, 0.0]]))
    >>> CalibratedClassifier(prior, Uncalibrated(), missed_is_dear).predict([[5.0]]).tolist()
    ['yes']
    """

    def __init__(self, estimator: Any, calibrator: Any, rule: Any) -> None:
        self.estimator = estimator
        self.calibrator = calibrator
        self.rule = rule

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's protocol
        """The classifier itself, unchanged."""
        return self

    @property
    def classes_(self) -> NDArray[Any]:
        """The estimator's labels, sorted."""
        classes: NDArray[Any] = self.estimator.classes_
        return classes

    def predict_proba(self, X: Any) -> Floats:
        """The calibrated probabilities, shape (n_rows, n_classes)."""
        calibrated: Floats = self.calibrator(self.estimator.predict_proba(X))
        return calibrated

    def predict(self, X: Any) -> NDArray[Any]:
        """The rule's label of each row."""
        labels: NDArray[Any] = self.classes_[self.rule.codes(self.predict_proba(X))]
        return labels

    def summary(self) -> str:
        """The three parts with their numbers, a line each."""
        parts = {
            "estimator": " ".join(repr(self.estimator).split()),
            "probabilities": self.calibrator,
            "label": self.rule,
        }
        lines = [f"  {name:<14} {part}" for name, part in parts.items()]
        return "\n".join([type(self).__name__, *lines])

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return self.summary()

    def __sklearn_is_fitted__(self) -> bool:
        return True


def uncalibrated(classifier: Any) -> Any:
    """The estimator within a CalibratedClassifier; any other classifier as it is."""
    return classifier.estimator if isinstance(classifier, CalibratedClassifier) else classifier
