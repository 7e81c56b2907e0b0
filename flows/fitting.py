"""One fit in a worker process; imports neither Prefect nor MLflow, so that workers start fast."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.adapters import formats
from pipelines.config import Split
from pipelines.steps.split import folds_of
from pipelines.steps.train import Fit, Job, fit

__all__ = ["fit_job", "losses_job"]


def fit_job(
    table_folder: Path,
    split_folder: Path,
    columns: dict[str, str],
    config: Split,
    count: int | None,
    job: Job,
) -> tuple[Fit, float]:
    """The fit of one job on the stored table, and its seconds; the table is mapped, not read."""
    table = formats.read_table(table_folder)
    parts = formats.read_parts(split_folder / "split.parquet", table)
    if count is None:
        assigned = np.full(len(table.codes), -1, dtype=np.int8)
    else:
        assigned = folds_of(table, parts, config, count)
    started = time.perf_counter()
    result = fit(job, table, parts, assigned, columns)
    return result, time.perf_counter() - started


def losses_job(*arguments: Any) -> NDArray[np.float64]:
    """The losses of the rows that a job's fit did not see; its pipeline stays behind.

    Takes what `fit_job` takes.
    """
    result, _ = fit_job(*arguments)
    return result.losses
