"""Trees in core operators: all rows go down all trees at once, a level at a time.

The nodes of all trees stand one after the other in tables. With s the node at which each
row stands in each tree, shape (N, trees), a level is::

    x = X[row, feature[s]]
    s = left[s] if x <= threshold[s] else right[s]

GatherElements says x; of 64 columns and more, where the reference evaluator cannot compute it,
a Gather of X written row by row, which takes a fifth longer.

A leaf leads to itself, so rows that have arrived stay where they are.

Leaf values are added without rounding, so that every runtime finds the same sum in whatever
order it adds: a value is split into a multiple of a power of two so coarse that any sum of
these fits float32's 24 bits, and a small rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from pipelines.inference.graph import Graph
from pipelines.inference.trees import Ensemble, rounded_down

__all__ = ["table_bytes", "walk"]

BITS = 24  # of a float32's significand
ENTRY = 4  # bytes of a number in the tables
NARROW = 63  # columns; the reference evaluator gathers elements of no more


@dataclass(frozen=True)
class Table:
    """The nodes of all trees; `left` and `right` are places in this table.

    `value` has shape (n_nodes, targets of a tree, parts): parts are the coarse one and, where
    there are several trees, the rest. `levels` is the depth of the deepest tree, at least 1.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    leaf: NDArray[np.bool_]
    value: NDArray[np.float32]
    base: NDArray[np.float32]
    roots: NDArray[np.int32]
    levels: int


def table_bytes(ensemble: Ensemble) -> int:
    """What the tables take in the file."""
    parts = 1 if len(ensemble.trees) == 1 else 2
    return sum(len(tree.leaf) * ENTRY * (4 + parts * len(tree.targets)) for tree in ensemble.trees)


def walk(graph: Graph, X: str, ensemble: Ensemble) -> str:
    """The sum over all trees of the leaf's values, plus base; float32 of shape (N, n_targets)."""
    table = _table(ensemble)
    X, feature, width = _gaps_directed(graph, X, table, ensemble.features)
    at = _first(graph, X, table, feature)
    if table.levels > 1:
        read = (_elements if width <= NARROW else _row_by_row)(graph, X, width)
        nodes = (feature, table.threshold, table.left, table.right)
        names = [graph.constant(each) for each in nodes]
    for _ in range(table.levels - 1):
        column, threshold, left, right = (graph.Gather(name, at, axis=0) for name in names)
        at = graph.Where(graph.LessOrEqual(read(column), threshold), left, right)
    targets, parts = table.base.shape
    values = graph.Gather(table.value, at, axis=0)
    # Not −1 for the rounds, which of no row at all could be any number.
    rounds = table.roots.size * table.value.shape[1] // targets
    values = graph.Reshape(values, np.array([0, rounds, targets, parts]))
    sums = graph.Add(graph.ReduceSum(values, np.array([1]), keepdims=0), table.base[None])
    total = graph.ReduceSum(sums, np.array([2]), keepdims=0)
    absent = len(ensemble.base) - targets
    return graph.Pad(total, np.array([0, absent, 0, 0])) if absent else total


def _first(graph: Graph, X: str, table: Table, feature: NDArray[np.int32]) -> str:
    """Where the rows stand after the roots, shape (N, trees)."""
    roots = table.roots
    x = graph.Gather(X, feature[roots], axis=1)
    below = graph.LessOrEqual(x, table.threshold[roots][None, :])
    return graph.Where(below, table.left[roots][None, :], table.right[roots][None, :])


def _gaps_directed(
    graph: Graph, X: str, table: Table, features: int
) -> tuple[str, NDArray[np.int32], int]:
    """X such that a gap goes the way of its node, each node's column in it, and its width.

    A gap is at most no threshold, so it goes right. Where a node sends it left, the column is
    one in which gaps are −∞; where some nodes do and some do not, X has each column twice.
    """
    inner = ~table.leaf
    left = table.missing_left[inner]
    if not left.any():
        return X, table.feature, features
    lowest = np.array(-np.inf, dtype=np.float32)
    directed = graph.Where(graph.IsNaN(X), lowest, X)
    if left.all():
        return directed, table.feature, features
    moved = table.feature + np.where(inner & ~table.missing_left, features, 0)
    return graph.Concat(directed, X, axis=1), moved.astype(np.int32), 2 * features


def _elements(graph: Graph, X: str, _: int) -> Callable[[str], str]:
    """Reads X[row, column] of columns of shape (N, trees)."""
    return lambda column: graph.GatherElements(X, column, axis=1)


def _row_by_row(graph: Graph, X: str, width: int) -> Callable[[str], str]:
    """The same, of X as one vector: places are int64, which pass 2³¹ in a million wide rows."""
    rows = graph.Squeeze(graph.Shape(X, start=0, end=1))
    numbers = graph.Range(np.array(0), rows, np.array(1))
    starts = graph.Mul(graph.Unsqueeze(numbers, np.array([1])), np.array(width))
    flat = graph.Reshape(X, np.array([-1]))

    def read(column: str) -> str:
        place = graph.Add(starts, graph.Cast(column, to=TensorProto.INT64))
        return graph.Gather(flat, place, axis=0)

    return read


def _table(ensemble: Ensemble) -> Table:
    trees = ensemble.trees
    sizes = [len(tree.leaf) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    leaf = np.concatenate([tree.leaf for tree in trees]).astype(bool)
    own = np.arange(len(leaf))
    shift = np.repeat(roots, sizes)
    left, right = (
        np.where(leaf, own, np.concatenate([getattr(tree, side) for tree in trees]) + shift)
        for side in ("left", "right")
    )
    threshold = np.concatenate([rounded_down(tree.threshold) for tree in trees])
    feature = np.concatenate([tree.feature for tree in trees])
    value, base = _split(ensemble, leaf)
    return Table(
        feature=np.where(leaf, 0, feature).astype(np.int32),
        threshold=np.where(leaf, np.float32(0), threshold).astype(np.float32),
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        missing_left=np.concatenate([tree.missing_left for tree in trees]).astype(bool),
        leaf=leaf,
        value=value,
        base=base,
        roots=roots.astype(np.int32),
        levels=_levels(left, right, leaf, roots),
    )


def _levels(
    left: NDArray[np.intp],
    right: NDArray[np.intp],
    leaf: NDArray[np.bool_],
    roots: NDArray[np.intp],
) -> int:
    """How many steps lead from the roots to the furthest leaf, at least 1."""
    levels, front = 0, roots[~leaf[roots]]
    while front.size:
        levels += 1
        front = np.concatenate([left[front], right[front]])
        front = front[~leaf[front]]
    return max(levels, 1)


def _split(
    ensemble: Ensemble, leaf: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Leaf values and base in parts whose sums over the trees are exact."""
    value = np.concatenate([tree.value for tree in ensemble.trees]).astype(np.float64)
    value[~leaf] = 0
    used = sorted({int(target) for tree in ensemble.trees for target in tree.targets})
    base = ensemble.base[used]
    if len(ensemble.trees) == 1:
        return value[:, :, None].astype(np.float32), base[:, None].astype(np.float32)
    largest = [np.abs(tree.value[tree.leaf]).max(initial=0.0) for tree in ensemble.trees]
    bound = float(np.sum(largest) + np.abs(base).max(initial=0.0))
    # Of sums within ±bound, one bit more for the roundings.
    step = 2.0 ** (np.ceil(np.log2(bound)) + 1 - BITS) if bound > 0 else 1.0
    return _parts(value, step), _parts(base, step)


def _parts(values: NDArray[np.float64], step: float) -> NDArray[np.float32]:
    coarse = np.rint(values / step) * step
    return np.stack([coarse, values - coarse], axis=-1).astype(np.float32)
