"""The scoring flow: the champion's answer for every row of a file, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from pipelines.adapters import tables
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.inference import Predictor
from pipelines.records import DataError

__all__ = ["Scored", "scoring"]

ROWS = 65_536


@dataclass(frozen=True)
class Scored:
    """What was scored, by which version, and where it lies."""

    rows: int
    model: str
    version: str
    output: str


@flow(name="scoring", persist_result=False)
def scoring(model: str, source: str, output: str, workspace: str = ".") -> Scored:
    """Write the rows of `source` with the champion's label and probabilities to `output`."""
    return score_file(model, Path(source), Path(output), Path(workspace))


@task(name="score", cache_policy=NO_CACHE, persist_result=False)
def score_file(model: str, source: Path, output: Path, workspace: Path) -> Scored:
    """The file at `output`, which appears when its last row is written."""
    uri = f"models:/{model}@{registry.CHAMPION}"
    version = registry.resolve(tracking.connect(workspace), uri)
    path, sha256 = registry.download_model(version.uri, workspace)
    predictor = Predictor.load(path, sha256=sha256)
    rows = 0
    with tables.Writer(output) as writer:
        for batch in tables.batches(source, ROWS):
            writer.write(_answered(batch.table, predictor, source))
            rows += batch.table.num_rows
    return Scored(rows, model, version.number, str(output))


def _answered(table: pa.Table, predictor: Predictor, source: Path) -> pa.Table:
    """The table with the columns `label` and `probability_<class>` added."""
    labels, probabilities = predictor.run(table)
    names = ["label", *(f"probability_{label}" for label in predictor.classes)]
    taken = [name for name in names if name in table.column_names]
    if taken:
        raise DataError(
            f"{source} already has the columns {', '.join(taken)}, where the answer would "
            "stand. Rename them or leave them out."
        )
    for name, column in zip(names, [labels, *probabilities.T], strict=True):
        table = table.append_column(name, pa.array(column))
    return table
