"""Runs every benchmark and writes RESULTS.md: `python -m benchmarks [--short]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import bench_inference, bench_line
from benchmarks.measuring import Figure, machine

RESULTS = Path(__file__).parent / "RESULTS.md"
HEADER = """\
# What it costs

Written by `python -m benchmarks`. Medians; absolute times drift from run to run, the ratios
inside one table are what counts. {machine}
"""


def section(title: str, figures: Sequence[Figure]) -> str:
    """A Markdown table of the figures."""
    rows = "\n".join(
        f"| {f.what} | {f.value:.3g} {f.unit} | {f.runs} | {f.against} |" for f in figures
    )
    return f"## {title}\n| what | median | runs | held against |\n|---|---|---|---|\n{rows}\n"


def main() -> None:
    """Measure, print and, in the full form, write."""
    short = "--short" in sys.argv[1:]
    rows, runs = (20_000, 3) if short else (200_000, 15)
    text = "\n".join(
        [
            HEADER.format(machine=machine()),
            section(f"Inference, {rows:,} rows", bench_inference.figures(rows, runs)),
            section("The line", bench_line.figures(1 if short else 3)),
        ]
    )
    print(text)
    if not short:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
