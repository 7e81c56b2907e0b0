"""How much logistic regression, a decision tree and an MLP gain from rows, and what else differs.

    python docs/examples/choosing.py [FOLDER]

prints two tables and draws choosing.svg, which docs/which_model.md explains.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from drawing import BLUE, GREEN, INK, ORANGE, figure, heading, legend, save, table
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline

from pipelines.estimators.registry import build
from pipelines.inference.convert import to_onnx

COLUMNS = [f"x{number}" for number in range(10)]
TEST, TEST_SEED = 10_000, 99
SEEDS = (0, 1, 2)
SIZES = (100, 300, 1_000, 3_000, 10_000)
CANDIDATES: dict[str, tuple[str, dict[str, Any]]] = {
    "logistic regression": ("logistic", {}),
    "decision tree": ("decision_tree", {"min_samples_leaf": 100}),
    "MLP (32,)": (
        "mlp",
        {"hidden_layer_sizes": [32], "learning_rate_init": 0.01, "early_stopping": True},
    ),
}
COLOURS = dict(zip(CANDIDATES, (BLUE, GREEN, ORANGE), strict=True))
CONTRACT = {
    "columns": {name: {"type": "number"} for name in COLUMNS},
    "classes": [0, 1],
}


def true_probability(X: NDArray[Any], bent: bool) -> NDArray[Any]:
    """Of class 1; the log odds are linear, or bent by a product and a square too."""
    odds = X @ np.linspace(1.0, -0.5, len(COLUMNS))
    if bent:
        odds += 2.0 * X[:, 0] * X[:, 1] + X[:, 2] ** 2 - 1.0
    return expit(odds)


def draw_rows(n: int, seed: int, bent: bool) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Rows and labels of that seed."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((n, len(COLUMNS)))
    y = (random.random(n) < true_probability(X, bent)).astype(int)
    return pd.DataFrame(X, columns=COLUMNS), y


def fitted(name: str, n: int, seed: int, bent: bool) -> Pipeline:
    """That candidate, fitted to n rows of that seed."""
    estimator, parameters = CANDIDATES[name]
    return build(estimator, parameters, COLUMNS, []).fit(*draw_rows(n, seed, bent))


def learning_curves(axes: Any) -> str:
    """A table of the log loss on test rows by the rows learned from, linear and bent."""
    rows = []
    for ax, bent in zip(axes, (False, True), strict=True):
        X_test, y_test = draw_rows(TEST, TEST_SEED, bent)
        for name, colour in COLOURS.items():
            losses = [
                [
                    log_loss(y_test, fitted(name, n, seed, bent).predict_proba(X_test))
                    for seed in SEEDS
                ]
                for n in SIZES
            ]
            means = np.mean(losses, axis=1)
            rows.append(["bent" if bent else "linear", name, *(f"{each:.3f}" for each in means)])
            ax.plot(SIZES, means, "o-", ms=4, color=colour, label=name)
        truth = log_loss(y_test, true_probability(X_test.to_numpy(), bent))
        ax.axhline(truth, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), label="the truth itself")
        ax.set(xscale="log", ylim=(0.35, 0.9), xticks=SIZES)
        ax.set_xticks(SIZES, [f"{n:,}" for n in SIZES])
        ax.minorticks_off()
        title = "Bent: a product and a square too" if bent else "The truth is linear"
        heading(ax, title, "rows learned from", "log loss on test rows")
        legend(ax, "upper right")
    return table(["truth", "model", *(f"{n:,} rows" for n in SIZES)], rows)


def comparison() -> str:
    """A table of what the candidates make of 3,000 rows, and of 3,000 others."""
    rows = []
    for bent in (False, True):
        X_test, y_test = draw_rows(TEST, TEST_SEED, bent)
        truth = true_probability(X_test.to_numpy(), bent)
        for name in CANDIDATES:
            first, second = (fitted(name, 3_000, seed, bent) for seed in SEEDS[:2])
            p, other = (it.predict_proba(X_test)[:, 1] for it in (first, second))
            rows.append(
                [
                    "bent" if bent else "linear",
                    name,
                    f"{log_loss(y_test, p):.3f}",
                    f"{np.mean((p > 0.5) == (y_test == 1)):.3f}",
                    f"{np.abs(p - truth).mean():.3f}",
                    f"{100 * np.mean((p > 0.5) != (other > 0.5)):.0f} %",
                    f"{len(to_onnx(first, CONTRACT, {})) / 1000:.0f} kB",
                ]
            )
    heads = ["truth", "model", "log loss", "accuracy", "off the truth by"]
    return table([*heads, "labels changed by other rows", "ONNX file"], rows)


def main() -> None:
    """Draw the figure and print the table."""
    drawn, axes = figure(1, 2, 8.6, 3.8)
    print(learning_curves(axes[0]))
    print(comparison())
    print("figure:", save(drawn, "choosing"))


if __name__ == "__main__":
    main()
