"""Figures of predicted probabilities, as matplotlib figures that no global state touches.

Conventions: `classes` are the K labels, `P` has shape (n, K), `codes` holds each row's class as
0 … K−1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from pipelines.metrics import Interval
from pipelines.report import canvas
from pipelines.report.canvas import INK, LINES, PALETTE, png, svg
from pipelines.report.curves import (
    Curve,
    precision_recall_curve,
    reliability,
    roc_curve,
    thin,
    working_point,
)
from pipelines.report.matrix import confusion
from pipelines.report.wording import compact, name, number

__all__ = [
    "calibration",
    "candidate_figures",
    "candidates",
    "confusion",
    "loss_curve",
    "png",
    "precision_recall",
    "roc",
    "svg",
]

POINTS = 500
NAMED = 10
CHARACTER = 0.066  # inches, the mean of a tick label's letters


def candidate_figures(
    classes: Sequence[Any],
    codes: NDArray[np.int32],
    P: NDArray[Any],
    labels: NDArray[np.int32],
    curve: Sequence[float] = (),
) -> dict[str, Figure]:
    """What is kept of every candidate: file name without its ending → figure."""
    figures = {
        "roc": roc(classes, codes, P, labels),
        "precision_recall": precision_recall(classes, codes, P, labels),
        "calibration": calibration(classes, codes, P),
        "confusion": confusion(classes, codes, labels),
    }
    return figures | ({"loss_curve": loss_curve(curve)} if len(curve) else {})


def roc(
    classes: Sequence[Any], codes: NDArray[np.int32], P: NDArray[Any], labels: NDArray[np.int32]
) -> Figure:
    """ROC curves: of class 1, or with more than two classes of each against the rest.

    A diamond marks where the labels stand.
    """
    curves = _one_against_rest(roc_curve, codes, P)
    figure, ax = _square(len(curves))
    ax.plot([0, 1], [0, 1], color=INK, alpha=0.45, linewidth=0.8, linestyle=":")
    ax.text(0.6, 0.55, "chance", fontsize=canvas.SMALL, color=INK, alpha=0.7)
    area = _draw(figure, ax, classes, curves, "default")
    at = {k: working_point(labels == k, codes == k) for k in curves}
    _mark(ax, {k: (it.false_positive_rate, it.recall) for k, it in at.items()})
    of = f" for {name(classes[1])}" if len(curves) == 1 else ""
    canvas.label(ax, f"ROC AUC {area}{of}", "False positive rate", "True positive rate")
    return figure


def precision_recall(
    classes: Sequence[Any], codes: NDArray[np.int32], P: NDArray[Any], labels: NDArray[np.int32]
) -> Figure:
    """Precision-recall curves: of class 1, or with more than two classes of each.

    A diamond marks where the labels stand.
    """
    curves = _one_against_rest(precision_recall_curve, codes, P)
    figure, ax = _square(len(curves))
    area = _draw(figure, ax, classes, curves, "steps-pre")
    at = {k: working_point(labels == k, codes == k) for k in curves}
    _mark(ax, {k: (it.recall, it.precision) for k, it in at.items()})
    title = f"Average precision {area}"
    if len(curves) == 1:
        title = f"Average precision {area} for {name(classes[1])}"
        base = float((codes == 1).mean())
        ax.axhline(base, color=INK, alpha=0.45, linewidth=0.8, linestyle=":")
        y, va = (base + 0.015, "bottom") if base < 0.5 else (base - 0.015, "top")
        ax.text(0.01, y, "chance", fontsize=canvas.SMALL, color=INK, alpha=0.7, va=va)
    canvas.label(ax, title, "Recall", "Precision")
    return figure


def _one_against_rest(
    curve: Callable[[NDArray[np.bool_], NDArray[Any]], Curve],
    codes: NDArray[np.int32],
    P: NDArray[Any],
) -> dict[int, Curve]:
    K = P.shape[1]
    return {k: curve(codes == k, P[:, k]) for k in ([1] if K == 2 else range(K))}


def _square(curves: int) -> tuple[Figure, Axes]:
    foot = canvas.legend_height(min(curves, NAMED + 1)) if curves > 1 else 0.0
    figure = canvas.empty(3.7 + foot)
    ax = canvas.axes(figure, 0.6, 0.5 + foot, 4.05, 2.85)
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.02)
    return figure, ax


def _draw(
    figure: Figure, ax: Axes, classes: Sequence[Any], curves: Mapping[int, Curve], steps: Any
) -> str:
    """Draw the curves, the weakest ten with a name, and give the mean area in words."""
    thinned = {
        k: thin(it.x, it.y, POINTS if len(curves) <= NAMED else 200) for k, it in curves.items()
    }
    mean = number(float(np.mean([it.area for it in curves.values()])))
    if len(curves) == 1:
        for x, y in thinned.values():
            ax.plot(x, y, color=PALETTE[0], linewidth=1.6, drawstyle=steps)
        return mean
    # NaN sorts last: a class without rows is named only where there is room.
    weakest = sorted(curves, key=lambda k: (math.isnan(curves[k].area), curves[k].area))[:NAMED]
    rest = [np.column_stack(thinned[k]) for k in curves if k not in weakest]
    ax.add_collection(LineCollection(rest, colors=INK, alpha=0.3, linewidths=0.7))
    handles, names = [], []
    for k, (colour, dashes) in zip(sorted(weakest), LINES, strict=False):
        style = {"color": colour, "linestyle": dashes, "linewidth": 1.4}
        handles += ax.plot(*thinned[k], drawstyle=steps, **style)
        names.append(f"{name(classes[k])}  {number(curves[k].area)}")
    if rest:
        handles.append(Line2D([], [], color=INK, alpha=0.3, linewidth=0.7))
        names.append(f"{len(rest)} others, none lower")
    canvas.legend(figure, handles, names, 0.5)
    return f"{mean}, mean of {len(curves)} classes"


def _mark(ax: Axes, points: Mapping[int, tuple[float, float]]) -> None:
    """Draw a diamond at each point; one that stands alone is called the working threshold."""
    for x, y in points.values():
        ax.plot([x], [y], color=INK, marker="D", markersize=5, linestyle="none", zorder=4)
        if len(points) == 1 and math.isfinite(x + y):
            right = x < 0.6
            ax.annotate(
                "working threshold",
                (x, y),
                (8 if right else -8, -12),
                textcoords="offset points",
                ha="left" if right else "right",
                fontsize=canvas.SMALL,
                color=INK,
            )


def calibration(classes: Sequence[Any], codes: NDArray[np.int32], P: NDArray[Any]) -> Figure:
    """Reliability diagram in 15 bins with 95 % Wilson bounds; the rows of each bin below."""
    it = reliability(P, codes)
    binary = P.shape[1] == 2
    figure = canvas.empty(3.7)
    ax = canvas.axes(figure, 0.6, 1.28, 4.05, 2.07)
    ax.plot([0, 1], [0, 1], color=INK, alpha=0.45, linewidth=0.8, linestyle=":")
    filled = it.counts > 0
    x, y = it.predicted[filled], it.observed[filled]
    ax.vlines(x, it.low[filled], it.high[filled], color=PALETTE[0], alpha=0.5, linewidth=1.4)
    ax.plot(x, y, color=PALETTE[0], linewidth=1.2, marker="o", markersize=3.5)
    ax.set_ylim(-0.02, 1.02)
    canvas.label(ax, f"Calibration: mean gap {number(it.gap)}", "", "Observed frequency")
    below = canvas.axes(figure, 0.6, 0.5, 4.05, 0.5, grid="none")
    middles = (np.arange(len(it.counts)) + 0.5) / len(it.counts)
    below.bar(middles, it.counts, width=0.85 / len(it.counts), color=PALETTE[0], alpha=0.6)
    for middle, count in zip(middles, it.counts, strict=True):
        text = compact(int(count))
        below.text(middle, count, text, ha="center", va="bottom", fontsize=6.5, color=INK)
    below.set_yticks([])
    below.set_ylim(0, 1.35 * max(1, it.counts.max()))
    of = f"Probability of {name(classes[1])}" if binary else "Probability of the predicted class"
    canvas.label(below, "", of, "Rows")
    for each in (ax, below):
        each.set_xlim(-0.02, 1.02)
    ax.tick_params(labelbottom=False)
    return figure


def loss_curve(curve: Sequence[float]) -> Figure:
    """The training loss after each epoch or iteration."""
    values = np.asarray(curve, dtype=np.float64)
    figure = canvas.empty(3.7)
    ax = canvas.axes(figure, 0.7, 0.5, 3.95, 2.85)
    x, y = np.arange(1.0, len(values) + 1), values
    if len(values) > POINTS:
        at = np.unique(np.linspace(0, len(values) - 1, POINTS).round().astype(int))
        x, y = x[at], y[at]
    ax.plot(x, y, color=PALETTE[0], linewidth=1.4, marker="o" if len(x) < 3 else "")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    _spread(ax, "y", y)
    last = number(float(values[-1])) if len(values) else "–"
    canvas.label(ax, f"Training loss: {last} at the end", "Epoch or iteration", "Loss (nats a row)")
    return figure


def candidates(scores: Mapping[str, Mapping[str, Interval]], winner: str) -> Figure:
    """Log loss on the test rows with its interval, a candidate a line, the best at the top."""
    losses = {each: metrics["log_loss"] for each, metrics in scores.items()}
    order = sorted(losses, key=lambda each: (math.isnan(losses[each].value), losses[each].value))
    names = [name(each, 24) for each in order]
    margin = 0.3 + CHARACTER * max(map(len, names), default=0)
    high = 0.27 * len(order) + 0.1
    figure = canvas.empty(high + 0.85)
    ax = canvas.axes(figure, margin, 0.5, canvas.WIDTH - margin - 0.2, high, grid="x")
    for at, each in enumerate(order):
        it, won = losses[each], each == winner
        colour = PALETTE[0] if won else INK
        ax.plot([it.low, it.high], [at, at], color=colour, linewidth=2.2 if won else 1.2)
        ax.plot([it.value], [at], color=colour, marker="D" if won else "o", markersize=5)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.set_yticks(range(len(order)), names)
    ticks = ax.get_yticklabels()
    canvas.as_they_stand(ticks)
    for each, text in zip(order, ticks, strict=True):
        text.set_fontweight("bold" if each == winner else "normal")
    _spread(ax, "x", [bound for it in losses.values() for bound in (it.value, it.low, it.high)])
    canvas.label(ax, "Candidates on the test rows", "Log loss (nats a row, lower is better)")
    return figure


def _spread(ax: Axes, which: str, values: Any) -> None:
    """Make the axis logarithmic where the values span more than a factor of ten."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size == 0 or known.min() <= 0 or known.max() / known.min() < 10:
        return
    ax.set(**{f"{which}scale": "log"})
    axis = ax.xaxis if which == "x" else ax.yaxis
    few = known.max() / known.min() < 1_000
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
