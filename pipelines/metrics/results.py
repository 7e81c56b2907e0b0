"""The metrics' names, and the frozen records of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "BINS",
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
    "yardstick",
]

BINS = 15

METRICS = {
    "log_loss": "lower",
    "brier": "lower",
    "roc_auc": "higher",
    "average_precision": "higher",
    "accuracy": "higher",
    "balanced_accuracy": "higher",
    "precision": "higher",
    "recall": "higher",
    "f1": "higher",
    "mcc": "higher",
    "expected_calibration_error": "lower",
}
"""Every metric's name, and whether a lower or a higher value is better."""

# Each row counts alike, whatever the others are.
OF_ROWS = frozenset({"log_loss", "brier", "accuracy"})
# Of two classes each counts alike, however many rows it has.
OF_TWO_CLASSES = frozenset({"roc_auc", "recall", "balanced_accuracy"})


def yardstick(metric: str, classes: int) -> str:
    """What rows are held against other rows by: the metric itself, or the log loss.

    Precision, F1 and all averages over more than two classes move with the shares of the
    classes, and calibration errors with the number of rows: other rows have another value of
    them from a model that is no worse there.
    """
    fair = OF_ROWS | OF_TWO_CLASSES if classes == 2 else OF_ROWS
    return metric if metric in fair else "log_loss"


@dataclass(frozen=True)
class Interval:
    """A value and the bounds that hold it with the stated confidence.

    A metric that the rows do not define (ROC AUC with one class only) is NaN.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """The difference of a metric between two models on the same rows, first minus second.

    Attributes
    ----------
    difference : Interval
        In the metric's own unit; NaN where the rows do not define the metric.
    share_better : float
        The share of resamples in which the first is strictly better; 1 − p of the one-sided
        test that `pipelines.metrics.paired` describes.
    rows, distinct : int
        Rows, and how many of them differ from each other.
    metric : str
        A name of `METRICS`.
    share_worse : float
        As `share_better`, the other way round.
    note : str
        Why there is no difference to speak of; empty where there is one.
    """

    difference: Interval
    share_better: float
    rows: int
    distinct: int
    metric: str = "log_loss"
    share_worse: float = 0.0
    note: str = ""

    @property
    def gain(self) -> Interval:
        """By how much the first is better: the difference, signed so that more is better."""
        it = self.difference
        if METRICS[self.metric] == "higher":
            return it
        return Interval(-it.value, -it.high, -it.low)


@dataclass(frozen=True)
class McNemar:
    """Rows that one of two models alone labels rightly, and the exact two-sided p."""

    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True)
class ClassScores:
    """One class against the rest: its rows, and metric → value with its interval."""

    support: int
    scores: Mapping[str, Interval]


@dataclass(frozen=True)
class Bin:
    """Rows of about one probability: its mean, and how often the class was there."""

    rows: int
    predicted: float
    observed: Interval


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities of one class against the rest are frequencies.

    Attributes
    ----------
    positive : int
        The class's position.
    bins : tuple of Bin
        From the least probability to the greatest.
    error : Interval
        Expected calibration error: the mean over rows of |observed − predicted| of their bin.
    brier : float
        Mean of (p − y)² = reliability − resolution + uncertainty + within.
    reliability, resolution, uncertainty, within : float
        Its parts; `within` is the variance of p in the bins minus twice its covariance with y.
    """

    positive: int
    bins: tuple[Bin, ...]
    error: Interval
    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


@dataclass(frozen=True)
class Curve:
    """What each threshold gives: a row is called positive if its score is at least that.

    Thresholds fall; both curves begin before the first of them, with no row called positive.

    Attributes
    ----------
    positive : int
        The class that is told from the rest.
    thresholds, false_positive_rate, recall, precision : tuple of float
    roc_auc, average_precision : float
        Of all thresholds, also those that are not listed.
    """

    positive: int
    thresholds: tuple[float, ...]
    false_positive_rate: tuple[float, ...]
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    roc_auc: float
    average_precision: float


@dataclass(frozen=True)
class SliceScores:
    """A model on the rows of one slice.

    Attributes
    ----------
    column, value : str
        Which rows: the column, and its value or range in words.
    rows : int
    scores : mapping
        Metric → value with its interval; empty for a slice that is too small.
    rest : Interval or None
        The `yardstick` of the metric that models are compared by: this slice minus all other
        rows.
    p : float
        Of «no worse than the other rows», adjusted for the number of slices (Holm).
    worse : bool
        Whether the slice is worse than the other rows beyond doubt: p ≤ 5 %.
    note : str
        Why nothing is said of it; empty where something is.
    """

    column: str
    value: str
    rows: int
    scores: Mapping[str, Interval] = field(default_factory=dict)
    rest: Interval | None = None
    p: float = 1.0
    worse: bool = False
    note: str = ""


@dataclass(frozen=True)
class SliceComparison:
    """Two models on the rows of one slice, first minus second.

    `p` is that of «the first is no worse», adjusted for the number of slices (Holm); it is
    worse beyond doubt if p ≤ 5 %. `note` says why there is no comparison.
    """

    column: str
    value: str
    rows: int
    paired: Paired | None = None
    p: float = 1.0
    worse: bool = False
    note: str = ""
