"""A table the whole way through in memory: ingest, fit, graph, proof, scoring."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from sklearn.pipeline import Pipeline

from pipelines.adapters import tables
from pipelines.config import Config, contract
from pipelines.estimators.registry import build
from pipelines.inference import Predictor
from pipelines.records import Table
from pipelines.scoring import Scoring
from pipelines.steps.ingest import ingest
from pipelines.steps.register import register


def config(columns: dict[str, Any], classes: list[Any] | None = None, **source: Any) -> Config:
    return Config.model_validate(
        {
            "source": {"path": "t.csv", "target": "y", "classes": classes or ["a", "b"], **source},
            "columns": columns,
            "candidates": [{"name": "prior", "estimator": "prior"}],
            "registry": {"model": "m"},
        }
    )


@dataclass(frozen=True)
class Line:
    """A table that went through, its fitted pipeline, and the proven model."""

    config: Config
    table: Table
    pipeline: Pipeline
    predictor: Predictor

    @property
    def rows(self) -> pd.DataFrame:
        frame: pd.DataFrame = self.table.features.to_pandas()
        return frame

    def scored(self, rows: pa.Table, lenient: bool = False) -> pd.DataFrame:
        """What `logitline score` writes for the rows."""
        scorer = Scoring(self.predictor.contract, self.predictor.answer, lenient=lenient)
        answered = scorer.score(rows, lambda row: f"row {row + 1}")
        scorer.conclude()
        assert answered is not None
        frame: pd.DataFrame = answered.to_pandas()
        return frame


def line(raw: pa.Table, settings: Config, estimator: str = "logistic", **parameters: Any) -> Line:
    """The line of a table; a graph that differs from its pipeline is refused on the way."""
    table = ingest(raw, settings)
    kinds = {name: column.type for name, column in settings.columns.items()}
    numbers = [name for name, kind in kinds.items() if kind != "category"]
    categories = [name for name, kind in kinds.items() if kind == "category"]
    pipeline = build(estimator, parameters, numbers, categories)
    X = table.features.to_pandas()
    pipeline.fit(X, table.labels)
    made = register(pipeline, X, contract(settings), {})
    return Line(settings, table, pipeline, Predictor.from_bytes(made.model))


def read(folder: Path, text: str | bytes, name: str = "t.csv") -> pa.Table:
    """The table that the reader makes of the file."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tables.read(path).table
