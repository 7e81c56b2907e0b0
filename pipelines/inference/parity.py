"""The proof that a graph answers as the fitted pipeline does, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from pipelines.estimators.calibration import Argmax, CalibratedClassifier
from pipelines.inference.serving import Model

__all__ = ["PROBABILITY_TOLERANCE", "TIE", "Parity", "compare", "probe_rows"]

PROBABILITY_TOLERANCE = 1e-5
TIE = 1e-6  # a probability as close as this to another label may cross over in float32
UNSEEN = "never seen in training"


class Answering(Protocol):
    """A graph in a runtime: labels, shape (N,), and probabilities, shape (N, K), of rows."""

    classes: tuple[Any, ...]

    def run(self, features: pd.DataFrame, /) -> tuple[NDArray[Any], NDArray[Any]]: ...


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
        The largest difference of a probability; NaN where one of the two is.
    where : str
        The worst row and class: a row with another label if there is one, else the row of
        the largest difference.
    """

    rows: int
    label_mismatches: int
    ties: int
    max_difference: float
    where: str

    @property
    def proven(self) -> bool:
        """No label differs and no probability by more than `PROBABILITY_TOLERANCE`."""
        return (
            self.rows > 0
            and self.label_mismatches == 0
            and self.max_difference <= PROBABILITY_TOLERANCE
        )

    @property
    def sentence(self) -> str:
        """The finding in one sentence."""
        rows = f"{self.rows} row{'' if self.rows == 1 else 's'}"
        ties = f", {self.ties} of them ties" if self.ties else ""
        if self.proven:
            return (
                f"The graph gives the pipeline's label on all {rows}{ties}, and its probabilities "
                f"within {self.max_difference:.1e}."
            )
        return (
            f"The graph disagrees with the pipeline: of {rows}{ties}, {self.label_mismatches} "
            f"have another label, and a probability differs by {self.max_difference:.1e} "
            f"(allowed: {PROBABILITY_TOLERANCE:.0e}). The worst is {self.where}."
        )


def probe_rows(X: pd.DataFrame, contract: Mapping[str, Any]) -> pd.DataFrame:
    """A typical row with one column at a time at its least, greatest, missing or unseen value.

    The typical row has each number's median and each category's most frequent value; one
    more row has every column missing.
    """
    typical = {name: _typical(X[name], spec) for name, spec in _columns(X, contract)}
    rows = [typical, {name: _gap(spec) for name, spec in _columns(X, contract)}]
    for name, spec in _columns(X, contract):
        rows += [{**typical, name: value} for value in _extremes(X[name], spec)]
    return pd.DataFrame(
        {
            name: np.array(
                [row[name] for row in rows],
                dtype=object if spec["type"] == "category" else np.float64,
            )
            for name, spec in _columns(X, contract)
        }
    )


def _columns(X: pd.DataFrame, contract: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, spec) for name, spec in contract["columns"].items() if name in X.columns]


def _gap(spec: Mapping[str, Any]) -> Any:
    return "" if spec["type"] == "category" else np.nan


def _typical(column: pd.Series[Any], spec: Mapping[str, Any]) -> Any:
    if spec["type"] == "category":
        present = column[column != ""]
        return sorted(present.mode())[0] if len(present) else ""
    # The lower median is a value of the column itself, exact in its precision.
    present = column.dropna()
    return float(np.sort(present)[(len(present) - 1) // 2]) if len(present) else np.nan


def _extremes(column: pd.Series[Any], spec: Mapping[str, Any]) -> list[Any]:
    if spec["type"] == "category":
        unseen = UNSEEN
        while unseen in spec["values"]:
            unseen += "!"
        present = sorted(set(column) - {""})
        return ["", unseen, *present[:1], *present[-1:]]
    least, greatest = column.min(), column.max()
    bounds = [spec.get("min", least), spec.get("max", greatest)]
    return [np.nan, float(least), float(greatest), *map(float, bounds)]


def compare(
    pipeline: Pipeline,
    model: bytes,
    X: pd.DataFrame,
    opened: Callable[[bytes], Answering] = Model,
) -> Parity:
    """What the graph answers beside what the pipeline answers, on every row of X.

    X holds the contract's columns as ingest leaves them: float64 with NaN, text with "".
    `opened` makes something that answers of the graph: model.onnx's, or PortableModel.
    """
    expected = np.asarray(pipeline.predict_proba(X), dtype=np.float64)
    wanted = np.asarray(pipeline.predict(X))
    graph = opened(model)
    labels, probabilities = graph.run(X)
    difference = np.abs(probabilities - expected)
    ties = _rule(pipeline).margins(expected) <= TIE
    mismatches = (labels != wanted) & ~ties
    return Parity(
        rows=len(X),
        label_mismatches=int(mismatches.sum()),
        ties=int(ties.sum()),
        max_difference=float(difference.max(initial=0.0)),
        where=_where(X, mismatches, difference, graph, labels, wanted) if len(X) else "",
    )


def _rule(pipeline: Pipeline) -> Any:
    """What makes the pipeline's labels."""
    last = pipeline[-1]
    return last.rule if isinstance(last, CalibratedClassifier) else Argmax()


def _where(
    X: pd.DataFrame,
    mismatches: NDArray[np.bool_],
    difference: NDArray[np.float64],
    graph: Answering,
    labels: NDArray[Any],
    wanted: NDArray[Any],
) -> str:
    worst = difference.max(axis=1)
    row = int(np.where(mismatches, worst + 2, worst).argmax())
    code = int(difference[row].argmax())
    values = ", ".join(f"{name} = {X[name].iloc[row]!r}" for name in list(X.columns)[:12])
    more = ", …" if X.shape[1] > 12 else ""
    return (
        f"row {row}, class {graph.classes[code]!r}, off by {worst[row]:.1e}, label "
        f"{labels[row]!r} for {wanted[row]!r} ({values}{more})"
    )
