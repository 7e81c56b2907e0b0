"""The frozen records that pass between steps."""

from __future__ import annotations

from pipelines.records.cost import Cost
from pipelines.records.evidence import Decision, Evaluation
from pipelines.records.fits import CandidateFit, Champion, Trial
from pipelines.records.rows import DataError, Leak, Parts, Table

__all__ = [
    "CandidateFit",
    "Champion",
    "Cost",
    "DataError",
    "Decision",
    "Evaluation",
    "Leak",
    "Parts",
    "Table",
    "Trial",
]
