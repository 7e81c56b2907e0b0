"""What candidates answer on a plane of two columns: regions, the boundary, some test rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pipelines.records.explanation import Plane, Surface
from pipelines.report import canvas
from pipelines.report.canvas import INK, PALETTE
from pipelines.report.wording import name, share

__all__ = ["MOST_CLASSES", "boundary", "said"]

# As many classes as there are markers and colours that stay apart.
MARKERS = ("o", "^", "s", "D", "v")
COLOURS = PALETTE
MOST_CLASSES = len(COLOURS)
STEPS = np.linspace(0.0, 1.0, 6)
WIDTH = 3.5  # inches: three stand side by side
MARGIN = 0.3  # inches: half a label of a tick that stands at the right end
PALE = 0.45  # the strongest shade, so that the rows stand out


def boundary(plane: Plane, surface: Surface, classes: Sequence[Any]) -> Figure:
    """One candidate's regions, a shade deeper where it is surer; the rows by their true class."""
    shown = _shown(plane, surface)
    foot = canvas.legend_height(len(shown))
    figure = canvas.empty(2.95 + foot, WIDTH)
    ax = canvas.axes(figure, 0.65, 0.5 + foot, WIDTH - 0.65 - MARGIN, 2.1, grid="none")
    x, y = np.array(plane.across), np.array(plane.up)
    labels = np.array(surface.labels).reshape(len(y), len(x))
    P = np.array(surface.probability).reshape(labels.shape)
    cut = _cut(labels, P) if len(classes) == 2 else None
    if cut is None:
        _regions(ax, x, y, labels, P)
    else:
        _bands(ax, x, y, P, cut)
    for k in shown:
        at = np.array(plane.rows_codes) == k
        ax.plot(
            np.array(plane.rows_x)[at],
            np.array(plane.rows_y)[at],
            MARKERS[k],
            color=COLOURS[k],
            markersize=3.6,
            markeredgecolor="white",
            markeredgewidth=0.4,
        )
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    canvas.label(ax, name(surface.candidate, 28), name(plane.x, 30), name(plane.y, 24))
    handles = [
        Line2D([], [], color=COLOURS[k], marker=MARKERS[k], linestyle="none", markersize=5)
        for k in shown
    ]
    canvas.legend(figure, handles, [name(classes[k]) for k in shown], 0.65)
    return figure


def _shown(plane: Plane, surface: Surface) -> list[int]:
    return sorted({*plane.rows_codes, *surface.labels})


def _cut(labels: NDArray[np.int_], P: NDArray[np.float64]) -> float | None:
    """The probability from which on the second of two labels is given, if there is one."""
    below = P[labels == 0].max(initial=0.0)
    above = P[labels == 1].min(initial=1.0)
    return float(below + above) / 2 if below <= above else None


def _bands(
    ax: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    P: NDArray[np.float64],
    cut: float,
) -> None:
    """Shade the probability of the second of two classes, in its colour from the cut on."""
    inside = np.clip(P, 1e-9, 1 - 1e-9)
    levels = np.unique([*STEPS, cut])
    middles = (levels[:-1] + levels[1:]) / 2
    shades = [to_rgba(COLOURS[int(p > cut)], PALE * (p if p > cut else 1 - p)) for p in middles]
    ax.contourf(x, y, inside, levels=levels, colors=shades)
    if inside.min() < cut < inside.max():
        ax.contour(x, y, inside, levels=[cut], colors=[INK], linewidths=1.0)


def _regions(
    ax: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    labels: NDArray[np.int_],
    P: NDArray[np.float64],
) -> None:
    """Shade each label's region, a line around it."""
    for k in np.unique(labels):
        shades = [to_rgba(COLOURS[k], PALE * high) for high in STEPS[1:]]
        sure = np.ma.masked_array(np.clip(P, 1e-9, 1 - 1e-9), labels != k)
        ax.contourf(x, y, sure, levels=STEPS, colors=shades)
        if (labels != k).any():
            edge = (labels == k).astype(np.float64)
            ax.contour(x, y, edge, levels=[0.5], colors=[INK], linewidths=0.9)


def said(plane: Plane, surface: Surface, classes: Sequence[Any]) -> str:
    """What the figure shows, in a sentence with its numbers."""
    counts = Counter(surface.labels)
    areas = ", ".join(
        f"{name(classes[k], 40)} on {share(count / len(surface.labels))}"
        for k, count in counts.most_common()
    )
    turns = _turns(plane, surface)
    return (
        f"Regions of {name(surface.candidate, 40)} over {name(plane.x, 40)} from "
        f"{plane.across[0]:.4g} to {plane.across[-1]:.4g} and {name(plane.y, 40)} from "
        f"{plane.up[0]:.4g} to {plane.up[-1]:.4g}: {areas} of the plane. {turns}"
    )


def _turns(plane: Plane, surface: Surface) -> str:
    """Where the label changes halfway up."""
    width = len(plane.across)
    middle = len(plane.up) // 2
    line = np.array(surface.labels[middle * width : (middle + 1) * width])
    changes = np.flatnonzero(np.diff(line))
    if not len(changes):
        return f"Halfway up the label does not change with {name(plane.x, 40)}."
    places = ", ".join(f"{plane.across[at]:.4g}" for at in changes[:5])
    more = f" and {len(changes) - 5} more" if len(changes) > 5 else ""
    return f"Halfway up the label changes at {name(plane.x, 40)} = {places}{more}."
