"""Runs the benchmarks: `python -m benchmarks [PART [WORK …]] [--short]`.

PART is data, drift, inference, line, metrics, parity, promotion, scoring, training or scaling,
WORK one of training's; without them all but the last run. Everything is printed; the full form
also writes RESULTS.md, section by section, and leaves what it did not run as it is. Scaling
writes docs/scaling.md and its figures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.measuring import Figure, machine
from benchmarks.results import pruned, replaced

RESULTS = Path(__file__).parent / "RESULTS.md"

Sections = Iterator[tuple[str, str]]


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table of the figures."""
    rows = "\n".join(
        f"| {f.what} | {f.value:.3g} {f.unit} | {f.runs} | {f.against} |" for f in figures
    )
    return f"| what | median | runs | held against |\n|---|---|---|---|\n{rows}\n"


LIBRARIES = ("numpy", "pandas", "pyarrow")


# A part's libraries are imported when it runs: the peers' environment has no MLflow.
def data(short: bool, _: Sequence[str]) -> Sections:
    """The table of reading and splitting."""
    from benchmarks import bench_data

    rows, runs = (100_000, 2) if short else (1_000_000, 7)
    found = table(bench_data.figures(rows, runs))
    yield "", f"{rows:,} rows × 20 columns.\n\n{found}\n{machine(LIBRARIES)}\n"


def inference(short: bool, _: Sequence[str]) -> Sections:
    """The Predictor's table."""
    from benchmarks import bench_inference

    rows, runs = (20_000, 3) if short else (200_000, 15)
    yield "", f"{rows:,} rows.\n\n{table(bench_inference.figures(rows, runs))}\n{machine()}\n"


def line(short: bool, _: Sequence[str]) -> Sections:
    """The line's table."""
    from benchmarks import bench_line

    yield "", f"{table(bench_line.figures(1 if short else 3))}\n{machine()}\n"


def metrics(short: bool, _: Sequence[str]) -> Sections:
    """Tables of the metrics' times, and of what is found better without and with a difference."""
    from benchmarks import bench_metrics

    yield from bench_metrics.sections(short)


def parity(short: bool, _: Sequence[str]) -> Sections:
    """A table of the proof on generated rows, in every runtime at hand."""
    from benchmarks import bench_parity

    yield from bench_parity.sections(short)


def promotion(short: bool, _: Sequence[str]) -> Sections:
    """Tables of simulated retrainings: false promotions, and earned ones."""
    from benchmarks import bench_promotion

    yield from bench_promotion.sections(short)


def scoring(short: bool, _: Sequence[str]) -> Sections:
    """The table of batch scoring."""
    from benchmarks import bench_scoring

    rows, csv_rows, runs = (200_000, 100_000, 1) if short else (10_000_000, 2_000_000, 3)
    found = table(bench_scoring.figures(rows, csv_rows, runs))
    yield "", f"{found}\n{machine((*LIBRARIES, 'onnxruntime'))}\n"


def training(short: bool, only: Sequence[str]) -> Sections:
    """A table for each work of training."""
    from benchmarks import bench_training

    yield from bench_training.sections(short, only)


def drift(short: bool, _: Sequence[str]) -> Sections:
    """Tables of the drift check's false alarms, of what it finds, and of its times."""
    from benchmarks import bench_drift

    yield from bench_drift.sections(short)


def scaling(short: bool, _: Sequence[str]) -> Sections:
    """Nothing for RESULTS.md; the figures and their page stand in docs/."""
    from benchmarks import scaling

    scaling.main(short)
    yield from ()


PARTS: dict[str, tuple[str, Callable[[bool, Sequence[str]], Sections]]] = {
    "data": ("Data", data),
    "drift": ("Drift", drift),
    "inference": ("Inference", inference),
    "line": ("The line", line),
    "metrics": ("Metrics", metrics),
    "parity": ("Parity", parity),
    "promotion": ("Promotion", promotion),
    "scoring": ("Scoring", scoring),
    "training": ("Training", training),
    "scaling": ("", scaling),
}


def run(part: str, short: bool, only: Sequence[str]) -> None:
    """Measure one part, print it and, in the full form, write it as it comes."""
    heading, measure = PARTS[part]
    done = []
    for section, body in measure(short, only):
        print(f"\n## {heading}\n{section}\n\n{body}", flush=True)
        done.append(section)
        if not short:
            page = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
            RESULTS.write_text(replaced(page, heading, section, body), encoding="utf-8")
    if done and not short and not only:
        page = RESULTS.read_text(encoding="utf-8")
        RESULTS.write_text(pruned(page, heading, done), encoding="utf-8")


def main() -> None:
    """Run the parts that the command names."""
    words = [word for word in sys.argv[1:] if word != "--short"]
    short = "--short" in sys.argv[1:]
    if words and words[0] not in PARTS:
        sys.exit(f"There is no part {words[0]!r}; there are {', '.join(PARTS)}.")
    for part in words[:1] or [each for each in PARTS if each != "scaling"]:
        run(part, short, words[1:])


if __name__ == "__main__":
    main()
