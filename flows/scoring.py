"""The scoring flow: the champion's answer for every row of a file, in constant memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from pipelines.adapters import tables
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.inference import Predictor
from pipelines.records import DataError
from pipelines.scoring import score

__all__ = ["Scored", "scoring"]

ROWS = 65_536


@dataclass(frozen=True)
class Scored:
    """What was scored, by which version, where it lies, and what was odd in it.

    `odd` counts, a column, the values that break the contract and were answered all the
    same: gaps where none were promised, numbers out of range, categories never seen.
    """

    rows: int
    model: str
    version: str
    output: str
    odd: dict[str, int]


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
    rows, odd = 0, Counter[str]()
    try:
        with tables.Writer(output) as writer:
            for batch in tables.batches(source, ROWS):
                answered, found = score(
                    batch.table, predictor.contract, predictor.answer, batch.place
                )
                writer.write(answered)
                rows += answered.num_rows
                odd += found
    except DataError as error:
        raise error if error.path else DataError(*error.problems, path=source) from None
    return Scored(rows, model, version.number, str(output), dict(odd))
