"""The Predictor beside the bare session and the scikit-learn pipeline, on the same rows."""

from __future__ import annotations

import statistics
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pyarrow as pa

from benchmarks.measuring import Figure, median, seconds
from pipelines.estimators.registry import build
from pipelines.inference import Predictor
from pipelines.inference.convert import to_onnx
from pipelines.inference.serving import session_options

NUMBERS = [f"x{i}" for i in range(10)]
CATEGORIES = [f"c{i}" for i in range(4)]
WORDS = np.array(["north", "south", "east", "west", "up"], dtype=object)


def table(rows: int) -> pd.DataFrame:
    """Ten numbers and four categories a row."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {name: rng.normal(size=rows) for name in NUMBERS}
    columns |= {name: WORDS[rng.integers(0, len(WORDS), rows)] for name in CATEGORIES}
    return pd.DataFrame(columns)


def contract() -> dict[str, Any]:
    """The contract of `table`."""
    columns: dict[str, Any] = {name: {"type": "number", "missing": False} for name in NUMBERS}
    for name in CATEGORIES:
        columns[name] = {"type": "category", "values": sorted(WORDS), "missing": False}
    return {"target": "y", "classes": ["no", "yes"], "missing": [], "columns": columns}


def figures(rows: int, runs: int) -> list[Figure]:
    """One row and a batch, through each of the three."""
    train = table(5_000)
    labels = np.where(train["x0"] + (train["c0"] == "north") > 0.3, "yes", "no")
    pipeline = build("logistic", {}, NUMBERS, CATEGORIES).fit(train, labels)
    content = to_onnx(pipeline, contract(), {})
    predictor = Predictor.from_bytes(content)
    # The same options on both sides: one thread.
    session = onnxruntime.InferenceSession(
        content, session_options(), providers=["CPUExecutionProvider"]
    )
    return [
        *_one_row(pipeline, predictor, session),
        *_batches(pipeline, predictor, session, rows, runs),
    ]


def _feeds(X: pd.DataFrame) -> dict[str, Any]:
    arrays = {name: X[name].to_numpy(np.float32) for name in NUMBERS}
    return arrays | {name: X[name].to_numpy(object) for name in CATEGORIES}


def _one_row(pipeline: Any, predictor: Predictor, session: Any) -> list[Figure]:
    one = table(1)
    row, single = one.iloc[0].to_dict(), _feeds(one)
    bare, own = alternating(
        lambda: session.run(None, single), lambda: predictor.predict_proba(row), 1_000
    )
    frame = median(lambda: predictor.predict_proba(one), 300, 20)
    peer = median(lambda: pipeline.predict_proba(one), 100, 10)
    return [
        Figure("one row, bare session", bare * 1e6, "µs", runs=1_000),
        Figure(
            "one row from a dict, Predictor",
            own * 1e6,
            "µs",
            f"{own / bare:.2f} × the bare session; target 1.5 ×",
            1_000,
        ),
        Figure("one row from a DataFrame, Predictor", frame * 1e6, "µs", "target 150 µs", 300),
        Figure("one row from a DataFrame, scikit-learn pipeline", peer * 1e6, "µs", runs=100),
    ]


def _batches(
    pipeline: Any, predictor: Predictor, session: Any, rows: int, runs: int
) -> list[Figure]:
    batch = table(rows)
    ready, arrow = _feeds(batch), pa.Table.from_pandas(batch)
    columns = {name: batch[name].to_numpy() for name in batch}
    records = batch.head(rows // 10).to_dict(orient="records")
    million = rows / 1e6
    peer = million / median(lambda: pipeline.predict_proba(batch), runs)
    own = million / median(lambda: predictor.predict_proba(batch), runs)
    forms = {"an Arrow table": arrow, "a dict of arrays": columns}
    return [
        Figure(
            "batch, bare session, arrays ready",
            million / median(lambda: session.run(None, ready), runs),
            "M rows/s",
            runs=runs,
        ),
        Figure(
            "batch from a DataFrame, Predictor",
            own,
            "M rows/s",
            f"{own / peer:.1f} × scikit-learn, target 2.5 ×; target 2 M rows/s",
            runs,
        ),
        *(
            Figure(
                f"batch from {name}, Predictor",
                million / median(lambda form=form: predictor.predict_proba(form), runs),
                "M rows/s",
                runs=runs,
            )
            for name, form in forms.items()
        ),
        Figure(
            "batch from a list of dicts, Predictor",
            million / 10 / median(lambda: predictor.predict_proba(records), runs),
            "M rows/s",
            runs=runs,
        ),
        Figure("batch from a DataFrame, scikit-learn pipeline", peer, "M rows/s", runs=runs),
        Figure(
            "memory that a batch takes beyond its answer, Predictor",
            _peak_mb(lambda: predictor.predict_proba(batch)) - rows * 24 / 1e6,
            "MB",
            "NumPy's arrays",
        ),
    ]


def alternating(
    first: Callable[[], object], second: Callable[[], object], runs: int
) -> tuple[float, float]:
    """Median seconds of both, taken in turns, so that a busy machine slows both alike."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for times, work in zip(taken, (first, second), strict=True):
            times += seconds(work, 1, 0)
    return statistics.median(taken[0]), statistics.median(taken[1])


def _peak_mb(work: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
