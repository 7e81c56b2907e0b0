"""Trees as one TreeEnsembleRegressor of ai.onnx.ml, which ONNX Runtime walks fastest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.inference.graph import Graph
from pipelines.inference.trees import Ensemble, rounded_down

__all__ = ["regressor"]


def regressor(graph: Graph, X: str, ensemble: Ensemble) -> str:
    """The sum over all trees of the leaf's values, plus base; float32 of shape (N, n_targets)."""
    attributes: dict[str, list[NDArray[Any]]] = {}

    def extend(**arrays: NDArray[Any]) -> None:
        for name, array in arrays.items():
            attributes.setdefault(name, []).append(array)

    for number, tree in enumerate(ensemble.trees):
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
        base_values=ensemble.base.astype(float).tolist(),
        n_targets=len(ensemble.base),
        post_transform="NONE",
        **{name: np.concatenate(arrays).tolist() for name, arrays in attributes.items()},
    )
