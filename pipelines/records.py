"""The frozen records that pass between steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.metrics import (
    Calibration,
    ClassScores,
    Curve,
    Interval,
    McNemar,
    Paired,
    SliceComparison,
    SliceScores,
)

__all__ = [
    "CandidateFit",
    "Champion",
    "DataError",
    "Decision",
    "Evaluation",
    "Leak",
    "Parts",
    "Table",
]


class DataError(ValueError):
    """The data cannot be used as they are: what is wrong, what it means, what to do.

    Attributes
    ----------
    problems : tuple of str
        One sentence or two a problem: place, what is wrong, what to do.
    path : str or None
        The file, as the user named it.
    undone : str
        What, with several problems, did not happen for them.
    """

    def __init__(
        self, *problems: str, path: object = None, undone: str = "nothing was run"
    ) -> None:
        self.problems = problems
        self.path = None if path is None else str(path)
        self.undone = undone
        text = problems[0] if len(problems) == 1 else f"{len(problems)} problems, {undone}."
        lines = [f"  {problem}" for problem in problems] if len(problems) > 1 else []
        super().__init__("\n".join([text if path is None else f"{path}: {text}", *lines]))


@dataclass(frozen=True)
class Table:
    """A validated table in the types that the models are fitted on.

    Attributes
    ----------
    features : pyarrow.Table
        One column a column of the contract, in the contract's order: float64 with NaN for a
        gap (numbers, integers, booleans as 0/1, dates as days or seconds since 1970-01-01),
        or string with "" for a gap (categories). No Arrow nulls.
    codes : ndarray of int32, shape (n_rows,)
        The label of each row as its position in `classes`.
    rows : ndarray of int64, shape (n_rows,)
        The position of each row in the source, from 0; rows without a label may be left out.
    classes : tuple
        The labels, sorted: all int, all bool or all str.
    key : pyarrow.Array or None
        The column that the split reads, where the config names one: text, or float64 for a
        split by time (seconds since 1970-01-01 UTC where it holds dates).
    key_unit : float
        What a split by time counts its gap in, in units of `key`: 86,400 (a day) where the
        column holds dates, else 1.
    outcome : ndarray of float64, shape (n_rows,), or None
        When each row's label was known, in seconds since 1970-01-01 UTC, NaN for a gap; from
        the column that source.outcome_time names.
    notes : tuple of str
        What a reader of the report should know: infinities taken as gaps, dropped rows.
    """

    features: pa.Table
    codes: NDArray[np.int32]
    rows: NDArray[np.int64]
    classes: tuple[Any, ...]
    key: pa.Array | None = None
    key_unit: float = 1.0
    outcome: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def labels(self) -> NDArray[Any]:
        """The label of each row itself."""
        return np.array(self.classes)[self.codes]


@dataclass(frozen=True)
class Parts:
    """Which rows train, validate and test.

    Attributes
    ----------
    part : ndarray of int8, shape (n_rows,)
        Position in `NAMES`; −1 for a row in none, as in the gap of a split by time.
    digests : ndarray of uint64, shape (n_rows,)
        The digest of each row; equal rows have equal digests.
    notes : tuple of str
        What a reader of the report should know: rows that were moved to keep a class.
    """

    NAMES: ClassVar[tuple[str, str, str]] = ("train", "validation", "test")

    part: NDArray[np.int8]
    digests: NDArray[np.uint64]
    notes: tuple[str, ...] = ()

    def where(self, name: str) -> NDArray[np.bool_]:
        """True for the rows of a part."""
        rows: NDArray[np.bool_] = self.part == self.NAMES.index(name)
        return rows


@dataclass(frozen=True)
class Leak:
    """Something by which the label, or a test row, is known before it should be.

    Attributes
    ----------
    kind : "target", "identifier", "duplicates" or "time"
        A column that alone almost determines the label or is the label in disguise; one that
        names the row; equal rows in several parts; a value dated after the outcome.
    columns : tuple of str
        Those that leak; none for duplicates, where all of them do.
    detail : str
        What was found, with figures, in a sentence.
    """

    kind: Literal["target", "identifier", "duplicates", "time"]
    columns: tuple[str, ...]
    detail: str


@dataclass(frozen=True)
class CandidateFit:
    """What became of one candidate.

    Attributes
    ----------
    name, estimator : str
        As in the configuration.
    reason : str
        Why it failed; empty for a fitted candidate.
    pipeline : fitted scikit-learn Pipeline or None
        Fitted on all training rows.
    selection_loss : float
        Mean log loss on rows the fits did not see: out-of-fold or validation rows.
    fit_seconds : float
        Time of the fit on all training rows.
    curve : tuple of float
        The training loss an epoch or iteration, where the estimator keeps one.
    warnings : tuple of str
        What the estimator warned of.
    parameters : dict
        The estimator's, as in the configuration.
    decision : dict
        Name → value of what the calibrator and the threshold were fitted to; empty where there
        is neither.
    """

    name: str
    estimator: str
    reason: str = ""
    pipeline: Any = None
    selection_loss: float = float("nan")
    fit_seconds: float = 0.0
    curve: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Champion:
    """The version in production, as evaluate sees it.

    Attributes
    ----------
    version : str
        Its number in the registry.
    classes : tuple
        Its labels, in the order of its probabilities.
    learned : ndarray of uint64
        Digests of the rows that it was fitted on or chosen by.
    predict_proba : callable
        A pandas DataFrame of the contract's columns → probabilities, shape (n_rows, K).
    predict : callable or None
        The same → labels; None where they are the most probable ones.
    """

    version: str
    classes: tuple[Any, ...]
    learned: NDArray[np.uint64]
    predict_proba: Callable[[Any], NDArray[Any]]
    predict: Callable[[Any], NDArray[Any]] | None = None


@dataclass(frozen=True)
class Evaluation:
    """What the test rows say.

    Attributes
    ----------
    winner : str
        The fitted candidate of least selection loss: chosen without the test rows.
    scores : mapping
        Candidate → metric → value with its interval.
    probabilities : mapping
        Candidate → probabilities of the test rows, shape (n_test, K).
    codes : ndarray of int32, shape (n_test,)
        The test rows' classes.
    against_prior : Paired
        The winner's metric minus that of the training rows' class frequencies.
    against_champion : Paired or None
        The winner's metric minus the champion's, on the test rows it did not learn from.
    champion_note : str
        Why there is no comparison with the champion, or how many rows it rests on.
    champion_scores : mapping
        Metric → value with its interval, of the champion on all test rows compared on.
    metric : str
        What models and slices are compared by, a name of `pipelines.metrics.METRICS`.
    labels : mapping
        Candidate → predicted classes of the test rows, as positions, shape (n_test,).
    per_class : tuple of ClassScores
        The winner's, in the order of the classes.
    slices : tuple of SliceScores
        The winner's, in the order of the configuration.
    calibration, curves : tuple of Calibration, of Curve
        The winner's: of class 1 of two classes, else of each class against the rest.
    mcnemar : McNemar or None
        The labels of winner and champion, on the rows compared on.
    champion_slices : tuple of SliceComparison
        The winner against the champion in each slice of the rows compared on.
    notes : tuple of str
        What a reader should know: too few test rows, metrics that are not defined on them.
    """

    winner: str
    scores: Mapping[str, Mapping[str, Interval]]
    probabilities: Mapping[str, NDArray[Any]]
    codes: NDArray[np.int32]
    against_prior: Paired
    against_champion: Paired | None = None
    champion_note: str = ""
    champion_scores: Mapping[str, Interval] = field(default_factory=dict)
    metric: str = "log_loss"
    labels: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    per_class: tuple[ClassScores, ...] = ()
    slices: tuple[SliceScores, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    curves: tuple[Curve, ...] = ()
    mcnemar: McNemar | None = None
    champion_slices: tuple[SliceComparison, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """Whether the challenger becomes champion, and why, in a sentence."""

    promoted: bool
    sentence: str
