"""How long metrics with intervals take, and how often nothing is taken for an improvement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from benchmarks.measuring import Figure, machine, median
from pipelines.metrics.paired import paired
from pipelines.metrics.resamples import resamples
from pipelines.metrics.scores import evaluate

__all__ = ["NULLS", "sections", "wrongly_better"]

LIBRARIES = ("numpy", "numba", "scikit-learn")
RESAMPLES, CONFIDENCE = 500, 0.95
ROWS = (10, 20, 50, 200, 1_000)
Draw = Callable[[np.random.Generator, int], np.ndarray]
# The differences of two models' losses in a row, of mean zero.
NULLS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "Laplace": lambda rng, n: rng.laplace(size=n),
    "seldom much worse (exponential)": lambda rng, n: rng.exponential(size=n) - 1,
    "seldom much better (exponential)": lambda rng, n: 1 - rng.exponential(size=n),
    "seldom very much worse (lognormal)": lambda rng, n: rng.lognormal(size=n) - np.exp(0.5),
    "in one row of twenty": lambda rng, n: (rng.random(n) < 0.05) * rng.choice([-1.0, 1.0], n),
}


def wrongly_better(draw: Draw, rows: int, draws: int) -> float:
    """The share of draws without a true difference in which the first model is found better."""
    found = 0
    codes = np.zeros(rows, dtype=np.int32)
    for seed in range(draws):
        gap = 0.1 * draw(np.random.default_rng([seed, rows]), rows)
        losses = np.maximum(-gap, 0) + 0.1 + np.array([gap, np.zeros(rows)])
        first, second = (np.column_stack([np.exp(-loss), 1 - np.exp(-loss)]) for loss in losses)
        drawn = resamples(rows, RESAMPLES, seed)
        found += paired("log_loss", first, second, codes, drawn).share_better >= CONFIDENCE
    return found / draws


def really_better(metric: str, draws: int) -> float:
    """The share of draws in which a gain of two points of ROC AUC on 5,000 rows is found."""
    found = 0
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        codes = (np.arange(5_000) % 2).astype(np.int32)
        shared, own = rng.normal(size=5_000), rng.normal(size=(2, 5_000))
        # ROC AUC 0.84 and 0.82: Φ(shift / √2), noise that the models share by half.
        answers = []
        for shift, noise in zip((1.4063, 1.2945), own, strict=True):
            raw = shift * codes + np.sqrt(0.5) * (shared + noise)
            p = 1 / (1 + np.exp(-shift * (raw - shift / 2)))
            answers.append(np.column_stack([1 - p, p]))
        pair = paired(metric, *answers, codes, resamples(5_000, RESAMPLES, seed))
        found += pair.share_better >= CONFIDENCE
    return found / draws


def sections(short: bool) -> Iterator[tuple[str, str]]:
    """Times, and false and true discoveries: a heading and a table each."""
    yield "Time of the metrics", _times(5_000 if short else 50_000, 1 if short else 3)
    yield "Better without a difference", _false(50 if short else 1_000)
    yield "A gain of two points of ROC AUC", _power(10 if short else 200)


def _times(rows: int, runs: int) -> str:
    rng = np.random.default_rng(0)
    figures = []
    for classes in (2, 10):
        codes = rng.integers(0, classes, rows).astype(np.int32)
        P, Q = rng.dirichlet(np.ones(classes), (2, rows))
        all_metrics = partial(evaluate, P, codes, resamples(rows, 2_000, 0))
        what = f"all metrics, 2,000 resamples of {rows:,} rows, {classes} classes"
        against = "5 s on 2 cores for ten metrics"
        figures.append(Figure(what, median(all_metrics, runs), "s", against, runs))
        for metric in ("log_loss", "roc_auc", "f1"):
            pair = partial(paired, metric, P, Q, codes, resamples(rows, 5_000, 0))
            what = f"paired {metric}, 5,000 resamples of {rows:,} rows, {classes} classes"
            figures.append(Figure(what, median(pair, runs), "s", "", runs))
    lines = [f"| {f.what} | {f.value:.2f} s | {f.runs} | {f.against} |" for f in figures]
    head = "| what | median | runs | asked for |\n|---|---|---|---|\n"
    return head + "\n".join(lines) + f"\n\n{machine(LIBRARIES)}\n"


def _false(draws: int) -> str:
    lines = [
        f"Percent of {draws:,} draws in which a model is better beyond doubt at confidence 0.95, "
        "by the kind of difference and the number of rows. 5 are allowed.\n",
        f"| difference of losses | {' | '.join(f'{rows:,}' for rows in ROWS)} |",
        f"|---|{'---|' * len(ROWS)}",
    ]
    for name, draw in NULLS.items():
        shares = [f"{100 * wrongly_better(draw, rows, draws):.1f}" for rows in ROWS]
        lines.append(f"| {name} | {' | '.join(shares)} |")
    return "\n".join(lines) + "\n"


def _power(draws: int) -> str:
    metrics = ("log_loss", "roc_auc", "accuracy")
    lines = [
        f"Percent of {draws} draws of 5,000 balanced rows in which ROC AUC 0.84 is found better "
        "than 0.82 at confidence 0.95, by the metric compared.\n",
        f"| {' | '.join(metrics)} |",
        f"|{'---|' * len(metrics)}",
        f"| {' | '.join(f'{100 * really_better(each, draws):.1f}' for each in metrics)} |",
    ]
    return "\n".join(lines) + "\n"
