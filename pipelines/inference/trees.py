"""Probabilities of trees, whichever way the graph walks them.

scikit-learn compares a float32 value x with a float64 threshold t; the graphs' thresholds
are float32. ``x <= t`` keeps its meaning when t is rounded down: the largest float32 no
larger than t has the same values at or below it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

from pipelines.inference.graph import ConversionError, Graph

__all__ = [
    "ENSEMBLES",
    "Ensemble",
    "Tree",
    "Write",
    "decision_tree",
    "gradient_boosting",
    "rounded_down",
]


@dataclass(frozen=True)
class Tree:
    """One tree as parallel arrays over its nodes; `left` and `right` are node numbers.

    `leaf` marks the leaves, `missing_left` where a missing value goes, `value` has shape
    (n_nodes, n_targets) and counts at the leaves, and `targets` names its columns.
    """

    feature: NDArray[Any]
    threshold: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    missing_left: NDArray[Any]
    leaf: NDArray[Any]
    value: NDArray[Any]
    targets: NDArray[Any]


def rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 at or below each threshold."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near > thresholds, below, near).astype(np.float32)


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaves are added up to raw values, with what the sum begins from.

    Attributes
    ----------
    trees : tuple of Tree
        Round by round; each round has the same targets in the same order.
    base : ndarray of float64, shape (n_targets,)
        Zero for a target that no tree has.
    features : int
        Width of the feature matrix.
    """

    trees: tuple[Tree, ...]
    base: NDArray[np.float64]
    features: int


Write = Callable[[Graph, str, Ensemble], str]


def decision_tree(graph: Graph, X: str, fitted: Any, write: Write) -> str:
    """The class shares of the leaf that each row falls into."""
    return write(graph, X, _shares(fitted))


def gradient_boosting(graph: Graph, X: str, fitted: Any, write: Write) -> str:
    """Softmax of the baseline plus the leaves of all trees; for two classes of (0, sum)."""
    return graph.Softmax(write(graph, X, _rounds(fitted)), axis=1)


def _shares(fitted: Any) -> Ensemble:
    tree = fitted.tree_
    shares = tree.value[:, 0, :]
    nodes = Tree(
        feature=tree.feature,
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        missing_left=tree.missing_go_to_left,
        leaf=tree.children_left < 0,
        value=shares / shares.sum(axis=1, keepdims=True),
        targets=np.arange(shares.shape[1]),
    )
    return Ensemble((nodes,), np.zeros(shares.shape[1]), fitted.n_features_in_)


def _rounds(fitted: Any) -> Ensemble:
    binary = fitted.n_trees_per_iteration_ == 1
    trees = []
    for iteration in fitted._predictors:
        for target, predictor in enumerate(iteration, start=int(binary)):
            nodes = predictor.nodes
            if nodes["is_categorical"].any():
                raise ConversionError(
                    "Gradient boosting with categorical splits has no graph here: leave "
                    "categorical_features unset; categories arrive one-hot encoded."
                )
            trees.append(
                Tree(
                    feature=nodes["feature_idx"],
                    threshold=nodes["num_threshold"],
                    left=nodes["left"],
                    right=nodes["right"],
                    missing_left=nodes["missing_go_to_left"],
                    leaf=nodes["is_leaf"].astype(bool),
                    value=nodes["value"][:, None],
                    targets=np.array([target]),
                )
            )
    base = np.ravel(fitted._baseline_prediction)
    base = np.concatenate([np.zeros(1), base]) if binary else base
    return Ensemble(tuple(trees), base, fitted.n_features_in_)


# What is known of how an estimator's trees are added up.
ENSEMBLES: dict[type, Callable[[Any], Ensemble]] = {
    DecisionTreeClassifier: _shares,
    HistGradientBoostingClassifier: _rounds,
}
