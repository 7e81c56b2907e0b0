"""The page of a drift check: one HTML file without script and without outside resources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.drift.comparison import ColumnDrift, Comparison
from pipelines.report import canvas
from pipelines.report.canvas import INK, PALETTE
from pipelines.report.document import document
from pipelines.report.markup import escaped, figure, numeric, row, section, table
from pipelines.report.wording import name, number, share

__all__ = ["DriftData", "page", "then_and_now"]

# Columns that are drawn, lines of the table, and bars of a figure: more would not be read.
MOST_FIGURES, MOST_ROWS, MOST_BARS, MOST_UNSEEN = 30, 200, 16, 5
CHARACTER = 0.066  # inches, the mean of a tick label's letters


@dataclass(frozen=True)
class DriftData:
    """All that the page tells."""

    model: str
    version: str
    source: str
    confidence: float
    comparison: Comparison


def page(data: DriftData) -> str:
    """The whole file; the same text for the same data."""
    title = f"{escaped(data.model)}, version {escaped(data.version)}"
    return document(title, "drift check", [_verdict(data), _figures(data), _table(data)])


def _verdict(data: DriftData) -> str:
    found = data.comparison
    drifted = len(found.drifted_columns)
    volume = found.rows / found.reference_rows
    facts = (
        ("Columns drifted", f"{drifted}", f"of {len(found.columns)}"),
        ("Rows now", f"{found.rows:,}", escaped(data.source)),
        ("Rows then", f"{found.reference_rows:,}", "of the training table"),
        ("Volume", f"{volume:.2f} ×", "too few" if found.volume_drifted else "of the rows then"),
    )
    shown = "".join(f"<div><dt>{a}</dt><dd>{b}<small>{c}</small></dd></div>" for a, b, c in facts)
    return section(
        "Drift" if found.drifted else "No drift",
        f"<p>{escaped(found.sentence)}</p>",
        f'<dl class="facts">{shown}</dl>',
        f"<p>Were the new rows drawn from where the training table came from, all columns "
        f"together would ring with a chance of at most {share(1 - data.confidence)}.</p>",
        kind="decision" if found.drifted else "decision promoted",
    )


def _figures(data: DriftData) -> str:
    drifted = data.comparison.drifted_columns
    if not drifted:
        return ""
    more = len(drifted) - MOST_FIGURES
    return section(
        "Then and now",
        f"<p>Share of the rows in each bin. {f'{more} more drifted.' if more > 0 else ''}</p>",
        '<div class="figures">',
        *(
            figure(f"c{at}", then_and_now(each), _finding(each), _caption(each))
            for at, each in enumerate(drifted[:MOST_FIGURES])
        ),
        "</div>",
    )


def _table(data: DriftData) -> str:
    columns = data.comparison.columns
    rows = (_row(each) for each in columns[:MOST_ROWS])
    heads = ("Column", "Drifted", "PSI", "p-value", "Test", "Missing then", "Missing now", "Unseen")
    rest = len(columns) - MOST_ROWS
    caption = (
        "The surest drift first. PSI: population stability index. p-values are corrected for "
        "the number of columns. Unseen: rows with a value that the training table has not."
        + (f" {rest} more columns are left out." if rest > 0 else "")
    )
    return section("Columns", table(caption, heads, rows, 6))


def _row(column: ColumnDrift) -> str:
    drifted = "yes" if column.drifted else "no"
    return row(
        f"{escaped(column.name)}<small>{escaped(column.type)}</small>",
        f"<td>{drifted}</td>",
        numeric(number(column.psi)),
        numeric(_p_value(column.p_value)),
        numeric(*_test(column)),
        numeric(share(column.missing_then)),
        numeric(share(column.missing_now)),
        numeric(f"{column.unseen_rows:,}"),
        kind="failed" if column.drifted else "",
    )


def _test(column: ColumnDrift) -> tuple[str, str]:
    if column.bin is None:
        return number(column.statistic), escaped(column.test)
    change = f"{100 * column.statistic:+.1f} points".replace("-", "−")
    return change, escaped(f"{column.test}, {name(column.bin)}")


def _p_value(value: float) -> str:
    return "&lt; 1e-16" if value < 1e-16 else f"{value:.2g}"


def _finding(column: ColumnDrift) -> str:
    """The figure in words: the bins that changed most."""
    then, now = _shares(column.bins.then), _shares(column.bins.now)
    most = np.argsort(-np.abs(now - then), kind="stable")[:3]
    moved = "; ".join(
        f"{name(column.bins.names[at])} from {share(then[at])} to {share(now[at])}" for at in most
    )
    return f"{name(column.name, 40)}, share of the rows then and now: {moved}."


def _caption(column: ColumnDrift) -> str:
    said = [f"PSI {number(column.psi)}, p {_p_value(column.p_value)}."]
    if column.unseen:
        first = ", ".join(
            f"{escaped(name(value, 30))} ({rows:,})"
            for value, rows in list(column.unseen.items())[:MOST_UNSEEN]
        )
        more = ", …" if len(column.unseen) > MOST_UNSEEN else ""
        said.append(f"Never seen in {column.unseen_rows:,} rows: {first}{more}.")
    return " ".join(said)


def then_and_now(column: ColumnDrift) -> Figure:
    """Two bars a bin, the share then and now; of many values those that changed most."""
    bins = column.bins
    then, now = _shares(bins.then), _shares(bins.now)
    shown = np.flatnonzero((bins.then + bins.now) > 0)
    if len(shown) > MOST_BARS:
        moved = np.abs(now - then)[shown]
        shown = np.sort(shown[np.argsort(-moved, kind="stable")[:MOST_BARS]])
    names = [name(bins.names[at], 26) for at in shown]
    margin = 0.3 + CHARACTER * max(map(len, names))
    high = 0.3 * len(shown) + 0.1
    foot = 0.5 + canvas.legend_height(2)
    drawing = canvas.empty(high + foot + 0.35)
    ax = canvas.axes(drawing, margin, foot, canvas.WIDTH - margin - 0.2, high, grid="x")
    places = np.arange(len(shown))
    bars = [
        ax.barh(places - 0.19, 100 * then[shown], 0.36, color=INK, alpha=0.45),
        ax.barh(places + 0.19, 100 * now[shown], 0.36, color=PALETTE[0]),
    ]
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.set_yticks(places, names)
    canvas.as_they_stand(ax.get_yticklabels())
    canvas.label(ax, name(column.name, 40), "Share of the rows (%)")
    canvas.legend(
        drawing, [bar.patches[0] for bar in bars], ("then: training table", "now"), margin
    )
    return drawing


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counts / max(int(counts.sum()), 1)
    return shares
