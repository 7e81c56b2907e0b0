"""Generated rows through the fitted pipeline and through every runtime at hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measuring import machine
from pipelines.estimators.registry import build
from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import Proof, prove
from pipelines.inference.portable import to_portable
from pipelines.inference.runtimes import RUNTIMES, Runtime

__all__ = ["sections"]

NUMBERS = [f"x{i}" for i in range(10)]
CATEGORIES = ["c0", "c1"]
WORDS = np.array(["north", "south", "east", "west"], dtype=object)
UNSEEN, GAPS = 0.01, 0.05  # shares of the rows
CLASSES = ["a", "b", "c"]
PART = 100_000
CANDIDATES: dict[str, dict[str, Any]] = {
    "logistic": {},
    "mlp": {"hidden_layer_sizes": (32,), "max_iter": 20},
    "decision_tree": {"max_depth": 12},
    "hist_gradient_boosting": {"max_iter": 50},
}


def table(rows: int, seed: int) -> pd.DataFrame:
    """Ten numbers of several scales and two categories, with gaps and, from seed 1 on, unseen."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for place, name in enumerate(NUMBERS):
        values = (rng.normal(size=rows) * 10.0 ** (place % 4)).astype(np.float32)
        columns[name] = np.where(rng.random(rows) < GAPS, np.nan, values.astype(np.float64))
    for name in CATEGORIES:
        values = WORDS[rng.integers(0, len(WORDS), rows)]
        if seed:
            values = np.where(rng.random(rows) < UNSEEN, "nowhere", values)
        columns[name] = np.where(rng.random(rows) < GAPS, "", values).astype(object)
    return pd.DataFrame(columns)


def contract() -> dict[str, Any]:
    """The contract of `table`."""
    columns: dict[str, Any] = {name: {"type": "number", "missing": True} for name in NUMBERS}
    for name in CATEGORIES:
        columns[name] = {"type": "category", "values": sorted(WORDS), "missing": True}
    return {"target": "y", "classes": CLASSES, "missing": [], "columns": columns}


def sections(short: bool) -> Iterator[tuple[str, str]]:
    """A table of candidates and runtimes: rows, ties, the largest difference, seconds."""
    rows, part = (5_000, 5_000) if short else (1_000_000, PART)
    train = table(20_000, 0)
    z = np.nan_to_num(train["x0"]) + (train["c0"] == "north") + np.nan_to_num(train["x1"]) / 10
    labels = np.array(CLASSES)[np.digitize(z, [-0.5, 1.0])]
    lines = []
    for name, parameters in CANDIDATES.items():
        pipeline = build(name, parameters, NUMBERS, CATEGORIES).fit(train, labels)
        graphs = {
            "model": to_onnx(pipeline, contract(), {}),
            "portable": to_portable(pipeline, contract(), {}),
        }
        for runtime in RUNTIMES:
            lines.append(f"| {name} | {_row(pipeline, graphs, runtime, rows, part)}")
    head = (
        "| candidate | runtime | graph | rows | other labels | ties | largest difference | on "
        "extremes | seconds |\n|---|---|---|---:|---:|---:|---:|---:|---:|\n"
    )
    yield (
        "",
        f"{rows:,} generated rows each, with gaps and values never seen, and the proof's own "
        "rows beside every part of them; the reference evaluator answers an even sample where "
        "it is slow, as in a training. A runtime that disagreed would stop the run.\n\n"
        + head
        + "\n".join(lines)
        + f"\n\n{machine()}\n",
    )


def _row(pipeline: Any, graphs: dict[str, bytes], runtime: Runtime, rows: int, part: int) -> str:
    """The rest of a line of the table."""
    proofs: list[Proof] = []
    started = time.perf_counter()
    for number in range(rows // part):
        X = table(part, 1 + number)
        proofs += prove(pipeline, graphs, X, contract(), [runtime])
        if proofs[-1].note:
            break
    took = time.perf_counter() - started
    last = proofs[-1]
    named = f"{runtime.name} {last.version}".strip()
    if last.note:
        return f"{named} | {runtime.graph} | not proven: {last.note} | | | | | |"
    sums = [sum(getattr(each, field) for each in proofs) for field in ("rows", "label_mismatches")]
    ties = sum(each.ties for each in proofs)
    most = max(each.max_difference for each in proofs)
    extreme = max(each.max_difference_extreme for each in proofs)
    return (
        f"{named} | {runtime.graph} | {sums[0]:,} | {sums[1]:,} | {ties:,} | {most:.1e} | "
        f"{extreme:.1e} | {took:.0f} |"
    )
