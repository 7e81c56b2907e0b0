"""Values with their intervals, a line each: what a column is worth, what a weight is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from pipelines.metrics import Interval
from pipelines.report import canvas
from pipelines.report.canvas import INK, PALETTE
from pipelines.report.wording import name

__all__ = ["spans"]

CHARACTER = 0.066  # inches, the mean of a tick label's letters


def spans(title: str, axis: str, values: Sequence[tuple[str, Interval]]) -> Figure:
    """The values from above down, their intervals as lines, a dotted line at zero."""
    names = [name(each, 26) for each, _ in values]
    margin = 0.25 + CHARACTER * max(map(len, names), default=0)
    high = 0.23 * len(values) + 0.1
    figure = canvas.empty(high + 0.85)
    ax = canvas.axes(figure, margin, 0.5, canvas.WIDTH - margin - 0.2, high, grid="x")
    ax.axvline(0, color=INK, alpha=0.6, linewidth=0.8, linestyle=":")
    for at, (_, it) in enumerate(values):
        if math.isfinite(it.low + it.high):
            ax.plot([it.low, it.high], [at, at], color=PALETTE[0], linewidth=1.6)
        ax.plot([it.value], [at], color=PALETTE[0], marker="o", markersize=4.5)
    ax.set_ylim(len(values) - 0.4, -0.6)
    ax.set_yticks(range(len(values)), names)
    canvas.as_they_stand(ax.get_yticklabels())
    canvas.label(ax, title, axis)
    return figure
