"""The page and the figures of how training time grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import machine
from benchmarks.training.data import Table, correlated
from benchmarks.training.race import installed

__all__ = ["DOCS", "PANELS", "WITHIN", "Panel", "Point", "write"]

DOCS = Path(__file__).parents[2] / "docs"
# How near to the optimum each logistic regression ends.
WITHIN = 1e-6
# Ours, then the peers, by colours that stay apart for colour-blind eyes (Okabe and Ito).
COLOURS = {
    "ours": "#0072b2",
    "scikit-learn": "#d55e00",
    "scikit-learn-intelex": "#009e73",
    "jax": "#cc79a7",
    "torch": "#e69f00",
}
LIBRARIES = ("numpy", "numba", "scikit-learn", "scikit-learn-intelex", "jax", "torch")


class Panel(NamedTuple):
    """One thing that grows: its values, the table at each, and the network's width if any."""

    title: str
    label: str
    values: tuple[int, ...]
    table: Callable[[int], Table]
    hidden: Callable[[int], int] | None = None


class Point(NamedTuple):
    """The median seconds of one library at one value on so many threads."""

    panel: str
    value: int
    who: str
    threads: int
    seconds: float


PANELS = {
    "rows": Panel(
        "Logistic regression, 50 columns, 2 classes",
        "rows",
        (1_000, 10_000, 100_000, 1_000_000),
        lambda rows: correlated(rows, 50),
    ),
    "columns": Panel(
        "Logistic regression, 20,000 rows, 2 classes",
        "columns",
        (10, 30, 100, 300, 1_000),
        lambda columns: correlated(20_000, columns),
    ),
    "classes": Panel(
        "Logistic regression, 20,000 rows, 50 columns",
        "classes",
        (2, 4, 8, 16, 32),
        lambda classes: correlated(20_000, 50, classes),
    ),
    "width": Panel(
        "MLP 50-width-10, 20,000 rows, one epoch",
        "hidden width",
        (8, 32, 128, 512),
        lambda _: correlated(20_000, 50, 10),
        lambda width: width,
    ),
}


def write(points: Sequence[Point]) -> None:
    """Draws both figures and writes docs/scaling.md."""
    (DOCS / "figures").mkdir(parents=True, exist_ok=True)
    most = max(point.threads for point in points)
    _draw(
        "scaling-peers.svg",
        {
            name: [
                (who, COLOURS[who], "-", _line(points, name, who, most))
                for who in COLOURS
                if _line(points, name, who, most)
            ]
            for name in PANELS
        },
    )
    _draw(
        "scaling-threads.svg",
        {
            name: [
                (f"{who}, {threads} thread{'s' * (threads > 1)}", COLOURS[who], style, line)
                for who in ("ours", "scikit-learn")
                for threads, style in ((1, ":"), (most, "-"))
                if (line := _line(points, name, who, threads))
            ]
            for name in PANELS
        },
    )
    (DOCS / "scaling.md").write_text(_page(points, most), encoding="utf-8")


def _line(points: Sequence[Point], panel: str, who: str, threads: int) -> list[tuple[int, float]]:
    return [
        (p.value, p.seconds) for p in points if (p.panel, p.who, p.threads) == (panel, who, threads)
    ]


def _draw(name: str, lines: dict[str, list[tuple[str, str, str, list[tuple[int, float]]]]]) -> None:
    """One figure of four panels with logarithmic axes."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "scaling", "font.size": 9, "svg.fonttype": "none"})
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
    for (panel, drawn), axis in zip(lines.items(), axes.flat, strict=True):
        for label, colour, style, line in drawn:
            values, seconds = zip(*line, strict=True)
            axis.loglog(values, seconds, style, marker="o", ms=3, color=colour, label=label)
        axis.set(title=PANELS[panel].title, xlabel=PANELS[panel].label, ylabel="seconds")
        values = PANELS[panel].values
        axis.set_xticks(values, [f"{value:,}" for value in values])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes.flat[0].legend(frameon=False)
    axes.flat[-1].legend(frameon=False)
    figure.savefig(DOCS / "figures" / name, metadata={"Date": None})
    plt.close(figure)


def _page(points: Sequence[Point], most: int) -> str:
    """docs/scaling.md."""
    blocks = [
        "# How training time grows",
        "Written by `python -m benchmarks scaling`. Logistic regression, C = 1, float32, ends "
        f"within {WITHIN:g} of the optimum by everyone's loosest sufficient tolerance; who does "
        "not get there is left out at that point. A network's time is that of one epoch (batch "
        "256, Adam). Compilation is not in the times.",
        f"![Seconds against rows, columns, classes and hidden width, ours beside its peers on "
        f"{most} threads](figures/scaling-peers.svg)",
        "![The same for ours and scikit-learn, on one thread and on all]"
        "(figures/scaling-threads.svg)",
    ]
    for name, panel in PANELS.items():
        who = [each for each in COLOURS if _line(points, name, each, most)]
        columns = [(each, most) for each in who] + [("ours", 1)] * (most > 1)
        heads = [panel.label, *(f"{each}, {n} thread{'s' * (n > 1)}" for each, n in columns)]
        rows = [
            [f"{value:,}", *(_cell(points, name, value, *column) for column in columns)]
            for value in panel.values
        ]
        lines = [heads, ["---:"] * len(heads), *rows]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        blocks += [f"## {panel.title}", table]
    blocks.append(machine([name for name in LIBRARIES if installed(name)]))
    return "\n\n".join(blocks) + "\n"


def _cell(points: Sequence[Point], panel: str, value: int, who: str, threads: int) -> str:
    seconds = dict(_line(points, panel, who, threads)).get(value)
    return "–" if seconds is None else f"{seconds * 1e3:,.3g} ms"
