"""A version as its bundle tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.inference.quantization import Quantized
from pipelines.metrics import Calibration, Interval, SliceScores
from pipelines.records import Cost

__all__ = ["Release", "Trained"]


@dataclass(frozen=True)
class Trained:
    """What the model card tells of the training.

    Attributes
    ----------
    source, sha256 : str
        The table's name, and its digest.
    rows : mapping
        Part → number of rows.
    split, candidate, estimator : str
        The split's kind, the winner's name and its estimator.
    parameters : mapping
        What the estimator was given.
    scores : mapping
        Metric → value with its interval, on the test rows.
    slices : sequence of SliceScores
    calibration : sequence of Calibration
    calibrator, rule : str
        What the probabilities go through, and how labels are made of them, in words.
    threshold : float or None
        The probability of the second of two classes from which on it is the label; None for
        another rule.
    notes : sequence of str
        What a reader should know of data, leaks and metrics.
    """

    source: str
    sha256: str
    rows: Mapping[str, int]
    split: str
    candidate: str
    estimator: str
    parameters: Mapping[str, Any]
    scores: Mapping[str, Interval]
    slices: Sequence[SliceScores] = ()
    calibration: Sequence[Calibration] = ()
    calibrator: str = "none"
    rule: str = "that of the most probable class"
    threshold: float | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Release:
    """All that a bundle is made from.

    Attributes
    ----------
    name, version : str
        The registered model's, and the version's number.
    contract : mapping
        As `pipelines.config.contract` gives it.
    model : bytes
        model.onnx.
    portable : bytes
        model.portable.onnx; empty where the pipeline has none.
    refused : str
        Why it has none; else empty.
    quantized : Quantized
        The int8 variant of the portable graph, or why it is left out.
    requests : sequence of mapping
        Example rows as JSON records.
    expected : mapping
        What model.onnx answers them, as examples/expected.json has it.
    proofs : sequence of mapping
        What was proven where: the fields of each runtime's Proof.
    trained : Trained
    cost : Cost
        Times and size, as the budgets count them.
    """

    name: str
    version: str
    contract: Mapping[str, Any]
    model: bytes
    portable: bytes
    refused: str
    quantized: Quantized
    requests: Sequence[Mapping[str, Any]]
    expected: Mapping[str, Any]
    trained: Trained
    cost: Cost
    proofs: Sequence[Mapping[str, Any]] = field(default=())
