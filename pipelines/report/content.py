"""What the report is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.records import CandidateFit, Decision, Evaluation, Leak
from pipelines.records.explanation import Explanation

__all__ = ["ReportData"]


@dataclass(frozen=True)
class ReportData:
    """All that the report tells.

    Attributes
    ----------
    model, version : str
        The name in the registry and the version that this training made.
    target : str
        The label's column.
    classes : sequence
        The labels in the order of the probabilities.
    decision : Decision
    fits : sequence of CandidateFit
        Fitted and failed ones.
    evaluation : Evaluation
    rows : mapping
        Part → number of rows.
    notes : sequence of str
        What ingest wants a reader to know.
    leaks : sequence of (Leak, reason)
        What the leak check found; the reason why it may be, or None.
    lineage : mapping
        Name → digest, commit, version: what the model was made from.
    timings : mapping
        Step → seconds.
    places : mapping
        Name → address or folder: the version, its run, the export.
    confidence : float
        Of the intervals.
    asked : float
        The confidence that a promotion asks for.
    moves : sequence of tuple of str
        When, what, champion before and after, by whom or what: decisions on this version.
    use : str
        How often these test rows have decided, with a warning where that is too often.
    explanation : Explanation
    """

    model: str
    version: str
    target: str
    classes: Sequence[Any]
    decision: Decision
    fits: Sequence[CandidateFit]
    evaluation: Evaluation
    rows: Mapping[str, int]
    notes: Sequence[str] = ()
    leaks: Sequence[tuple[Leak, str | None]] = ()
    lineage: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    confidence: float = 0.95
    asked: float = 0.95
    moves: Sequence[tuple[str, str, str, str]] = ()
    use: str = ""
    explanation: Explanation = field(default_factory=Explanation)

    @property
    def winner(self) -> str:
        """The candidate that was registered."""
        return self.evaluation.winner

    @property
    def probabilities(self) -> NDArray[Any]:
        """The winner's on the test rows, shape (n_test, K)."""
        return self.evaluation.probabilities[self.winner]

    @property
    def labels(self) -> NDArray[np.int32]:
        """The classes that the winner gives the test rows."""
        return self.evaluation.labels[self.winner]

    @property
    def codes(self) -> NDArray[np.int32]:
        """The test rows' classes."""
        return self.evaluation.codes

    @property
    def curve(self) -> Sequence[float]:
        """The winner's training loss."""
        return next((fit.curve for fit in self.fits if fit.name == self.winner), ())
