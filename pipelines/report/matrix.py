"""The confusion matrix as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.report import canvas
from pipelines.report.canvas import INK
from pipelines.report.curves import confusion_counts
from pipelines.report.wording import compact, name

__all__ = ["confusion"]

NUMBERED_CELLS = 100
CHARACTER = 0.066  # inches, the mean of a tick label's letters
SHADE = LinearSegmentedColormap.from_list("share", [(0.0, 0.35, 0.55, a) for a in (0.0, 1.0)])


def confusion(
    classes: Sequence[Any], codes: NDArray[np.int32], labels: NDArray[np.int32]
) -> Figure:
    """Rows of each true class that are given each class, shaded by their share of the class."""
    K = len(classes)
    cells = confusion_counts(labels, codes, K)
    names = [name(each, 14) for each in classes]
    margin = 0.42 + CHARACTER * max(map(len, names))
    side = min(6.0, max(2.4, 0.26 * K + 1.0))
    upright = CHARACTER * max(map(len, names)) > 0.95 * side / K
    foot = margin if upright else 0.5
    width = max(canvas.WIDTH, margin + side + 0.15)
    figure = canvas.empty(foot + side + 0.35, width)
    ax = canvas.axes(figure, margin, foot, width - margin - 0.15, side, grid="none")
    edges = np.arange(K + 1) - 0.5
    shares = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    ax.pcolormesh(edges, edges, np.ma.masked_equal(shares, 0), cmap=SHADE, vmin=0, vmax=1)
    for lines, lo, hi in ((ax.hlines, -0.5, K - 0.5), (ax.vlines, -0.5, K - 0.5)):
        lines(edges, lo, hi, color=INK, alpha=0.12, linewidth=0.6)
    _number_cells(ax, cells, shares, 72 * side / K, 72 * (width - margin - 0.15) / K)
    ax.set_xlim(-0.5, K - 0.5)
    ax.set_ylim(K - 0.5, -0.5)
    size = min(canvas.SMALL, 0.8 * 72 * side / K)
    ax.set_xticks(range(K), names, rotation=90 if upright else 0, fontsize=size)
    ax.set_yticks(range(K), names, fontsize=size)
    canvas.as_they_stand([*ax.get_xticklabels(), *ax.get_yticklabels()])
    ax.tick_params(length=0)
    right = cells.trace() / max(cells.sum(), 1)
    canvas.label(ax, f"Confusion: {100 * right:.1f} % right", "Predicted class", "True class")
    return figure


def _number_cells(
    ax: Axes, cells: NDArray[np.int64], shares: NDArray[Any], high: float, wide: float
) -> None:
    """Write the counts of the fullest cells, as large as a cell of that many points takes."""
    fullest = np.argsort(-cells, axis=None, kind="stable")[:NUMBERED_CELLS]
    for row, column in zip(*np.unravel_index(fullest, cells.shape), strict=True):
        if count := int(cells[row, column]):
            text = str(count) if count < 10_000 else compact(count)
            size = min(canvas.TEXT, 0.6 * high, wide / (0.7 * max(3, len(text))))
            colour = "#ffffff" if shares[row, column] > 0.62 else INK
            ax.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)
