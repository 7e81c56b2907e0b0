"""The same rows through the fitted pipeline and through every runtime at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
import pandas as pd
from sklearn.pipeline import Pipeline

from pipelines.inference.parity.comparison import (
    Expected,
    Parity,
    ParityError,
    agreeing,
    expected,
    judge,
    shown,
)
from pipelines.inference.parity.rows import ProofRows, proof_rows
from pipelines.inference.portable import encode
from pipelines.inference.runtimes import CPU, RUNTIMES, Answer, NoAnswerError, Runtime

__all__ = ["Proof", "prove", "require"]

SHOWN = 3  # columns that a message names


@dataclass(frozen=True)
class Proof:
    """What one runtime was found to do with one graph.

    Attributes
    ----------
    runtime, version : str
        Which; "" is the version of one that is not at hand.
    graph : str
        "model" or "portable".
    rows, ties, label_mismatches : int
        Rows compared, those within 1e-6 of another label, those of another label.
    max_difference, max_difference_extreme : float
        The largest difference of a probability, on extreme rows apart.
    note : str
        "" or why it is not proven.
    sampled : str
        Which rows were left out, or "".
    """

    runtime: str
    version: str
    graph: str
    rows: int = 0
    ties: int = 0
    label_mismatches: int = 0
    max_difference: float = 0.0
    max_difference_extreme: float = 0.0
    note: str = ""
    sampled: str = ""

    @property
    def proven(self) -> bool:
        """Whether it gave the pipeline's answers."""
        return not self.note

    @property
    def sentence(self) -> str:
        """The finding in one sentence."""
        what = f"{self.runtime} {self.version}".rstrip()
        if self.note:
            return f"{what}, {self.graph} graph: not proven. {self.note}"
        largest = max(self.max_difference, self.max_difference_extreme)
        return f"{what}, {self.graph} graph: proven on {self.rows} rows, within {largest:.1e}."


def prove(
    pipeline: Pipeline,
    graphs: Mapping[str, bytes | None],
    X: pd.DataFrame,
    contract: Mapping[str, Any],
    runtimes: Sequence[Runtime] = RUNTIMES,
) -> tuple[Proof, ...]:
    """What each runtime was found to do with the graph that it takes, in the runtimes' order.

    Parameters
    ----------
    graphs : mapping
        "model" and "portable" → the file's bytes; None or absent where there is none.
    X : DataFrame
        The test rows as ingest leaves them; `proof_rows` says what is added.

    A runtime that is not at hand, refuses the graph, crashes or takes too long is not proven,
    and its note says why.

    Raises
    ------
    ParityError
        A runtime answers, and disagrees with the pipeline.
    """
    rows = proof_rows(pipeline, X, contract)
    wanted = expected(pipeline, rows.table)
    return tuple(
        _proof(pipeline, runtime, graphs.get(runtime.graph), rows, wanted) for runtime in runtimes
    )


def require(pipeline: Pipeline, model: bytes, rows: ProofRows, runtime: Runtime = CPU) -> Parity:
    """The comparison of one runtime with the pipeline.

    Raises ParityError, naming row and column, where they disagree, and NoAnswerError where
    there is no answer.
    """
    return _require(pipeline, _Graph(runtime, model), rows, expected(pipeline, rows.table))


class _Graph:
    """A graph in a runtime: `answer` takes a table and gives labels and probabilities."""

    def __init__(self, runtime: Runtime, model: bytes) -> None:
        self.runtime = runtime
        self.model = model
        loaded = onnx.load_from_string(model)
        self.metadata = {entry.key: entry.value for entry in loaded.metadata_props}
        self.classes: tuple[Any, ...] = tuple(json.loads(self.metadata["classes"]))

    def answer(self, table: pd.DataFrame) -> Answer:
        if self.runtime.graph == "model":
            return self.runtime.run(self.model, table)
        labels, probabilities = self.runtime.run(self.model, encode(self.metadata, table))
        if self.metadata["label"] == "position":
            labels = np.array(self.classes)[labels]
        return labels, probabilities


def _proof(
    pipeline: Pipeline, runtime: Runtime, model: bytes | None, rows: ProofRows, wanted: Expected
) -> Proof:
    absent = runtime.absent()
    version = "" if absent else runtime.version()
    proof = Proof(runtime.name, version, runtime.graph)
    if absent or model is None:
        return replace(proof, note=absent or f"There is no {runtime.graph} graph of this model.")
    graph = _Graph(runtime, model)
    refusal = runtime.refuses(graph.metadata)
    if refusal:
        return replace(proof, note=refusal)
    taken = rows.sample(runtime.most_rows(model))
    few = len(taken) < len(rows.kinds)
    said = f"{len(taken)} of {len(rows.kinds)} rows, taken evenly." if few else ""
    try:
        parity = _require(pipeline, graph, rows.at(taken), wanted.at(taken))
    except NoAnswerError as failure:
        return replace(proof, note=str(failure))
    return replace(
        proof,
        rows=parity.rows,
        ties=parity.ties,
        label_mismatches=parity.label_mismatches,
        max_difference=parity.max_difference,
        max_difference_extreme=parity.max_difference_extreme,
        sampled=" ".join(filter(None, [said, rows.sampled])),
    )


def _require(pipeline: Pipeline, graph: _Graph, rows: ProofRows, wanted: Expected) -> Parity:
    labels, probabilities = graph.answer(rows.table)
    parity = judge(wanted, labels, probabilities, rows, graph.classes)
    if not parity.proven:
        runtime = graph.runtime
        raise ParityError(
            f"{runtime.name} {runtime.version()}, {runtime.graph} graph: {parity.sentence} "
            f"{_blame(pipeline, graph, rows, parity.worst)}"
        )
    return parity


def _blame(pipeline: Pipeline, graph: _Graph, rows: ProofRows, row: int) -> str:
    """Which column makes the difference on a row, in a sentence.

    Each that has another value than the typical row is given the typical one, one at a time;
    where the two answers then agree, the difference comes from that column.
    """
    if row < 0:
        return "There were no rows to compare."
    values = rows.table.iloc[row]
    names = [name for name, usual in rows.typical.items() if not _same(values[name], usual)]
    changed = rows.at(np.full(len(names), row, dtype=np.intp))
    for place, name in enumerate(names):
        column = changed.table[name].to_numpy(copy=True)
        column[place] = rows.typical[name]
        changed.table[name] = column
    if not names:
        return "It is a typical row: no single column makes the difference."
    try:
        answer = graph.answer(changed.table)
    except NoAnswerError as failure:
        return f"Which column it comes from was not found out. {failure}"
    agrees = agreeing(expected(pipeline, changed.table), *answer, changed)
    found = [name for name, well in zip(names, agrees, strict=True) if well][:SHOWN]
    if not found:
        return "No single column makes the difference."
    said = " and from ".join(
        f"column {name!r}, which is {shown(values[name])} (with the typical "
        f"{shown(rows.typical[name])} the two agree)"
        for name in found
    )
    return f"The difference comes from {said}."


def _same(value: Any, other: Any) -> bool:
    return bool(value == other or (value != value and other != other))
