"""The proof that a graph answers as the fitted pipeline does, row by row, in every runtime."""

from __future__ import annotations

from pipelines.inference.parity.comparison import (
    EXTREME_TOLERANCE,
    PROBABILITY_TOLERANCE,
    TIE,
    Parity,
    ParityError,
    compare,
)
from pipelines.inference.parity.proof import Proof, prove, require
from pipelines.inference.parity.rows import ProofRows, probe_rows, proof_rows

__all__ = [
    "EXTREME_TOLERANCE",
    "PROBABILITY_TOLERANCE",
    "TIE",
    "Parity",
    "ParityError",
    "Proof",
    "ProofRows",
    "compare",
    "probe_rows",
    "proof_rows",
    "prove",
    "require",
]
