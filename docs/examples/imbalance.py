"""A class that 1.5 % of the rows have: linear thresholds, squared error, log loss.

    python docs/examples/imbalance.py [FOLDER]

prints two tables and draws imbalance.svg, which docs/imbalance.md explains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from drawing import (
    BLUE,
    GREEN,
    GREYS,
    INK,
    ORANGE,
    PINK,
    figure,
    heading,
    legend,
    points,
    save,
    table,
)
from matplotlib.axes import Axes
from numpy.typing import NDArray
from sklearn.linear_model import Perceptron
from sklearn.metrics import average_precision_score, precision_recall_curve

from pipelines.estimators import LinearThreshold, LogisticClassifier, MLPClassifier

SHARE = 0.015
# A row of class 1 that is missed costs as much as so many false alarms, so that an alarm pays
# where the probability is above one in 21.
MISS = 20.0
CUT = 1 / (1 + MISS)
SEEDS = 20
COLOURS = {
    "linear threshold": GREEN,
    "perceptron": PINK,
    "squared error": ORANGE,
    "log loss": BLUE,
    "log loss, balanced": INK,
}


class Judged(NamedTuple):
    """A fitted model: its scores on the test rows, and the line w·x + b at raw prediction 0."""

    scores: NDArray[Any]
    w: NDArray[Any]
    b: float
    has_probabilities: bool


def draw_rows(n: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows X and labels y: class 0 in a near cloud and a far one, class 1 beside the near one."""
    random = np.random.default_rng(seed)
    cloud = random.choice(3, size=n, p=[SHARE, 0.7 - SHARE, 0.3])
    centres = np.array([[1.7, 1.7], [0.0, 0.0], [-8.0, 0.0]])
    return centres[cloud] + random.standard_normal((n, 2)), (cloud == 0).astype(int)


def one_unit(loss: str, seed: int) -> MLPClassifier:
    """A linear raw prediction under that loss, fitted from the first weights of the seed."""
    return MLPClassifier((), loss=loss, solver="lbfgs", max_iter=1000, random_state=seed)


def judged(model: Any, X: NDArray[Any]) -> Judged:
    """The model as it judges the rows X."""
    w = np.ravel(model.coefs_[0] if hasattr(model, "coefs_") else model.coef_)
    b = float(np.ravel(model.intercepts_[0] if hasattr(model, "coefs_") else model.intercept_)[0])
    if isinstance(model, LinearThreshold):
        # Its raw values, not the clipped ones: clipping would make ties of most rows.
        return Judged(X @ w + b, w, b - 0.5, True)
    if isinstance(model, Perceptron):
        return Judged(X @ w + b, w, b, False)
    return Judged(model.predict_proba(X)[:, 1], w, b, True)


def outcome(scores: NDArray[Any], y: NDArray[Any], cut: float) -> tuple[float, float, float]:
    """Recall, precision (NaN without an alarm) and cost of 1000 rows, of alarms above the cut."""
    alarms = scores > cut
    hits = float(np.sum(alarms & (y == 1)))
    misses, false_alarms = float(np.sum(y)) - hits, float(np.sum(alarms)) - hits
    precision = hits / (hits + false_alarms) if alarms.any() else float("nan")
    return hits / float(np.sum(y)), precision, (MISS * misses + false_alarms) / len(y) * 1000


def own_cut(it: Judged) -> float:
    """Where `predict` cuts the scores."""
    return 0.5 if it.has_probabilities else 0.0


def comparison(models: dict[str, Judged], y: NDArray[Any]) -> str:
    """A table of every model at its own cut, and of some at the cut that the costs ask for."""
    rows = []
    cuts = [(name, own_cut(it)) for name, it in models.items()]
    cuts += [("linear threshold", CUT), ("squared error", CUT), ("log loss", CUT)]
    for name, cut in cuts:
        it = models[name]
        recall, precision, cost = outcome(it.scores, y, cut)
        mean = f"{it.scores.mean():.3f}" if it.has_probabilities else "–"
        rows.append(
            [
                name,
                "1/21" if cut == CUT else f"{cut:g}",
                f"{recall:.2f}",
                "–" if np.isnan(precision) else f"{precision:.2f}",
                f"{average_precision_score(y, it.scores):.2f}",
                mean,
                f"{cost:.0f}",
            ]
        )
    heads = ["model", "cut", "recall", "precision", "average precision", "mean probability"]
    return table([*heads, "cost of 1000 rows"], rows)


def starts(train: tuple[Any, Any], test: tuple[Any, Any]) -> str:
    """A table of what the fits of 20 seeds reach: other first weights, or another row order."""
    kinds: dict[str, Callable[[int], Any]] = {
        "perceptron": lambda seed: Perceptron(random_state=seed),
        "squared error": lambda seed: one_unit("squared_error", seed),
        "log loss": lambda seed: one_unit("log_loss", seed),
    }
    rows = []
    for name, make in kinds.items():
        recalls, precisions = [], []
        for seed in range(SEEDS):
            it = judged(make(seed).fit(*train), test[0])
            recalls.append(outcome(it.scores, test[1], own_cut(it))[0])
            precisions.append(average_precision_score(test[1], it.scores))
        spans = (min(recalls), max(recalls), min(precisions), max(precisions))
        rows.append([name, *(f"{each:.2f}" for each in spans)])
    heads = ["model", "least recall", "greatest", "least average precision", "greatest"]
    return table(heads, rows)


def lines(ax: Axes, drawn: list[tuple[str, Judged, float]]) -> None:
    """Draw where each model's raw prediction is at the cut, class 1 to the upper right."""
    for title, it, raw in drawn:
        x1 = np.array([-20.0, 20.0])
        x2 = (raw - it.b - it.w[0] * x1) / it.w[1]
        dashes = "-" if raw == 0 else (0, (4, 2))
        name = title.split(", cut")[0]
        told = title if abs(np.interp(6.0, x1, x2)) < 8 else f"{title}, far outside"
        ax.plot(x1, x2, color=COLOURS[name], ls=dashes, label=told)
    ax.set(xlim=(-11, 6), ylim=(-8, 6))


def planes(axes: Any, models: dict[str, Judged], X: NDArray[Any], y: NDArray[Any]) -> None:
    """Draw the lines at one half, and the two ways to find more of class 1."""
    for ax in axes:
        shown = (np.arange(len(X)) % 8 == 0) | (y == 1)
        points(ax, X[shown], y[shown], GREYS)
    names = ("linear threshold", "perceptron", "squared error", "log loss")
    lines(axes[0], [(name, models[name], 0.0) for name in names])
    heading(axes[0], "As they come: cut at one half", "x₁", "x₂")
    unweighted = models["log loss"]
    drawn = [
        ("log loss, cut at 1/2", unweighted, 0.0),
        ("log loss, cut at 1/21", unweighted, -float(np.log(MISS))),
        ("log loss, balanced", models["log loss, balanced"], 0.0),
    ]
    lines(axes[1], drawn)
    heading(axes[1], "Another cut, or weights", "x₁", "x₂")
    for ax in axes:
        legend(ax, "lower left")


def curves(axes: Any, models: dict[str, Judged], y: NDArray[Any]) -> None:
    """Draw precision against recall, and what 1000 rows cost at each cut."""
    cuts = np.geomspace(0.002, 0.95, 120)
    for name, it in models.items():
        if not it.has_probabilities:
            continue
        colour, dashes = COLOURS[name], (0, (3, 3)) if name == "squared error" else "-"
        precision, recall, _ = precision_recall_curve(y, it.scores)
        thin = np.searchsorted(-recall, -np.linspace(1, 0.02, 150))
        axes[0].plot(recall[thin], precision[thin], color=colour, ls=dashes, label=name)
        at = outcome(it.scores, y, 0.5)[:2]
        axes[0].plot(*at, "o", color=colour, markersize=5, markeredgecolor="white", zorder=3)
        cost = [outcome(it.scores, y, cut)[2] for cut in cuts]
        axes[1].plot(cuts, cost, color=colour, ls=dashes, label=name)
    heading(axes[0], "What each finds; dots: cut at one half", "recall", "precision")
    axes[0].set(xlim=(0, 1), ylim=(0, 1.02))
    legend(axes[0], "lower left")
    axes[1].axvline(CUT, color=INK, linewidth=0.8, alpha=0.6)
    axes[1].annotate("1/21", (CUT, 525), xytext=(4, 0), textcoords="offset points", fontsize=8)
    heading(axes[1], "A miss costs 20 false alarms", "cut", "cost of 1000 rows")
    axes[1].set(xscale="log", ylim=(0, 550), xticks=(0.01, 0.1, 0.5), xticklabels=(0.01, 0.1, 0.5))
    legend(axes[1], "upper right")


def main() -> None:
    """Draw the figure and print the tables."""
    X, y = draw_rows(6_000, seed=0)
    X_test, y_test = draw_rows(60_000, seed=1)
    fitted = {
        "linear threshold": LinearThreshold(),
        "perceptron": Perceptron(random_state=0),
        "squared error": one_unit("squared_error", seed=0),
        "log loss": LogisticClassifier(),
        "log loss, balanced": LogisticClassifier(class_weight="balanced"),
    }
    models = {name: judged(model.fit(X, y), X_test) for name, model in fitted.items()}
    drawn, axes = figure(2, 2, 8.6, 6.8)
    planes(axes[0], models, X, y)
    curves(axes[1], models, y_test)
    print(comparison(models, y_test))
    print(starts((X, y), (X_test, y_test)))
    print("figure:", save(drawn, "imbalance"))


if __name__ == "__main__":
    main()
