"""Generated rows through the fitted pipeline and through every runtime at hand."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from benchmarks.measuring import machine
from pipelines.estimators.calibration import CalibratedClassifier, Costs, fit_isotonic
from pipelines.estimators.registry import build
from pipelines.inference.convert import to_onnx
from pipelines.inference.parity import Proof, prove
from pipelines.inference.portable import to_portable
from pipelines.inference.runtimes import RUNTIMES

__all__ = ["sections"]

REALS = [f"x{i}" for i in range(10)]
NUMBERS = [*REALS, "count", "flag", "day"]
CATEGORIES = ["c0", "c1"]
WORDS = np.array(["north", "south", "east", "west"], dtype=object)
UNSEEN, GAPS = 0.01, 0.05  # shares of the rows
CLASSES = ["a", "b", "c"]
COSTS = np.array([[0.0, 1.0, 3.0], [5.0, 0.0, 1.0], [2.0, 2.0, 0.0]])
PART = 100_000
CALIBRATED = "logistic, isotonic calibration, costs"
CANDIDATES: dict[str, tuple[str, dict[str, Any]]] = {
    "logistic": ("logistic", {}),
    CALIBRATED: ("logistic", {}),
    "sklearn_logistic": ("sklearn_logistic", {}),
    "mlp, relu": ("mlp", {"hidden_layer_sizes": (32,), "max_iter": 50}),
    "mlp, tanh": ("mlp", {"hidden_layer_sizes": (16, 8), "activation": "tanh", "max_iter": 50}),
    "linear_threshold": ("linear_threshold", {}),
    "decision_tree": ("decision_tree", {"max_depth": 12}),
    "hist_gradient_boosting": ("hist_gradient_boosting", {"max_iter": 50}),
}


def table(rows: int, seed: int) -> pd.DataFrame:
    """Numbers of every kind and two categories, with gaps and, from seed 1 on, unseen values."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for place, name in enumerate(REALS):
        values = (rng.normal(size=rows) * 10.0 ** (place % 4)).astype(np.float32)
        columns[name] = values.astype(np.float64)
    columns["count"] = rng.poisson(4, rows).astype(np.float64)
    columns["flag"] = rng.integers(0, 2, rows).astype(np.float64)
    columns["day"] = rng.integers(15_000, 20_000, rows).astype(np.float64)
    for name in NUMBERS:
        columns[name][rng.random(rows) < GAPS] = np.nan
    for name in CATEGORIES:
        values = WORDS[rng.integers(0, len(WORDS), rows)]
        if seed:
            values = np.where(rng.random(rows) < UNSEEN, "nowhere", values)
        columns[name] = np.where(rng.random(rows) < GAPS, "", values).astype(object)
    return pd.DataFrame(columns)


def contract() -> dict[str, Any]:
    """The contract of `table`."""
    columns: dict[str, Any] = {name: {"type": "number", "missing": True} for name in REALS}
    columns["count"] = {"type": "integer", "min": 0, "missing": True}
    columns["flag"] = {"type": "boolean", "missing": True}
    columns["day"] = {"type": "date", "unit": "day", "missing": True}
    for name in CATEGORIES:
        columns[name] = {"type": "category", "values": sorted(WORDS), "missing": True}
    return {"target": "y", "classes": CLASSES, "missing": [], "columns": columns}


def codes(X: pd.DataFrame, seed: int) -> np.ndarray:
    """A label's place a row: the classes overlap, as they do in life."""
    z = X["x0"] + (X["c0"] == "north") + X["x1"] / 10 + X["flag"] + (X["day"] - 17_500) / 2_500
    noise = np.random.default_rng(seed).logistic(scale=0.5, size=len(X))
    return np.digitize(np.nan_to_num(z) + noise, [0.0, 1.5])


def fitted(name: str) -> Pipeline:
    """The candidate, fitted on 20,000 rows; a calibrator on 5,000 others."""
    train = table(20_000, 0)
    estimator, parameters = CANDIDATES[name]
    made: Pipeline = build(estimator, parameters, NUMBERS, CATEGORIES)
    made.fit(train, np.array(CLASSES)[codes(train, 0)])
    if name != CALIBRATED:
        return made
    other = table(5_000, 10**6)
    calibrator = fit_isotonic(made.predict_proba(other), codes(other, 1))
    last = CalibratedClassifier(made[-1], calibrator, Costs(COSTS))
    return Pipeline([made.steps[0], ("estimator", last)])


@dataclass
class Found:
    """What a runtime was found to do over all parts."""

    proofs: list[Proof] = field(default_factory=list)

    @property
    def row(self) -> str:
        """Its line of the table."""
        last = self.proofs[-1]
        named = f"| {last.runtime} {last.version}".rstrip() + f" | {last.graph} |"
        if last.note:
            return f"{named} not proven: {last.note} | | | | |"
        rows, other, ties = (
            sum(getattr(each, name) for each in self.proofs)
            for name in ("rows", "label_mismatches", "ties")
        )
        most = max(each.max_difference for each in self.proofs)
        extreme = max(each.max_difference_extreme for each in self.proofs)
        return f"{named} {rows:,} | {other:,} | {ties:,} | {most:.1e} | {extreme:.1e} |"


def sections(short: bool) -> Iterator[tuple[str, str]]:
    """What is done; then a table a candidate, as they come: rows, ties, the largest difference."""
    rows, part = (5_000, 5_000) if short else (1_000_000, PART)
    yield (
        "",
        f"{rows:,} generated rows a candidate ({len(REALS)} reals, an integer, a boolean, a date, "
        f"{len(CATEGORIES)} categories, with gaps and values never seen), and the proof's own "
        f"rows beside every {part:,} of them; the reference evaluator answers an even sample "
        "where it is slow, as in a training. A runtime that disagreed would stop the run.\n\n"
        f"{machine()}\n",
    )
    for name in CANDIDATES:
        yield name, _table(name, rows, part)


def _table(name: str, rows: int, part: int) -> str:
    """The candidate's table."""
    pipeline = fitted(name)
    graphs = {
        "model": to_onnx(pipeline, contract(), {}),
        "portable": to_portable(pipeline, contract(), {}),
    }
    found = {runtime: Found() for runtime in RUNTIMES}
    asked = list(RUNTIMES)
    started = time.perf_counter()
    for number in range(rows // part):
        proofs = prove(pipeline, graphs, table(part, 1 + number), contract(), asked)
        for runtime, proof in zip(asked, proofs, strict=True):
            found[runtime].proofs.append(proof)
        asked = [runtime for runtime in asked if not found[runtime].proofs[-1].note]
        took = time.perf_counter() - started
        done = (number + 1) * part
        print(f"{name}: {done:,} of {rows:,} rows, {took:.0f} s", file=sys.stderr, flush=True)
    head = (
        "| runtime | graph | rows | other labels | ties | largest difference | on extremes |\n"
        "|---|---|---:|---:|---:|---:|---:|\n"
    )
    return head + "\n".join(each.row for each in found.values()) + "\n"
