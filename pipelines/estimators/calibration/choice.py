"""The threshold that a goal asks for, of all that tell rows apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.calibration.rules import Threshold
from pipelines.estimators.calibration.scores import Floats

__all__ = ["UnreachableError", "choose_threshold"]


class UnreachableError(ValueError):
    """No threshold gives what is asked for; the message says what is the most."""


@dataclass(frozen=True)
class Cuts:
    """Every way in which a threshold parts the rows, the highest threshold first.

    Attributes
    ----------
    values : ndarray of float32
        Midway between two neighbouring scores, so that no row stands at it.
    precision, recall, f1 : ndarray of float64
        Of the rows at or above it.
    rows : int
        All rows.
    taken : ndarray of intp
        How many rows are at or above it.
    """

    values: NDArray[np.float32]
    precision: Floats
    recall: Floats
    f1: Floats
    rows: int
    taken: NDArray[np.intp]

    def best(self, allowed: NDArray[np.bool_], *goals: Floats) -> int:
        """The allowed cut of the greatest first goal, then of the next; then the highest."""
        places = np.flatnonzero(allowed)
        for goal in goals:
            places = places[goal[places] == goal[places].max()]
        return int(places[0])


def choose_threshold(
    kind: str, P: NDArray[Any], codes: NDArray[Any], at_least: float = 0.0
) -> Threshold:
    """The threshold of a kind on the probabilities of two classes.

    Parameters
    ----------
    kind : "best_f1", "recall" or "precision"
        The greatest F1; the greatest precision among those of the required recall; the
        greatest recall among those of the required precision.
    at_least : float
        The recall or precision that is required.

    Raises
    ------
    UnreachableError
        If the rows have one class only, or no threshold reaches the precision.
    """
    positive = np.asarray(codes) == 1
    if not positive.any() or positive.all():
        lacking = "positive" if not positive.any() else "negative"
        raise UnreachableError(
            f"there is no {lacking} row among the {len(positive)} held out, so no threshold can be "
            "chosen. Give the table more of them"
        )
    cuts = _cuts(np.asarray(P, dtype=np.float32)[:, 1], positive)
    at = KINDS[kind](cuts, at_least)
    return Threshold(
        value=float(cuts.values[at]),
        precision=float(cuts.precision[at]),
        recall=float(cuts.recall[at]),
        f1=float(cuts.f1[at]),
        rows=cuts.rows,
        taken=int(cuts.taken[at]),
    )


def _cuts(p: NDArray[np.float32], positive: NDArray[np.bool_]) -> Cuts:
    scores, inverse, rows = np.unique(-p, return_inverse=True, return_counts=True)
    scores = -scores
    hits = np.cumsum(np.bincount(inverse, positive))
    taken = np.cumsum(rows)
    total = hits[-1]
    below = np.append(scores[1:], np.float32(0))
    middle = ((scores.astype(np.float64) + below) / 2).astype(np.float32)
    return Cuts(
        # Between two float32 next to each other there is none: then the upper one itself.
        values=np.where(middle > below, middle, scores),
        precision=hits / taken,
        recall=hits / total,
        f1=2 * hits / (total + taken),
        rows=len(p),
        taken=taken,
    )


def _best_f1(cuts: Cuts, _: float) -> int:
    return cuts.best(np.ones(len(cuts.values), dtype=bool), cuts.f1)


def _recall(cuts: Cuts, at_least: float) -> int:
    return cuts.best(cuts.recall >= at_least, cuts.precision, cuts.recall)


def _precision(cuts: Cuts, at_least: float) -> int:
    allowed = cuts.precision >= at_least
    if not allowed.any():
        most = cuts.best(~allowed, cuts.precision, cuts.recall)
        raise UnreachableError(
            f"no threshold gives a precision of {at_least:g} on the {cuts.rows} rows held out: the "
            f"most is {cuts.precision[most]:.3f}, with a recall of {cuts.recall[most]:.3f}. Ask "
            "for less in at_least"
        )
    return cuts.best(allowed, cuts.recall, cuts.precision)


KINDS: dict[str, Callable[[Cuts, float], int]] = {
    "best_f1": _best_f1,
    "recall": _recall,
    "precision": _precision,
}
