"""How long one row takes through the session, as promote's budget counts it."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from pipelines.inference import Predictor

__all__ = ["row_latency_ms"]

WARM_UP = 20
RUNS = 200


def row_latency_ms(model: Path) -> float:
    """Median milliseconds from a dict of one row to its probabilities."""
    predictor = Predictor.load(model)
    row = dict.fromkeys(
        predictor.contract["columns"]
    )  # a row of gaps takes the same way as any other
    times = []
    for _ in range(WARM_UP + RUNS):
        started = time.perf_counter()
        predictor.predict_proba(row)
        times.append(time.perf_counter() - started)
    return statistics.median(times[WARM_UP:]) * 1e3
