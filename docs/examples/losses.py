"""Squared error against log loss: slopes, a bad start, calibration, wrong labels.

    python docs/examples/losses.py [FOLDER]

prints three tables and draws losses.svg, which docs/losses.md explains.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from drawing import BLUE, GREEN, GREYS, INK, ORANGE, figure, heading, legend, points, save, table
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.calibration import calibration_curve
from sklearn.datasets import make_moons
from sklearn.metrics import brier_score_loss, log_loss

from pipelines.estimators import LinearThreshold, MLPClassifier
from pipelines.estimators.epoch import Epoch
from pipelines.estimators.loss import LOSSES

NAMES = {"log_loss": "log loss", "squared_error": "squared error"}
COLOURS = {"log loss": BLUE, "squared error": ORANGE, "linear threshold": GREEN}
EPOCHS = 200
ENOUGH = 0.8
# Of class 1 given x₁ and x₂: σ(2.5 x₁), so that the true line is x₁ = 0.
STEEP = 2.5
BINS = 10


def slopes(ax: Axes) -> str:
    """A table of each loss and its slope by the raw prediction r, for a row of class 1."""
    shown, raw = (-6, -3, 0, 3, 6), np.linspace(-8, 8, 161)
    columns = []
    for name, title in NAMES.items():
        loss = LOSSES[name](2)
        _, slope = loss.value_and_gradient(np.ones(len(raw), dtype=int), raw[:, None])
        ax.plot(raw, -slope[:, 0], color=COLOURS[title], label=title)
        values, slope = loss.value_and_gradient(
            np.ones(len(shown), dtype=int), np.array(shown, dtype=float)[:, None]
        )
        columns += [values, -slope[:, 0]]
    heading(ax, "A row of class 1: how hard it pulls", "raw prediction", "minus the slope")
    ax.annotate("sure and wrong", (-7.9, 0.06), fontsize=8, color=INK)
    ax.annotate("sure and right", (7.9, 0.06), fontsize=8, color=INK, ha="right")
    legend(ax, "center right")
    heads = ["raw prediction", "probability"]
    heads += [f"{title}{part}" for title in NAMES.values() for part in ("", ", slope")]
    rows = [
        [r, f"{expit(r):.4f}", *(f"{value:.4f}" for value in cells)]
        for r, *cells in zip(shown, *columns, strict=True)
    ]
    return table(heads, rows)


def after_a_hundred_epochs(epoch: Epoch) -> bool:
    """Whether a fit ends here."""
    return epoch.number >= 100


def bad_start(ax: Axes) -> str:
    """A table of the epochs that networks need which know the labels the wrong way round."""
    X, y = make_moons(500, noise=0.25, random_state=0)
    X_test, y_test = make_moons(1000, noise=0.25, random_state=1)
    rows = []
    for hidden, dashes, told in (((), (0, (4, 1.5)), "no hidden layer"), ((16,), "-", "16 units")):
        wrong = MLPClassifier(hidden, activation="tanh", learning_rate_init=0.02, random_state=0)
        wrong.set_params(alpha=0.3, callbacks=after_a_hundred_epochs).fit(X, 1 - y)
        for name, title in NAMES.items():
            network = deepcopy(wrong).set_params(
                loss=name, solver="sgd", momentum=0.0, learning_rate_init=0.3, alpha=1e-4
            )
            network.set_params(callbacks=None)
            scores = [network.score(X_test, y_test)]
            for _ in range(EPOCHS):
                scores.append(network.partial_fit(X, y).score(X_test, y_test))
            reached = np.flatnonzero(np.array(scores) >= ENOUGH)
            rows.append(
                [
                    told,
                    title,
                    f"{scores[0]:.2f}",
                    int(reached[0]) if len(reached) else f"more than {EPOCHS}",
                    f"{scores[-1]:.2f}",
                ]
            )
            ax.plot(scores, color=COLOURS[title], linestyle=dashes, label=f"{title}, {told}")
    heading(ax, "From a start that is sure and wrong", "epoch", "accuracy on test rows")
    ax.set_ylim(0, 1)
    legend(ax, "lower right")
    heads = ["network", "loss", "accuracy at the start"]
    return table([*heads, f"epochs to {ENOUGH:.2f}", f"accuracy after {EPOCHS}"], rows)


def draw_rows(n: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows X and labels y whose probabilities are known."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((n, 2))
    return X, (random.random(n) < expit(STEEP * X[:, 0])).astype(int)


def with_wrong_labels(
    X: NDArray[Any], y: NDArray[Any], share: float, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The rows, and beside them some far out on class 0's side that are labelled 1."""
    random = np.random.default_rng(seed)
    far = random.normal((-4.0, 4.0), 0.5, size=(int(share * len(X)), 2))
    return np.concatenate((X, far)), np.concatenate((y, np.ones(len(far), dtype=int)))


def linear_models() -> dict[str, Any]:
    """The same linear raw prediction under three losses."""
    shape: dict[str, Any] = {"hidden_layer_sizes": (), "solver": "lbfgs", "alpha": 0.1}
    models = {
        title: MLPClassifier(loss=name, random_state=0, max_iter=1000, tol=1e-6, **shape)
        for name, title in NAMES.items()
    }
    return {**models, "linear threshold": LinearThreshold()}


def line(ax: Axes, model: Any, colour: str, title: str) -> None:
    """Draw where the two classes are equally probable."""
    w = np.ravel(model.coefs_[0] if hasattr(model, "coefs_") else model.coef_)
    b = np.ravel(model.intercepts_[0] if hasattr(model, "intercepts_") else model.intercept_)[0]
    cut = 0.5 if title == "linear threshold" else 0.0
    x2 = np.array([-20.0, 20.0])
    dashes = (0, (4, 3)) if title == "linear threshold" else "-"
    ax.plot((cut - b - w[1] * x2) / w[0], x2, color=colour, linestyle=dashes, label=title)


def calibration(ax_curve: Axes, ax_plane: Axes) -> str:
    """A table of the probabilities' quality, with right labels and with some wrong ones."""
    X, y = draw_rows(1000, seed=0)
    X_wrong, y_wrong = with_wrong_labels(X, y, 0.05, seed=1)
    X_test, y_test = draw_rows(50_000, seed=2)
    rows = []
    ax_curve.plot([0, 1], [0, 1], color=INK, linewidth=0.8, alpha=0.5)
    points(ax_plane, X_wrong[::2], y_wrong[::2], GREYS)
    for title, model in linear_models().items():
        p = model.fit(X, y).predict_proba(X_test)[:, 1]
        seen, told = calibration_curve(y_test, p, n_bins=BINS)
        ax_curve.plot(told, seen, marker="o", markersize=3, color=COLOURS[title], label=title)
        right = model.score(X_test, y_test)
        gap = np.abs(p - expit(STEEP * X_test[:, 0])).mean()
        model.fit(X_wrong, y_wrong)
        line(ax_plane, model, COLOURS[title], title)
        wrong = np.abs(model.predict_proba(X_test)[:, 1] - expit(STEEP * X_test[:, 0])).mean()
        quality = (log_loss(y_test, p), brier_score_loss(y_test, p), gap, right)
        rows.append([title, *(f"{q:.3f}" for q in (*quality, wrong, model.score(X_test, y_test)))])
    heading(ax_curve, "Are the probabilities true?", "probability told", "share of class 1 seen")
    legend(ax_curve, "upper left")
    heading(ax_plane, "5 % of the labels are wrong, far out", "x₁", "x₂")
    ax_plane.set(xlim=(-6, 4), ylim=(-4, 6))
    legend(ax_plane, "upper right")
    heads = ["loss", "log loss", "Brier", "off the truth by", "accuracy"]
    return table([*heads, "off by, wrong labels", "accuracy, wrong labels"], rows)


def main() -> None:
    """Draw the figure and print the tables."""
    drawn, axes = figure(2, 2, 8.6, 6.8)
    parts = (slopes(axes[0, 0]), bad_start(axes[0, 1]), calibration(axes[1, 0], axes[1, 1]))
    print("\n".join(parts))
    print("figure:", save(drawn, "losses"))


if __name__ == "__main__":
    main()
