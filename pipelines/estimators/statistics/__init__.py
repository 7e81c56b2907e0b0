"""The statistics of a fitted logistic regression, as a statistician expects them."""

from __future__ import annotations

from pipelines.estimators.statistics.evidence import Evidence, evidence_of
from pipelines.estimators.statistics.summary import Summary
from pipelines.estimators.statistics.wald import summarise

__all__ = ["Evidence", "Summary", "evidence_of", "summarise"]
