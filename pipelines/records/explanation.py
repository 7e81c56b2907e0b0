"""What the models rest on: columns, coefficients, and the regions that they tell apart."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.metrics import Interval

__all__ = ["Coefficient", "Explanation", "Importance", "Plane", "Surface"]


@dataclass(frozen=True)
class Importance:
    """By how much the winner's log loss rises when the column's values change places."""

    column: str
    rise: Interval


@dataclass(frozen=True)
class Coefficient:
    """A weight of a linear model: its column of the matrix, and the class that it speaks for.

    `value` has no bounds (NaN) where the fit does not tell its uncertainty.
    """

    term: str
    label: str
    value: Interval


@dataclass(frozen=True)
class Surface:
    """What one candidate answers on a plane, point after point along x, row after row along y.

    `probability` is that of class 1 of two classes, else that of the label; `labels` holds
    the predicted classes' positions.
    """

    candidate: str
    estimator: str
    labels: tuple[int, ...]
    probability: tuple[float, ...]


@dataclass(frozen=True)
class Plane:
    """Two columns whose values vary, all others fixed.

    Attributes
    ----------
    x, y : str
        The columns.
    across, up : tuple of float
        The values of x and y of which each pair is a point.
    surfaces : tuple of Surface
    rows_x, rows_y : tuple of float
        Some test rows, without those outside the plane or with a gap.
    rows_codes : tuple of int
        Their classes.
    """

    x: str
    y: str
    across: tuple[float, ...]
    up: tuple[float, ...]
    surfaces: tuple[Surface, ...]
    rows_x: tuple[float, ...]
    rows_y: tuple[float, ...]
    rows_codes: tuple[int, ...]


@dataclass(frozen=True)
class Explanation:
    """What the models rest on.

    Attributes
    ----------
    importances : tuple of Importance
        The winner's, greatest first.
    rows, repeats : int
        Test rows, and how often each column was shuffled among them.
    importances_note : str
        Why there are none; empty where there are.
    plane : Plane or None
    plane_note : str
        Why there is no plane.
    coefficients : tuple of Coefficient
        Greatest first; the intercepts are left out.
    linear : str
        The candidate they are of; empty where none is linear.
    coefficients_note : str
        What the intervals are, or why there are none.
    """

    importances: tuple[Importance, ...] = ()
    rows: int = 0
    repeats: int = 0
    importances_note: str = ""
    plane: Plane | None = None
    plane_note: str = ""
    coefficients: tuple[Coefficient, ...] = ()
    linear: str = ""
    coefficients_note: str = ""
