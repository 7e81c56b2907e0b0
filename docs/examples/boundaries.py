"""What logistic regression, a decision tree and a multilayer perceptron make of four problems.

    python docs/examples/boundaries.py [FOLDER]

prints a table and draws boundaries.svg, which docs/which_model.md explains.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from drawing import INK, figure, heading, points, save, shade, table
from numpy.typing import NDArray
from sklearn.datasets import make_circles, make_moons
from sklearn.metrics import average_precision_score, log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from pipelines.estimators import LogisticClassifier, MLPClassifier

TRAIN, TEST = 400, 4_000


def moons(n: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two half moons, one in the other's arms."""
    X, y = make_moons(n, noise=0.25, random_state=seed)
    return X, y


def circles(n: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """A ring around a disc."""
    X, y = make_circles(n, noise=0.15, factor=0.45, random_state=seed)
    return X, y


def linear(n: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two clouds of the same shape, whose true boundary is a slanting line."""
    random = np.random.default_rng(seed)
    y = random.integers(2, size=n)
    return random.standard_normal((n, 2)) + np.outer(2 * y - 1, (0.7, 0.7)), y


def rare(n: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """A class of 8 % in a cloud of the others, 2 % of all labels wrong."""
    random = np.random.default_rng(seed)
    y = (random.random(n) < 0.08).astype(int)
    X = random.standard_normal((n, 2)) * np.where(y, 0.7, 1.3)[:, None]
    X += np.outer(y, (1.8, 1.0))
    return X, np.where(random.random(n) < 0.02, 1 - y, y)


RARE = "rare and noisy"
PROBLEMS = {"moons": moons, "circles": circles, "linear": linear, RARE: rare}


def models() -> dict[str, Pipeline]:
    """The three, each with parameters that suit a table of a few hundred rows."""
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticClassifier()),
        "decision tree": make_pipeline(
            DecisionTreeClassifier(max_depth=6, min_samples_leaf=10, random_state=0)
        ),
        "MLP (32, 32)": make_pipeline(
            StandardScaler(),
            MLPClassifier(
                (32, 32), learning_rate_init=0.01, alpha=1.0, max_iter=200, random_state=0
            ),
        ),
    }


def main() -> None:
    """Draw the panels and print their table."""
    drawn, axes = figure(len(PROBLEMS), len(models()), 8.6, 10.4)
    rows = []
    for number, (problem, draw) in enumerate(PROBLEMS.items()):
        X, y = draw(TRAIN, seed=0)
        X_test, y_test = draw(TEST, seed=1)
        low, high = X.min(axis=0) - 0.3, X.max(axis=0) + 0.3
        for ax, (name, model) in zip(axes[number], models().items(), strict=True):
            model.fit(X, y)
            box = (low[0], high[0], low[1], high[1])
            shade(ax, lambda plane, model=model: model.predict_proba(plane)[:, 1], box)
            points(ax, X[::2], y[::2])
            p = model.predict_proba(X_test)[:, 1]
            accuracy = model.score(X_test, y_test)
            loss, ap = log_loss(y_test, p), average_precision_score(y_test, p)
            rows.append([problem, name, f"{accuracy:.3f}", f"{loss:.3f}", f"{ap:.3f}"])
            ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])
            first = f"average precision {ap:.2f}" if problem == RARE else f"accuracy {accuracy:.2f}"
            heading(ax, name if number == 0 else "", f"{first}, log loss {loss:.2f}")
        axes[number, 0].set_ylabel(problem, fontsize=10, fontweight="bold", color=INK)
    print(table(["problem", "model", "accuracy", "log loss", "average precision"], rows))
    print("figure:", save(drawn, "boundaries"))


if __name__ == "__main__":
    main()
