"""register: the winner's whole pipeline as one ONNX graph, proven equal to it row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import Parity, compare, probe_rows

__all__ = ["ParityError", "Registered", "register"]


class ParityError(RuntimeError):
    """The graph disagrees with the fitted pipeline; the row and the column are named."""


@dataclass(frozen=True)
class Registered:
    """The ONNX file's bytes, and what the proof found."""

    model: bytes
    parity: Parity


def register(
    pipeline: Any, X: pd.DataFrame, contract: Mapping[str, Any], lineage: Mapping[str, str]
) -> Registered:
    """The graph of a fitted pipeline, with its proof.

    Parameters
    ----------
    X : DataFrame
        The test rows. The proof adds rows with each column at its minimum and maximum,
        missing, and at a value that was never seen.
    lineage : mapping
        Digests that the graph's metadata carries.

    Raises
    ------
    ParityError
        If a label differs, or a probability by more than 1e-5.
    """
    model = to_onnx(pipeline, contract, lineage)
    rows = pd.concat([X, probe_rows(X, contract)], ignore_index=True)
    parity = compare(pipeline, model, rows)
    if not parity.proven:
        raise ParityError(f"The graph was not registered. {parity.sentence}")
    return Registered(model, parity)
