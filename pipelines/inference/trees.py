"""Probabilities of trees, as one TreeEnsembleRegressor.

scikit-learn compares a float32 value x with a float64 threshold t; the operator's
thresholds are float32. ``x <= t`` keeps its meaning when t is rounded down: the largest
float32 no larger than t has the same values at or below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.inference.graph import ConversionError, Graph

__all__ = ["decision_tree", "gradient_boosting", "rounded_down"]


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


def decision_tree(graph: Graph, X: str, fitted: Any) -> str:
    """The class shares of the leaf that each row falls into."""
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
    return _ensemble(graph, X, [nodes], np.zeros(shares.shape[1]))


def gradient_boosting(graph: Graph, X: str, fitted: Any) -> str:
    """Softmax of the baseline plus the leaves of all trees; for two classes of (0, sum)."""
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
    return graph.Softmax(_ensemble(graph, X, trees, base), axis=1)


def _ensemble(graph: Graph, X: str, trees: Iterable[Tree], base: NDArray[np.float64]) -> str:
    """The sum over all trees of the leaf's values, plus base; shape (N, len(base))."""
    attributes: dict[str, list[NDArray[Any]]] = {}

    def extend(**arrays: NDArray[Any]) -> None:
        for name, array in arrays.items():
            attributes.setdefault(name, []).append(array)

    for number, tree in enumerate(trees):
        ids = np.arange(len(tree.leaf))
        inner = ~tree.leaf
        extend(
            nodes_treeids=np.full(len(ids), number),
            nodes_nodeids=ids,
            nodes_featureids=np.where(inner, tree.feature, 0),
            nodes_values=np.where(inner, rounded_down(tree.threshold), np.float32(0)),
            nodes_modes=np.where(inner, "BRANCH_LEQ", "LEAF"),
            nodes_truenodeids=np.where(inner, tree.left, 0),
            nodes_falsenodeids=np.where(inner, tree.right, 0),
            nodes_missing_value_tracks_true=(inner & (tree.missing_left != 0)).astype(int),
        )
        leaves, columns = np.nonzero(tree.leaf[:, None] & np.ones(len(tree.targets), dtype=bool))
        extend(
            target_treeids=np.full(len(leaves), number),
            target_nodeids=leaves,
            target_ids=tree.targets[columns],
            target_weights=tree.value[leaves, columns],
        )
    return graph.TreeEnsembleRegressor(
        X,
        domain="ai.onnx.ml",
        aggregate_function="SUM",
        base_values=base.astype(float).tolist(),
        n_targets=len(base),
        post_transform="NONE",
        **{name: np.concatenate(arrays).tolist() for name, arrays in attributes.items()},
    )
