"""How the examples draw: axes in one style, and a figure as a small SVG that repeats."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

__all__ = [
    "BLUE",
    "GREEN",
    "GREYS",
    "INK",
    "ORANGE",
    "PINK",
    "figure",
    "heading",
    "legend",
    "points",
    "save",
    "shade",
    "svg",
    "table",
]

# Okabe and Ito's colours, which stay apart for colour-blind eyes, less those that vanish on white.
BLUE, ORANGE, GREEN, PINK, INK = "#0072b2", "#d55e00", "#009e73", "#c06c98", "#1c2127"
GREYS = ("#a9b0b8", INK)
SHADES = LinearSegmentedColormap.from_list("shades", [BLUE, "#ffffff", ORANGE], N=256)
FIGURES = Path(__file__).parents[1] / "figures"
PIXELS = 160


def figure(rows: int, columns: int, width: float, height: float) -> tuple[Figure, NDArray[Any]]:
    """A white figure of so many inches, and its axes, shape (rows, columns)."""
    drawn = Figure(figsize=(width, height), facecolor="white", layout="constrained")
    FigureCanvasAgg(drawn)
    axes: NDArray[Any] = np.empty((rows, columns), dtype=object)
    for number, place in enumerate(np.ndindex(rows, columns)):
        ax = axes[place] = drawn.add_subplot(rows, columns, number + 1)
        ax.tick_params(colors=INK, labelsize=8, length=3, width=0.8)
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["left", "bottom"]].set_color(INK)
        ax.set_axisbelow(True)
    return drawn, axes


def heading(ax: Axes, title: str, x: str = "", y: str = "") -> None:
    """Put the title and the names of the axes."""
    ax.set_title(title, loc="left", fontsize=10, fontweight="bold", color=INK)
    ax.set_xlabel(x, fontsize=9, color=INK)
    ax.set_ylabel(y, fontsize=9, color=INK)


def legend(ax: Axes, place: Any) -> None:
    """Put the legend there, over whatever it covers."""
    ax.legend(
        loc=place,
        fontsize=8,
        labelcolor=INK,
        framealpha=0.9,
        edgecolor="none",
        handlelength=2.0,
        labelspacing=0.3,
    )


def shade(ax: Axes, probability: Any, box: tuple[float, float, float, float]) -> None:
    """Paint the positive class's probability over the box (left, right, bottom, top).

    Ten even steps, with a line at one half where the probability crosses it.
    """
    left, right, bottom, top = box
    x = np.linspace(left, right, PIXELS)
    y = np.linspace(bottom, top, PIXELS)
    plane = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    p = np.asarray(probability(plane), dtype=float).reshape(PIXELS, PIXELS)
    steps = (np.minimum(np.floor(p * 10), 9) + 0.5) / 10
    # Pale, so that the points stand out: the outermost steps end at a third of the colour.
    ax.imshow(
        SHADES(0.5 + (steps - 0.5) * 0.5),
        extent=box,
        origin="lower",
        aspect="auto",
        interpolation="none",
    )
    if p.min() < 0.5 < p.max():
        ax.contour(x, y, p, levels=[0.5], colors=INK, linewidths=1.2)


def points(
    ax: Axes, X: NDArray[Any], y: NDArray[Any], colours: Sequence[str] = (BLUE, ORANGE)
) -> None:
    """Draw the rows: circles where y is 0, triangles above them where it is 1."""
    for code, marker, size in ((0, "o", 2.8), (1, "^", 3.6)):
        ax.plot(
            *X[y == code].T,
            marker,
            color=colours[code],
            markersize=size,
            markeredgecolor="white",
            markeredgewidth=0.3,
            linestyle="none",
        )


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; numbers stand to the right, with as many digits as they were given."""
    body = [[str(cell) for cell in row] for row in rows]
    aligned = ["---:" if cell[:1].isdigit() else "---" for cell in body[0]]
    lines = [list(heads), aligned, *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def save(drawn: Figure, name: str) -> Path:
    """The path of the SVG: in the folder that the command line names, else in docs/figures.

    Text stays text and coordinates have two decimals; the same characters for the same figure.
    """
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FIGURES
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    path.write_text(svg(drawn, name), encoding="utf-8")
    return path


def svg(drawn: Figure, salt: str) -> str:
    """The figure as SVG text without date or version; `salt` keeps ids the same each time."""
    out = io.BytesIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        drawn.savefig(out, format="svg", metadata=metadata)
    text = re.sub(r"<!-- .*? -->\n", "", out.getvalue().decode())
    text = re.sub(r"^ +", "", text, flags=re.MULTILINE)
    # Only inside tags, so that no number in a text is cut.
    text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), text)
    return re.sub(r"(<g clip-path=[^>]*)>\n((?:<use [^>]*/>\n)+)", _styled_once, text)


def _styled_once(group: re.Match[str]) -> str:
    """The group with its markers' style on itself, where all have the same: half the file."""
    styles = set(re.findall(r" style=\"[^\"]*\"", group[2]))
    if len(styles) != 1:
        return group[0]
    style = styles.pop()
    return f"{group[1]}{style}>\n{group[2].replace(style, '')}"
