"""An empty figure in the report's style, and a figure as bytes.

Sizes are in inches, fonts in points. Nothing is laid out at draw time: the axes stand where
they are put, which is fast and gives the same bytes again.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

__all__ = [
    "INK",
    "LINES",
    "PALETTE",
    "SMALL",
    "TEXT",
    "WIDTH",
    "as_they_stand",
    "axes",
    "empty",
    "label",
    "legend",
    "legend_height",
    "png",
    "svg",
]

WIDTH = 4.8
INK = "#1c2127"
# Okabe and Ito's colours less those that vanish on white (yellow, orange, sky blue); each has a
# contrast of at least 3 on white and on the report's dark card.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#c06c98", INK)
LINES: tuple[tuple[str, Any], ...] = tuple(
    (colour, dashes) for dashes in ("-", (0, (4, 1.5))) for colour in PALETTE
)
TITLE, TEXT, SMALL = 10, 9, 8
DPI = 110


def empty(height: float, width: float = WIDTH) -> Figure:
    """A white figure without axes."""
    return Figure(figsize=(width, height), facecolor="white")


def axes(
    figure: Figure,
    left: float,
    bottom: float,
    width: float,
    height: float,
    grid: Literal["both", "x", "none"] = "both",
) -> Axes:
    """Axes of that size at that place, counted in inches from the lower left corner."""
    across, up = figure.get_size_inches()
    ax = figure.add_axes((left / across, bottom / up, width / across, height / up))
    ax.tick_params(colors=INK, labelsize=SMALL, length=3, width=0.8)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    if grid != "none":
        ax.grid(True, axis=grid, color=INK, alpha=0.12, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def label(ax: Axes, title: str, x: str = "", y: str = "") -> None:
    """Put the title and the names of the axes, read as they stand."""
    texts = [
        ax.set_title(title, loc="left", fontsize=TITLE, fontweight="bold", color=INK),
        ax.set_xlabel(x, fontsize=TEXT, color=INK),
        ax.set_ylabel(y, fontsize=TEXT, color=INK),
    ]
    as_they_stand(texts)


def as_they_stand(texts: Sequence[Text]) -> None:
    """Take $ for a dollar, not for the start of a formula: names come from data."""
    for each in texts:
        each.set_parse_math(False)


def legend(figure: Figure, handles: Sequence[Artist], names: Sequence[str], left: float) -> None:
    """Put a legend in two columns at the figure's foot."""
    # A name that begins with _ would be left out of the legend, hence the second step.
    box = figure.legend(
        handles,
        ["-"] * len(names),
        loc="lower left",
        bbox_to_anchor=(left / WIDTH, 0.0),
        ncols=2,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handlelength=2.2,
        columnspacing=1.5,
        labelspacing=0.25,
    )
    for text, each in zip(box.get_texts(), names, strict=True):
        text.set_text(each)
    as_they_stand(box.get_texts())


def legend_height(entries: int) -> float:
    """The height of the legend in inches."""
    return 0.15 * ((entries + 1) // 2) + 0.1


def png(figure: Figure) -> bytes:
    """The figure as PNG; the same bytes for the same figure."""
    return _saved(figure, format="png", dpi=DPI, metadata={"Software": None})


def svg(figure: Figure, prefix: str = "figure") -> str:
    """The figure as an SVG element without background, its ink in the text's colour.

    A page may set another blue for a dark background, as --blue.
    Text stays text; every id begins with the prefix, so that figures can share a page. The
    same characters for the same figure.
    """
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "logitline"}):
        raw = _saved(figure, format="svg", transparent=True, metadata=metadata).decode()
    element = raw[raw.index("<svg") :]
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', element))

    def mend(tag: re.Match[str]) -> str:
        text = re.sub(
            r' id="([^"]*)"',
            lambda it: f' id="{prefix}-{it[1]}"' if it[1] in used else "",
            tag[0],
        )
        text = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", text)
        text = re.sub(r"(\.\d\d)\d+", r"\1", text).replace(INK, "currentColor")
        return text.replace(PALETTE[0], f"var(--blue, {PALETTE[0]})")

    # Only inside tags: > is escaped in text, so no class name is touched.
    return re.sub(r"<[^>]*>", mend, element).strip()


def _saved(figure: Figure, **options: Any) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        # A class name may be in a script that the font lacks; a browser has another font.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(out, **options)
    return out.getvalue()
