"""register: the winner's whole pipeline as ONNX graphs, proven equal to it row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.inference.convert import to_onnx
from pipelines.inference.graph import ConversionError
from pipelines.inference.parity import Parity, ParityError, ProofRows, proof_rows, require
from pipelines.inference.portable import to_portable
from pipelines.inference.runtimes import CPU, CPU_PORTABLE, Runtime

__all__ = ["MAX_PORTABLE_MB", "ParityError", "Registered", "register"]

MAX_PORTABLE_MB = 100.0


@dataclass(frozen=True)
class Registered:
    """The ONNX files' bytes, and what the proof found.

    Attributes
    ----------
    model : bytes
        model.onnx.
    parity : Parity
    portable : bytes or None
        model.portable.onnx, where the pipeline has one.
    portable_note : str
        What its proof found, or why there is none.
    """

    model: bytes
    parity: Parity
    portable: bytes | None = None
    portable_note: str = ""


def register(
    pipeline: Any,
    X: pd.DataFrame,
    contract: Mapping[str, Any],
    lineage: Mapping[str, str],
    max_mb: float | None = None,
) -> Registered:
    """The graphs of a fitted pipeline, with their proofs.

    Parameters
    ----------
    X : DataFrame
        The test rows. The proof adds rows at, between and beyond the ends of each column,
        missing and unseen values, and both sides of a tree's thresholds.
    lineage : mapping
        Digests that the graphs' metadata carries.
    max_mb : float, optional
        The most that the portable graph may take, in 10⁶ bytes; 100 where it is not given.

    Raises
    ------
    ParityError
        If a label differs, or a probability by more than 1e-5 (1e-4 on extreme values). That
        there is no portable graph, since float32 does not hold a column or the file would be
        too large, is noted and raises nothing.
    """
    model = to_onnx(pipeline, contract, lineage)
    rows = proof_rows(pipeline, X, contract)
    parity = _proven(pipeline, model, rows, CPU)
    try:
        portable = to_portable(pipeline, contract, lineage, max_mb or MAX_PORTABLE_MB)
    except ConversionError as error:
        return Registered(model, parity, None, str(error))
    again = _proven(pipeline, portable, rows, CPU_PORTABLE)
    return Registered(model, parity, portable, again.sentence)


def _proven(pipeline: Any, graph: bytes, rows: ProofRows, runtime: Runtime) -> Parity:
    try:
        return require(pipeline, graph, rows, runtime)
    except ParityError as error:
        if runtime is CPU_PORTABLE:
            raise ParityError(f"The portable graph was not registered. {error}") from None
        raise ParityError(f"The graph was not registered. {error}") from None
