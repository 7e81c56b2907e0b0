"""One data set, from its source to its schedule."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pipelines.config.candidates import Candidate, Compute, Selection
from pipelines.config.columns import Column
from pipelines.config.decision import Calibration, Threshold
from pipelines.config.evaluation import Evaluation
from pipelines.config.release import Promotion, Registry, Schedule
from pipelines.config.search import Search
from pipelines.config.section import Section
from pipelines.config.source import Source
from pipelines.config.split import HashSplit, Split
from pipelines.config.trust import Drift, Leaks

__all__ = ["Config", "contract"]


class Config(Section):
    """The whole file."""

    source: Source
    columns: dict[str, Column] = Field(min_length=1)
    split: Split = HashSplit()
    leaks: Leaks = Leaks()
    drift: Drift = Drift()
    candidates: list[Candidate] = Field(min_length=1)
    selection: Selection = Selection()
    evaluation: Evaluation = Evaluation()
    calibration: Calibration = Calibration()
    threshold: Threshold = Threshold()
    search: Search = Search()
    promotion: Promotion = Promotion()
    registry: Registry
    schedule: Schedule | None = None
    compute: Compute = Compute()


def contract(config: Config) -> dict[str, Any]:
    """The contract as plain JSON values: target, classes, missing words, columns.

    It travels in the ONNX file's metadata and in the exported bundle.
    """
    return {
        "target": config.source.target,
        "classes": sorted(config.source.classes),
        "missing": list(config.source.missing),
        "columns": {
            name: column.model_dump(exclude_none=True) for name, column in config.columns.items()
        },
    }
