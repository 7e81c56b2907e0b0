"""register: the winner's whole pipeline as one ONNX graph, proven equal to it row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import Parity, ParityError, proof_rows, require

__all__ = ["ParityError", "Registered", "register"]


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
        The test rows. The proof adds rows at, between and beyond the ends of each column,
        missing and unseen values, and both sides of a tree's thresholds.
    lineage : mapping
        Digests that the graph's metadata carries.

    Raises
    ------
    ParityError
        If a label differs, or a probability by more than 1e-5 (1e-4 on extreme values).
    """
    model = to_onnx(pipeline, contract, lineage)
    try:
        parity = require(pipeline, model, proof_rows(pipeline, X, contract))
    except ParityError as error:
        raise ParityError(f"The graph was not registered. {error}") from None
    return Registered(model, parity)
