"""The frozen records that pass between steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.metrics import Interval, Paired

__all__ = [
    "CandidateFit",
    "Champion",
    "DataError",
    "Decision",
    "Evaluation",
    "Leak",
    "Parts",
    "Table",
    "Trial",
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
class Trial:
    """What became of one set of parameters that a search tried.

    Attributes
    ----------
    number : int
        From 0, in the order in which the search proposed them.
    parameters : mapping
        Those that are searched, without the fixed ones.
    state : "complete", "pruned" or "failed"
        Fitted on all folds, stopped before the last, or not fitted.
    reason : str
        Why it was stopped or failed; empty for a complete one.
    loss : float or None
        Mean log loss over all rows held out, by which trials are ranked; of a complete one.
    fold_losses : tuple of float
        The mean log loss of each fold that was fitted, or of the validation rows.
    seconds : float
        Time of all its fits together.
    """

    number: int
    parameters: dict[str, Any]
    state: str
    reason: str = ""
    loss: float | None = None
    fold_losses: tuple[float, ...] = ()
    seconds: float = 0.0


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
    parameters : mapping
        What the estimator was given: the fixed ones, and the best that a search found.
    trials : tuple of Trial
        What the search tried; empty where nothing was searched.
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
    trials: tuple[Trial, ...] = ()


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
    """

    version: str
    classes: tuple[Any, ...]
    learned: NDArray[np.uint64]
    predict_proba: Callable[[Any], NDArray[Any]]


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
        The winner's log loss minus that of the training rows' class frequencies.
    against_champion : Paired or None
        The winner's log loss minus the champion's, on the test rows it did not learn from.
    champion_note : str
        Why there is no comparison with the champion, or how many rows it rests on.
    champion_scores : mapping
        Metric → value with its interval, of the champion on all test rows compared on.
    """

    winner: str
    scores: Mapping[str, Mapping[str, Interval]]
    probabilities: Mapping[str, NDArray[Any]]
    codes: NDArray[np.int32]
    against_prior: Paired
    against_champion: Paired | None = None
    champion_note: str = ""
    champion_scores: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """Whether the challenger becomes champion, and why, in a sentence."""

    promoted: bool
    sentence: str
