"""What candidates answer where two columns vary and all others are fixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.records.explanation import Plane, Surface

__all__ = ["Model", "plane", "typical"]

POINTS = 90
SHOWN_ROWS = 150
# What most rows lie within: a few far ones would leave all others in a corner.
ENDS = (0.01, 0.99)
MARGIN = 0.04


@dataclass(frozen=True)
class Model:
    """A fitted candidate: its name and estimator, and X → probabilities and label positions."""

    candidate: str
    estimator: str
    answer: Callable[[pd.DataFrame], tuple[NDArray[np.float64], NDArray[np.int32]]]


def typical(X: pd.DataFrame, numbers: Sequence[str]) -> dict[str, object]:
    """Column → the median of those named, the most frequent value of any other.

    Of equally frequent values the least; a column of gaps alone keeps its gap.
    """
    found: dict[str, object] = {}
    for name in X.columns:
        column = X[name].dropna()
        if column.empty:
            found[name] = np.nan
        elif name in numbers:
            found[name] = float(np.median(column))
        else:
            found[name] = column.value_counts(sort=False).sort_index().idxmax()
    return found


def plane(
    models: Sequence[Model],
    x: str,
    y: str,
    fixed: Mapping[str, object],
    X: pd.DataFrame,
    codes: NDArray[np.int32],
) -> Plane:
    """The answers of the models on 90 × 90 points, and some of the rows.

    Parameters
    ----------
    fixed : mapping
        Column → the value of all points; that of x and y is not looked at.
    X : DataFrame
        The rows that say how far the plane reaches, and of which the first are shown.
    codes : ndarray of int32
        Their classes.
    """
    across, up = _line(X[x].to_numpy()), _line(X[y].to_numpy())
    points = pd.DataFrame({name: [fixed[name]] * POINTS**2 for name in X.columns})
    points[x], points[y] = np.tile(across, POINTS), np.repeat(up, POINTS)
    u, v = X[x].to_numpy(), X[y].to_numpy()
    within = (u >= across[0]) & (u <= across[-1]) & (v >= up[0]) & (v <= up[-1])
    shown = np.flatnonzero(within)[:SHOWN_ROWS]
    return Plane(
        x=x,
        y=y,
        across=_listed(across),
        up=_listed(up),
        surfaces=tuple(_surface(model, points) for model in models),
        rows_x=_listed(u[shown]),
        rows_y=_listed(v[shown]),
        rows_codes=tuple(int(code) for code in codes[shown]),
    )


def _line(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Even steps over what most of the values span, a little beyond both ends."""
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, ENDS, method="inverted_cdf")
    if low == high:
        low, high = known.min(), known.max()
    margin = MARGIN * (high - low)
    return np.linspace(low - margin, high + margin, POINTS)


def _surface(model: Model, points: pd.DataFrame) -> Surface:
    P, labels = model.answer(points)
    probability = P[:, 1] if P.shape[1] == 2 else P[np.arange(len(P)), labels]
    return Surface(
        candidate=model.candidate,
        estimator=model.estimator,
        labels=tuple(int(label) for label in labels),
        probability=tuple(round(float(p), 4) for p in probability),
    )


def _listed(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(each) for each in values)
