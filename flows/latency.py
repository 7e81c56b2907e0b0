"""How long the session takes, as promote's budgets count it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from pipelines.inference import Predictor
from pipelines.records import Cost

__all__ = ["measure"]

WARM_UP = 20
RUNS = 1000
BATCHES = 20
PATIENCE = 5.0  # seconds for each of the two


def measure(model: bytes, X: pd.DataFrame, batch_rows: int) -> Cost:
    """The times of one row and of a batch through the session that serves, and the size.

    Parameters
    ----------
    X : DataFrame
        Rows as ingest leaves them; the batch repeats them until it has `batch_rows`.
    """
    predictor = Predictor.from_bytes(model)
    # A row of gaps takes the same way as any other.
    row = dict.fromkeys(predictor.contract["columns"])
    one = _times(lambda: predictor.predict_proba(row), RUNS)
    table = X.iloc[np.arange(batch_rows) % len(X)].reset_index(drop=True)
    batch = _times(lambda: predictor.answer(table), BATCHES)
    return Cost(
        latency_ms=float(np.median(one)),
        latency_p99_ms=float(np.percentile(one, 99)),
        batch_latency_ms=float(np.median(batch)),
        batch_rows=batch_rows,
        size_mb=len(model) / 1e6,
    )


def _times(call: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of each call, the first ones left out; fewer calls where they take long."""
    times: list[float] = []
    ends = time.perf_counter() + PATIENCE
    while len(times) < WARM_UP + runs:
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e3)
        if time.perf_counter() > ends:
            break
    return times[min(WARM_UP, len(times) // 2) :]
