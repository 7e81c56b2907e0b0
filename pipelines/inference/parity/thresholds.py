"""Rows on both sides of every threshold of a tree or of boosted trees.

A tree asks ``x ≤ t``, with x float32. The row just left of it has the largest float32 that is
no greater than t, the row just right the next one. Each threshold is tried on a row that
comes to its node, so that the answer hangs on it; where none does, on the typical row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from pipelines.estimators.calibration.classifier import uncalibrated
from pipelines.estimators.preprocessing import Preprocessor
from pipelines.inference.trees import rounded_down

__all__ = ["MOST_THRESHOLDS", "threshold_rows"]

MOST_THRESHOLDS = 4_000
REACHING = 2_000  # rows that are sent down the trees to find one a node
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Nodes:
    """One tree as parallel arrays over its nodes; -1 is no child."""

    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    missing_left: NDArray[np.bool_]


def threshold_rows(
    pipeline: Pipeline, X: pd.DataFrame, typical: pd.DataFrame
) -> tuple[pd.DataFrame, str]:
    """Two rows a threshold, and what was left out; none where the pipeline has no trees.

    X and `typical`, which is one row, hold the columns as ingest leaves them.
    """
    preprocessor: Preprocessor = pipeline[0]
    trees = list(_trees(uncalibrated(pipeline[-1])))
    splits = np.array(
        [(at, node) for at, tree in enumerate(trees) for node in np.flatnonzero(tree.left >= 0)],
        dtype=np.intp,
    ).reshape(-1, 2)
    if not len(splits):
        return X.head(0), ""
    count = len(splits)
    if count > MOST_THRESHOLDS:
        splits = splits[np.linspace(0, count - 1, MOST_THRESHOLDS).round().astype(np.intp)]
    step = max(1, -(-len(X) // REACHING))
    candidates = pd.concat([typical, X.iloc[::step]], ignore_index=True)
    features = preprocessor.transform(candidates)
    starts = np.empty(len(splits), dtype=np.intp)
    for at in np.unique(splits[:, 0]):
        here = splits[:, 0] == at
        starts[here] = _reaching(trees[at], features)[splits[here, 1]]
    table = candidates.iloc[np.repeat(starts, 2)].reset_index(drop=True)
    _place(table, preprocessor, [(trees[at], node) for at, node in splits])
    left_out = f"Of {count} thresholds {len(splits)} were tried." if count > len(splits) else ""
    return table, left_out


def _trees(estimator: Any) -> Iterator[Nodes]:
    if isinstance(estimator, DecisionTreeClassifier):
        tree = estimator.tree_
        yield Nodes(
            tree.feature,
            tree.threshold,
            tree.children_left,
            tree.children_right,
            tree.missing_go_to_left.astype(bool),
        )
    elif isinstance(estimator, HistGradientBoostingClassifier):
        for predictor in (each for iteration in estimator._predictors for each in iteration):
            nodes = predictor.nodes
            leaf = nodes["is_leaf"].astype(bool)
            left, right = (
                np.where(leaf, -1, nodes[side].astype(np.intp)) for side in ("left", "right")
            )
            yield Nodes(
                nodes["feature_idx"].astype(np.intp),
                nodes["num_threshold"],
                left,
                right,
                nodes["missing_go_to_left"].astype(bool),
            )


def _reaching(tree: Nodes, features: NDArray[np.float32]) -> NDArray[np.intp]:
    """For each node the first row that comes to it; 0, the typical one, where none does."""
    first = np.full(len(tree.left), -1, dtype=np.intp)
    rows = np.arange(len(features))
    at = np.zeros(len(features), dtype=np.intp)
    while len(rows):
        # The last assignment stays, so backwards: the first row of each node.
        new = first[at] < 0
        first[at[new][::-1]] = rows[new][::-1]
        inner = tree.left[at] >= 0
        rows, at = rows[inner], at[inner]
        x = features[rows, tree.feature[at]]
        goes_left = np.where(np.isnan(x), tree.missing_left[at], x <= tree.threshold[at])
        at = np.where(goes_left, tree.left[at], tree.right[at])
    return np.maximum(first, 0)


def _place(
    table: pd.DataFrame, preprocessor: Preprocessor, splits: list[tuple[Nodes, np.intp]]
) -> None:
    """Set each pair of rows to the two sides of its threshold, in place."""
    numbers = np.flatnonzero(preprocessor.kept_)
    flags = np.flatnonzero(preprocessor.flagged_)
    categories = [
        (name, value)
        for name, values in zip(preprocessor.categories, preprocessor.values_, strict=True)
        for value in values
    ]
    columns = {name: table[name].to_numpy(copy=True) for name in table.columns}
    for pair, (tree, node) in enumerate(splits):
        feature, rows = int(tree.feature[node]), slice(2 * pair, 2 * pair + 2)
        if feature < len(numbers):
            j = numbers[feature]
            columns[preprocessor.numbers[j]][rows] = _sides(
                float(tree.threshold[node]), preprocessor, int(j)
            )
        elif feature < len(numbers) + len(flags):
            j = flags[feature - len(numbers)]
            columns[preprocessor.numbers[j]][rows] = [preprocessor.medians_[j], np.nan]
        else:
            name, value = categories[feature - len(numbers) - len(flags)]
            others = [each for known, each in categories if known == name and each != value]
            columns[name][rows] = [others[0], value]
    for name, values in columns.items():
        table[name] = values


def _sides(threshold: float, preprocessor: Preprocessor, j: int) -> list[float]:
    """The column's values whose features are the threshold's neighbours in float32.

    Of a column that is scaled, x = z σ + μ of both features z.
    """
    near = rounded_down(np.array([np.clip(threshold, -LARGEST, LARGEST)]))[0]
    sides = [float(near), float(np.nextafter(near, np.float32(np.inf)))]
    # A threshold at float32's end only parts missing values from the others.
    sides = [side if abs(side) < LARGEST else np.nan for side in sides]
    mean, scale = float(preprocessor.means_[j]), float(preprocessor.scales_[j])
    return [side * scale + mean for side in sides]
