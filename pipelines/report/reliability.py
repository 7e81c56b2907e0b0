"""The reliability diagram of one class against the rest, from measured bins."""

from __future__ import annotations

from matplotlib.figure import Figure

from pipelines.metrics import Calibration
from pipelines.report import canvas
from pipelines.report.canvas import INK, PALETTE
from pipelines.report.wording import compact, interval, name, number

__all__ = ["reliability_diagram", "said"]


def reliability_diagram(it: Calibration, label: object) -> Figure:
    """Mean probability against frequency, a point a bin with its 95 % Wilson interval.

    The bins hold about equally many rows; below, the range of probabilities that they span.
    """
    x = [each.predicted for each in it.bins]
    figure = canvas.empty(3.7)
    ax = canvas.axes(figure, 0.6, 0.5, 4.05, 2.85)
    ax.plot([0, 1], [0, 1], color=INK, alpha=0.45, linewidth=0.8, linestyle=":")
    low, high = ([getattr(each.observed, end) for each in it.bins] for end in ("low", "high"))
    ax.vlines(x, low, high, color=PALETTE[0], alpha=0.5, linewidth=1.6)
    y = [each.observed.value for each in it.bins]
    ax.plot(x, y, color=PALETTE[0], linewidth=1.2, marker="o", markersize=3.5)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    rows = sorted(each.rows for each in it.bins)
    each_bin = f"{compact(rows[0])}" + (f" to {compact(rows[-1])}" if rows[0] < rows[-1] else "")
    ax.text(
        0.99,
        0.02,
        f"{each_bin} rows a bin",
        ha="right",
        fontsize=canvas.SMALL,
        color=INK,
        alpha=0.8,
    )
    title = f"{name(label)}: calibration error {number(it.error.value)}"
    canvas.label(ax, title, f"Probability of {name(label)}", "Observed frequency")
    return figure


def said(it: Calibration, label: object) -> str:
    """What the diagram shows, in a sentence with its numbers."""
    worst = max(it.bins, key=lambda each: abs(each.observed.value - each.predicted))
    outside = sum(not each.observed.low <= each.predicted <= each.observed.high for each in it.bins)
    bounds = interval(it.error)
    bins = "1 bin" if len(it.bins) == 1 else f"{len(it.bins)} bins"
    have = "has" if outside == 1 else "have"
    return (
        f"Reliability diagram of {name(label, 40)}: expected calibration error "
        f"{number(it.error.value)}{f' ({bounds})' if bounds else ''} in {bins}; "
        f"{outside} of them {have} a mean probability outside the interval of the observed "
        f"frequency. Widest gap: {number(worst.predicted)} predicted, "
        f"{number(worst.observed.value)} observed ({worst.rows:,} rows)."
    )
