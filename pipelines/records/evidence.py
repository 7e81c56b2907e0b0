"""What the test rows say, and what is decided on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
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
from pipelines.records.answers import Answers

__all__ = ["Decision", "Evaluation"]


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
    sketch : tuple of int
        Of the rows that winner and champion were compared on, all test rows where there was no
        champion to compare with: `pipelines.promotion.reuse.sketch`.
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
    sketch: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def compared(self) -> Paired:
        """What decides: the comparison with the champion, else with the class frequencies."""
        return self.against_champion or self.against_prior

    def answers(self, classes: tuple[Any, ...], digests: NDArray[np.uint64]) -> Answers:
        """The winner's answers to the test rows, which have these digests."""
        P, labels = self.probabilities[self.winner], self.labels[self.winner]
        return Answers(classes, digests, self.codes, P, labels)


@dataclass(frozen=True)
class Decision:
    """Whether the challenger becomes champion, and why, in a sentence.

    Attributes
    ----------
    promoted : bool
    sentence : str
    by_test_rows : bool
        Whether the test rows were asked, and so used once more.
    standing : bool
        Whether this very model is champion already.
    """

    promoted: bool
    sentence: str
    by_test_rows: bool = False
    standing: bool = False

    @property
    def outcome(self) -> str:
        """In two words."""
        if self.standing:
            return "champion already"
        return "promoted" if self.promoted else "not promoted"
