"""The scoring flow: the champion's answer for every row of a file, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from pipelines.adapters import tables
from pipelines.adapters.sources import open_files
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.inference import InputError, Predictor
from pipelines.records import DataError
from pipelines.scoring import Scoring

__all__ = ["Scored", "scoring"]

ROWS = 65_536


@dataclass(frozen=True)
class Scored:
    """What was scored, by which version, where it lies, and what was odd in it.

    `odd` counts, a column, the values that break the contract and were answered all the
    same: categories never seen, and in a lenient scoring gaps and numbers out of range.
    """

    rows: int
    model: str
    version: str
    output: str
    odd: dict[str, int]


@flow(name="scoring", persist_result=False)
def scoring(
    model: str, source: str, output: str, workspace: str = ".", lenient: bool = False
) -> Scored:
    """Write the rows of `source` with the champion's label and probabilities to `output`."""
    return score_file(model, source, Path(output), Path(workspace), lenient)


@task(name="score", cache_policy=NO_CACHE, persist_result=False)
def score_file(
    model: str, source: str, output: Path, workspace: Path, lenient: bool = False
) -> Scored:
    """The file at `output`, which appears when its last row is written."""
    uri = f"models:/{model}@{registry.CHAMPION}"
    version = registry.resolve(tracking.connect(workspace), uri)
    path, sha256 = registry.download_model(version.uri, workspace)
    predictor = Predictor.load(path, sha256=sha256)
    rows = 0
    scorer = Scoring(predictor.contract, predictor.answer, lenient=lenient)
    files = open_files(source)
    try:
        with tables.Writer(output) as writer:
            for batch in files.batches(ROWS):
                try:
                    answered = scorer.score(batch.table, batch.place)
                except InputError as error:
                    if error.row is None:
                        raise
                    raise DataError(f"{batch.place(error.row)} {error.what}") from None
                if answered is not None:
                    writer.write(answered)
                    rows += answered.num_rows
            odd = scorer.conclude()
    except DataError as error:
        place = error.path or source
        raise DataError(*error.problems, path=place, undone="nothing was written") from None
    finally:
        files.close()
    return Scored(rows, model, version.number, str(output), dict(odd))
