"""Two answers to the same rows, held against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from pipelines.estimators.calibration import Argmax, CalibratedClassifier
from pipelines.inference.parity.rows import ProofRows, plain_rows
from pipelines.inference.serving import Model

__all__ = [
    "EXTREME_TOLERANCE",
    "PROBABILITY_TOLERANCE",
    "TIE",
    "Expected",
    "Parity",
    "ParityError",
    "agreeing",
    "compare",
    "expected",
    "judge",
    "shown",
]

PROBABILITY_TOLERANCE = 1e-5
EXTREME_TOLERANCE = 1e-4  # far beyond every value seen, where float32's steps are large
TIE = 1e-6  # a probability as close as this to another label may cross over in float32


class ParityError(RuntimeError):
    """A graph disagrees with the fitted pipeline; the runtime, row and column are named."""


@dataclass(frozen=True)
class Parity:
    """What comparing a graph with its pipeline found.

    Attributes
    ----------
    rows : int
        Rows compared.
    label_mismatches : int
        Rows with another label, ties left out.
    ties : int
        Rows that are within `TIE` of another label: whose two best probabilities are, or which
        are as near to a threshold.
    max_difference : float
        The largest difference of a probability on rows that are no extremes; NaN where one of
        the two is.
    where : str
        The worst row and class: a row with another label if there is one, else the row that
        is furthest above what it may differ by, else that of the largest difference.
    max_difference_extreme : float
        The same of the extreme rows, 0 without any.
    worst : int
        The worst row's position, −1 without rows.
    """

    rows: int
    label_mismatches: int
    ties: int
    max_difference: float
    where: str
    max_difference_extreme: float = 0.0
    worst: int = -1

    @property
    def proven(self) -> bool:
        """No label differs and no probability by more than the tolerances."""
        return (
            self.rows > 0
            and self.label_mismatches == 0
            and self.max_difference <= PROBABILITY_TOLERANCE
            and self.max_difference_extreme <= EXTREME_TOLERANCE
        )

    @property
    def sentence(self) -> str:
        """The finding in one sentence."""
        rows = f"{self.rows} row{'' if self.rows == 1 else 's'}"
        ties = f", {self.ties} of them ties" if self.ties else ""
        extreme = self.max_difference_extreme
        if self.proven:
            further = f" ({extreme:.1e} on extreme values)" if extreme > self.max_difference else ""
            return (
                f"The graph gives the pipeline's label on all {rows}{ties}, and its probabilities "
                f"within {self.max_difference:.1e}{further}."
            )
        return (
            f"The graph disagrees with the pipeline: of {rows}{ties}, {self.label_mismatches} "
            f"have another label, and a probability {_off(self.max_difference)} (allowed: "
            f"{PROBABILITY_TOLERANCE:.0e}), on extreme values {_off(extreme)} (allowed: "
            f"{EXTREME_TOLERANCE:.0e}). The worst is {self.where}."
        )


def _off(difference: float) -> str:
    return "is not a number" if np.isnan(difference) else f"differs by {difference:.1e}"


@dataclass(frozen=True)
class Expected:
    """The pipeline's answer: probabilities (N, K) in float64, labels (N,), and which are ties."""

    probabilities: NDArray[np.float64]
    labels: NDArray[Any]
    ties: NDArray[np.bool_]

    def at(self, rows: NDArray[np.intp]) -> Expected:
        """The answer to these rows alone."""
        return Expected(self.probabilities[rows], self.labels[rows], self.ties[rows])


def expected(pipeline: Pipeline, X: pd.DataFrame) -> Expected:
    """What the pipeline answers to every row of X."""
    P = np.asarray(pipeline.predict_proba(X), dtype=np.float64)
    ties = _rule(pipeline).margins(P) <= TIE
    return Expected(P, np.asarray(pipeline.predict(X)), ties)


def compare(
    pipeline: Pipeline, model: bytes, X: pd.DataFrame, loaded: Callable[[bytes], Any] = Model
) -> Parity:
    """What a graph answers beside what the pipeline answers, on every row of X.

    X holds the contract's columns as ingest leaves them: float64 with NaN, text with "".
    `loaded` makes of the bytes what has `run` and `classes`: Model, or PortableModel.
    """
    graph = loaded(model)
    labels, P = graph.run(X)
    return judge(expected(pipeline, X), labels, P, plain_rows(X), graph.classes)


def judge(
    wanted: Expected,
    labels: NDArray[Any],
    probabilities: NDArray[Any],
    rows: ProofRows,
    classes: Sequence[Any],
) -> Parity:
    """The comparison of a graph's answer with the pipeline's, both to the same rows."""
    difference = np.abs(probabilities - wanted.probabilities)
    mismatches = (labels != wanted.labels) & ~wanted.ties
    worst = difference.max(axis=1, initial=0.0)
    severity = np.nan_to_num(worst / _allowed(rows), nan=np.inf)
    row = int(np.lexsort((-severity, ~mismatches))[0]) if len(worst) else -1
    return Parity(
        rows=len(worst),
        label_mismatches=int(mismatches.sum()),
        ties=int(wanted.ties.sum()),
        max_difference=float(worst[~rows.extreme].max(initial=0.0)),
        where="" if row < 0 else _where(rows, row, difference[row], classes, labels, wanted.labels),
        max_difference_extreme=float(worst[rows.extreme].max(initial=0.0)),
        worst=row,
    )


def agreeing(
    wanted: Expected, labels: NDArray[Any], probabilities: NDArray[Any], rows: ProofRows
) -> NDArray[np.bool_]:
    """Which rows have the pipeline's label, but for ties, and its probabilities."""
    worst = np.abs(probabilities - wanted.probabilities).max(axis=1, initial=0.0)
    agrees: NDArray[np.bool_] = (labels == wanted.labels) | wanted.ties
    agrees &= worst <= _allowed(rows)
    return agrees


def _allowed(rows: ProofRows) -> NDArray[np.float64]:
    return np.where(rows.extreme, EXTREME_TOLERANCE, PROBABILITY_TOLERANCE)


def _rule(pipeline: Pipeline) -> Any:
    """What makes the pipeline's labels."""
    last = pipeline[-1]
    return last.rule if isinstance(last, CalibratedClassifier) else Argmax()


def _where(
    rows: ProofRows,
    row: int,
    difference: NDArray[np.float64],
    classes: Sequence[Any],
    labels: NDArray[Any],
    wanted: NDArray[Any],
) -> str:
    X = rows.table
    code = int(difference.argmax())
    values = ", ".join(f"{name} = {shown(X[name].iloc[row])}" for name in list(X.columns)[:12])
    more = ", …" if X.shape[1] > 12 else ""
    off = difference[code]
    said = "not a number" if np.isnan(off) else f"off by {off:.1e}"
    label, other = (np.asarray(each)[row : row + 1].tolist()[0] for each in (labels, wanted))
    return (
        f"{rows.name(row)}, class {classes[code]!r}, {said}, label "
        f"{label!r} for {other!r} ({values}{more})"
    )


def shown(value: Any) -> str:
    """A cell's value for a message."""
    if value == "" or value != value:
        return "missing"
    return repr(value.item() if isinstance(value, np.generic) else value)
