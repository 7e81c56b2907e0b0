"""The rows of a proof: the test rows, and those on which a graph is likeliest to go wrong.

Beside the test rows there are

- probes: a typical row with one column at a time at its least and greatest value, at its
  bounds in the contract, missing, and at each category, an unseen one among them;
- mixtures: rows that take every column from its probes at random;
- thresholds: rows on both sides of the trees' thresholds (thresholds.py);
- extremes: a typical row with one number at a time far beyond all that was seen, up to the
  contract's bound, or to 1e24 where it has none. Beyond that a sum of products of float32
  may leave its range, where the Predictor refuses the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from pipelines.inference.parity.thresholds import threshold_rows

__all__ = ["FURTHEST", "ProofRows", "plain_rows", "probe_rows", "proof_rows"]

UNSEEN = "never seen in training"
FURTHEST = (1e6, 1e15, 1e24)
EXACT = 2.0**53  # an integer column holds no larger one
MIXTURES = 200
MOST_CATEGORIES = 256  # of one column
# A table of a thousand columns has some ten thousand probes of a thousand cells each.
MOST_CELLS = 20_000_000
KINDS = ("test row", "probe", "mixture of probes", "threshold", "extreme")
TEST, PROBE, MIXTURE, THRESHOLD, EXTREME = range(5)

# One row is the typical one with one column at another value.
Change = tuple[str, Any]


@dataclass(frozen=True)
class ProofRows:
    """The rows of a proof and what each is for.

    Attributes
    ----------
    table : DataFrame
        As ingest leaves it: float64 with NaN, text with "".
    kinds : ndarray of int8, shape (n_rows,)
        Places in `KINDS`.
    typical : dict
        Column → typical value.
    sampled : str
        What there was too much of to take all, in a sentence, or "".
    """

    table: pd.DataFrame
    kinds: NDArray[np.int8]
    typical: Mapping[str, Any]
    sampled: str = ""

    @property
    def extreme(self) -> NDArray[np.bool_]:
        """Which rows are extremes."""
        extreme: NDArray[np.bool_] = self.kinds == EXTREME
        return extreme

    def name(self, row: int) -> str:
        """A row for a person: «row 7» of the test rows, or «row 93 (a threshold)»."""
        kind = int(self.kinds[row])
        what = "an extreme" if kind == EXTREME else f"a {KINDS[kind]}"
        return f"row {row}" if kind == TEST else f"row {row} ({what})"

    def at(self, rows: NDArray[np.intp]) -> ProofRows:
        """These rows alone."""
        table = self.table.iloc[rows].reset_index(drop=True)
        return ProofRows(table, self.kinds[rows], self.typical, self.sampled)

    def sample(self, most: int) -> NDArray[np.intp]:
        """Positions of at most so many rows, half of them test rows, each kind taken evenly."""
        if len(self.kinds) <= most:
            return np.arange(len(self.kinds))
        test, made = (np.flatnonzero(each) for each in (self.kinds == TEST, self.kinds != TEST))
        share = min(len(made), max(most // 2, most - len(test)))
        return np.sort(np.concatenate([evenly(test, most - share), evenly(made, share)]))


def evenly(positions: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """So many of the positions, as far apart as they can be, the first and last among them."""
    if len(positions) <= count:
        return positions
    return positions[np.linspace(0, len(positions) - 1, count).round().astype(np.intp)]


def plain_rows(X: pd.DataFrame) -> ProofRows:
    """The rows of X and no others."""
    return ProofRows(X, np.zeros(len(X), dtype=np.int8), {})


def proof_rows(pipeline: Pipeline, X: pd.DataFrame, contract: Mapping[str, Any]) -> ProofRows:
    """The test rows X and all that the proof adds; the same rows for the same content.

    Extremes on which the pipeline itself leaves float32's range are left out: there is
    nothing to compare with.
    """
    specs = _columns(X, contract)
    X = X[list(specs)]
    typical = {name: _typical(X[name], spec) for name, spec in specs.items()}
    most = max(1_000, MOST_CELLS // max(len(specs), 1))
    probes, said = _probes(X, specs, typical, most)
    probes = _within_range(pipeline, probes)
    extremes = _within_range(
        pipeline, _changed(typical, specs, _taken(_far_changes(X, specs), most))
    )
    thresholds, more = threshold_rows(pipeline, X, pd.DataFrame([typical])[list(specs)])
    parts = [X, probes, _mixtures(probes), thresholds, extremes]
    kinds = np.repeat(np.arange(len(parts), dtype=np.int8), [len(part) for part in parts])
    table = pd.concat(parts, ignore_index=True)
    return ProofRows(table, kinds, typical, " ".join(filter(None, [said, more])))


def probe_rows(X: pd.DataFrame, contract: Mapping[str, Any]) -> pd.DataFrame:
    """A typical row with one column at a time at its least, greatest, missing or unseen value.

    The typical row has each number's median and each category's most frequent value; one
    more row has every column missing.
    """
    specs = _columns(X, contract)
    typical = {name: _typical(X[name], spec) for name, spec in specs.items()}
    return _probes(X, specs, typical, MOST_CELLS)[0]


def _probes(
    X: pd.DataFrame, specs: Mapping[str, Any], typical: Mapping[str, Any], most: int
) -> tuple[pd.DataFrame, str]:
    """The probes, and what was left out of them."""
    changes = [(name, value) for name in specs for value in _ends(X[name], specs[name])]
    taken = _taken(changes, most)
    gaps = {name: [_gap(spec)] for name, spec in specs.items()}
    plain = pd.DataFrame({name: [value] for name, value in typical.items()})
    table = pd.concat(
        [plain, pd.DataFrame(gaps), _changed(typical, specs, taken)], ignore_index=True
    )
    table = table.astype({name: _dtype(spec) for name, spec in specs.items()})
    left = len(taken) < len(changes)
    return table, f"Of {len(changes)} probes {len(taken)} were tried." if left else ""


def _taken(changes: Sequence[Change], most: int) -> list[Change]:
    return [changes[at] for at in evenly(np.arange(len(changes)), most)]


def _changed(
    typical: Mapping[str, Any], specs: Mapping[str, Any], changes: Sequence[Change]
) -> pd.DataFrame:
    """One typical row a change, with that change."""
    columns = {
        name: np.full(len(changes), typical[name], dtype=_dtype(spec))
        for name, spec in specs.items()
    }
    for row, (name, value) in enumerate(changes):
        columns[name][row] = value
    return pd.DataFrame(columns)


def _mixtures(probes: pd.DataFrame) -> pd.DataFrame:
    """Rows with each column drawn at random from its values among the probes."""
    rng = np.random.default_rng(0)
    columns = {}
    for name in probes.columns:
        values = probes[name].drop_duplicates().to_numpy()
        columns[name] = values[rng.integers(0, len(values), MIXTURES)]
    return pd.DataFrame(columns)


def _within_range(pipeline: Pipeline, table: pd.DataFrame) -> pd.DataFrame:
    """The rows whose features float32 holds."""
    with np.errstate(over="ignore", invalid="ignore"):
        features = np.asarray(pipeline[0].transform(table))
    held: pd.DataFrame = table[np.isfinite(features).all(axis=1)]
    return held


def _columns(X: pd.DataFrame, contract: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: spec for name, spec in contract["columns"].items() if name in X.columns}


def _dtype(spec: Mapping[str, Any]) -> Any:
    return object if spec["type"] == "category" else np.float64


def _gap(spec: Mapping[str, Any]) -> Any:
    return "" if spec["type"] == "category" else np.nan


def _typical(column: pd.Series[Any], spec: Mapping[str, Any]) -> Any:
    if spec["type"] == "category":
        present = column[column != ""]
        return sorted(present.mode())[0] if len(present) else ""
    # The lower median is a value of the column itself, exact in its precision.
    present = column.dropna()
    return float(np.sort(present)[(len(present) - 1) // 2]) if len(present) else np.nan


def _ends(column: pd.Series[Any], spec: Mapping[str, Any]) -> list[Any]:
    if spec["type"] == "category":
        unseen = UNSEEN
        while unseen in spec["values"]:
            unseen += "!"
        known = sorted({*spec["values"], *column} - {""})
        return ["", unseen, *(known[at] for at in evenly(np.arange(len(known)), MOST_CATEGORIES))]
    least, greatest = column.min(), column.max()
    bounds = [spec.get("min", least), spec.get("max", greatest)]
    return [np.nan, float(least), float(greatest), *map(float, bounds)]


def _far_changes(X: pd.DataFrame, specs: Mapping[str, Any]) -> list[Change]:
    """Each number far below and far above what was seen, as far as its contract allows."""
    changes: list[Change] = []
    for name, spec in specs.items():
        if spec["type"] in ("category", "boolean"):
            continue
        end = EXACT if spec["type"] in ("integer", "date") else np.inf
        low, high = float(spec.get("min", -end)), float(spec.get("max", end))
        far = {float(np.clip(sign * step, low, high)) for step in FURTHEST for sign in (-1, 1)}
        seen = X[name].min(), X[name].max()
        changes += [(name, value) for value in sorted(far) if not seen[0] <= value <= seen[1]]
    return changes
