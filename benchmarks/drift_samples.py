"""Tables to draw from, and what may happen to a column, for the drift check's measurements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn import datasets

from flows.line import open_line
from pipelines.adapters import tables
from pipelines.config import contract
from pipelines.drift.profile import Profile, profile
from pipelines.records import Table
from pipelines.steps.ingest import ingest

__all__ = ["CHANGED", "SHIFTS", "TABLES", "Sample", "generated", "sample", "shifted"]

DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True)
class Sample:
    """A table to draw from: its record, its contract, and its rows with the target in words."""

    table: Table
    contract: dict[str, Any]

    @property
    def rows(self) -> pa.Table:
        """The features, and the labels under the target's name."""
        labels = pa.array(self.table.labels.tolist())
        return self.table.features.append_column(self.contract["target"], labels)

    def part(self, share: float, rng: np.random.Generator) -> Profile:
        """The profile of a random part of the rows."""
        n = len(self.table.codes)
        kept = np.sort(rng.permutation(n)[: round(share * n)])
        record = Table(
            self.table.features.take(pa.array(kept)),
            self.table.codes[kept],
            self.table.rows[kept],
            self.table.classes,
        )
        return profile(record, self.contract)


def configured(name: str) -> Sample:
    """A table of the project's data folder, read as `train` reads it."""
    config = open_line(DATA / f"{name}.toml", DATA.parent).config
    raw = tables.read(DATA / str(config.source.path))
    return Sample(ingest(raw.table, config, raw.place), contract(config))


def bundled(name: str) -> Sample:
    """One of scikit-learn's tables."""
    found = getattr(datasets, f"load_{name}")()
    columns = {f"x{i}": x.astype(np.float64) for i, x in enumerate(found.data.T)}
    return sample(columns, found.target)


def sample(columns: dict[str, Any], codes: NDArray[Any]) -> Sample:
    """A table of number columns (float64) and categories (text, "" for a gap)."""
    features = pa.table(columns)
    specs: dict[str, Any] = {}
    for name in features.column_names:
        if pa.types.is_string(features.column(name).type):
            values = sorted(set(features.column(name).to_pylist()) - {""})
            specs[name] = {"type": "category", "values": values, "missing": True}
        else:
            specs[name] = {"type": "number", "missing": True}
    classes = tuple(range(int(codes.max()) + 1))
    terms = {"target": "y", "classes": list(classes), "missing": [], "columns": specs}
    table = Table(features, codes.astype(np.int32), np.arange(len(codes)), classes)
    return Sample(table, terms)


def generated(rows: int, seed: int) -> Sample:
    """Heavy ties, rare categories, gaps, and columns that are nearly or wholly constant."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=(rows, 4))
    zipf = 1 / np.arange(1, 201) ** 1.5
    words = np.array([f"v{i}" for i in range(200)])
    columns: dict[str, Any] = {
        "normal": normal[:, 0],
        "tenths": np.round(normal[:, 1], 1),
        "mostly_zero": np.where(rng.random(rows) < 0.95, 0.0, np.exp(normal[:, 2])),
        "die": rng.integers(1, 7, rows).astype(np.float64),
        "two_in_a_thousand": (rng.random(rows) < 0.002).astype(np.float64),
        "constant": np.full(rows, 3.0),
        "gaps": np.where(rng.random(rows) < 0.02, np.nan, normal[:, 3]),
        "mostly_gaps": np.where(rng.random(rows) < 0.97, np.nan, normal[:, 3]),
        "rare": words[rng.choice(200, rows, p=zipf / zipf.sum())],
        "even": words[rng.integers(0, 40, rows)],
        "many": np.array([f"z{i}" for i in range(2_000)])[rng.integers(0, 2_000, rows)],
        "word_or_gap": np.where(rng.random(rows) < 0.1, "", "word"),
        "coin": np.where(rng.random(rows) < 0.5, "head", "tail"),
    }
    return sample(columns, (rng.random(rows) < 0.03).astype(np.int32))


def _moved(x: NDArray[np.float64], _: np.random.Generator) -> NDArray[np.float64]:
    return x + 0.2 * np.nanstd(x)


def _scaled(x: NDArray[np.float64], _: np.random.Generator) -> NDArray[np.float64]:
    return np.nanmean(x) + 1.3 * (x - np.nanmean(x))


def _in_feet(x: NDArray[np.float64], _: np.random.Generator) -> NDArray[np.float64]:
    return x / 0.3048


def _with_gaps(x: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.where(rng.random(len(x)) < 0.08, np.nan, x)


def _turned(words: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Five points of a hundred go from the most frequent value to the next."""
    values, counts = np.unique(words[words != ""], return_counts=True)
    first, second = values[np.argsort(-counts, kind="stable")[:2]]
    share = 0.05 * len(words) / max((words == first).sum(), 1)
    return np.where((words == first) & (rng.random(len(words)) < share), second, words)


def _swapped(words: NDArray[Any], _: np.random.Generator) -> NDArray[Any]:
    """The most and the least frequent value change places."""
    values, counts = np.unique(words[words != ""], return_counts=True)
    first, last = values[counts.argmax()], values[counts.argmin()]
    return np.where(words == first, last, np.where(words == last, first, words))


SHIFTS: dict[str, tuple[str, Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]]] = {
    "shift of 0.2 standard deviations": ("number", _moved),
    "scale × 1.3": ("number", _scaled),
    "metres → feet": ("number", _in_feet),
    "8 points more gaps": ("number", _with_gaps),
    "5 points of a category's share": ("category", _turned),
    "two categories swapped": ("category", _swapped),
}


def shifted(rows: pa.Table, column: str, what: str, rng: np.random.Generator) -> pa.Table:
    """The rows with one column changed."""
    values = rows.column(column).to_numpy(zero_copy_only=False)
    changed = SHIFTS[what][1](values, rng)
    if values.dtype.kind == "f" and (values == np.rint(values)).all():
        changed = np.rint(changed)
    return rows.set_column(rows.column_names.index(column), column, pa.array(changed))


TABLES: dict[str, Callable[[], Sample]] = {
    "penguins": partial(configured, "penguins"),
    "iris": partial(bundled, "iris"),
    "breast cancer": partial(bundled, "breast_cancer"),
    "digits": partial(bundled, "digits"),
    "adult": partial(configured, "adult"),
    "mnist-10k": partial(configured, "mnist-10k"),
    "ties, rare values, gaps": partial(generated, 60_000, 1),
}
CHANGED = {
    "penguins": ("bill_length_mm", "island"),
    "adult": ("age", "workclass"),
    "ties, rare values, gaps": ("normal", "rare"),
}
