"""Models on the rows of a slice: its metrics, whether it is worse, and worse than the champion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from pipelines.metrics.multiple import freedom, holm, widening
from pipelines.metrics.paired import class_sizes, paired
from pipelines.metrics.resamples import Resamples
from pipelines.metrics.results import (
    METRICS,
    Interval,
    Paired,
    SliceComparison,
    SliceScores,
    yardstick,
)
from pipelines.metrics.scores import VALUES, intervals
from pipelines.metrics.tallies import RANKED, Predictions, Tallies, tally

__all__ = ["FEWEST_ROWS", "compared_slices", "slice_scores"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
# Column → the words for each of its slices → which rows it has.
Columns = Mapping[str, Mapping[str, NDArray[np.bool_]]]
Found = TypeVar("Found", SliceScores, SliceComparison)
FEWEST_ROWS = 30
LEVEL = 0.05


def slice_scores(
    columns: Columns, answers: Predictions, drawn: Resamples, metric: str, confidence: float = 0.95
) -> tuple[SliceScores, ...]:
    """Each slice's metrics, and whether it is worse than all other rows beyond doubt.

    Slice and rest have other shares of the classes: they are compared by `yardstick`.
    Slice and rest are two samples: their difference is taken in each resample of all rows, and
    its standard deviation, widened for the slice's number of rows, is held against Student's t
    (`multiple.widening`); Holm's adjustment goes over all slices.
    """
    whole = tally([answers], drawn)[0]
    metric = yardstick(metric, answers.P.shape[1])
    found: list[SliceScores] = []
    for column, slices in columns.items():  # a pass for each: so many tallies at a time
        notes = {value: _too_small(rows, answers, drawn) for value, rows in slices.items()}
        known = {value: rows for value, rows in slices.items() if not notes[value]}
        tallies = dict(zip(known, _both_sides(known, answers, drawn, metric, whole), strict=True))
        for value, rows in slices.items():
            it = SliceScores(column, value, int(rows.sum()), note=notes[value])
            if value in known:
                it = _judged(it, answers.where(rows), *tallies[value], metric, confidence)
            found.append(it)
    return _adjusted(found, [it.rest is not None for it in found])


def _both_sides(
    slices: Mapping[str, NDArray[np.bool_]],
    answers: Predictions,
    drawn: Resamples,
    metric: str,
    whole: Tallies,
) -> list[tuple[Tallies, Tallies]]:
    """The tallies of each slice and of the rows that are not in it."""
    inside = tally([answers.where(rows) for rows in slices.values()], drawn)
    if metric not in RANKED:
        return [(each, whole.without(each)) for each in inside]
    others = tally([answers.where(~rows) for rows in slices.values()], drawn, [metric])
    return list(zip(inside, others, strict=True))


def _too_small(rows: NDArray[np.bool_], answers: Predictions, drawn: Resamples) -> str:
    few = _too_few(rows, drawn)
    if not few and len(np.unique(answers.codes[rows])) < 2:
        return "too small: its rows are all of one class"
    return few


def _too_few(rows: NDArray[np.bool_], drawn: Resamples) -> str:
    n, distinct = int(rows.sum()), drawn.where(rows).distinct
    if n < FEWEST_ROWS:
        return f"too small: {n} of the {FEWEST_ROWS} rows that it takes"
    if distinct < FEWEST_ROWS:
        return f"too small: {distinct} of the {FEWEST_ROWS} different rows that it takes"
    return ""


def _judged(
    it: SliceScores,
    answers: Predictions,
    inside: Tallies,
    others: Tallies,
    metric: str,
    confidence: float,
) -> SliceScores:
    scores = intervals(inside, answers, confidence)
    known = {name: each for name, each in scores.items() if np.isfinite(each.value)}
    missing = [name for name in METRICS if name not in known]
    note = f"not defined here, a class is missing: {', '.join(missing)}" if missing else ""
    values = VALUES[metric](inside) - VALUES[metric](others)
    drawn = values[1:][np.isfinite(values[1:])]
    if not (np.isfinite(values[0]) and drawn.size > 1):
        return replace(it, scores=known, note=note)
    degrees = freedom(class_sizes(answers.codes, answers.groups, answers.P.shape[1]))
    wide = values[0] + widening(degrees) * (drawn - values[0])
    low, high = np.quantile(wide, [(1 - confidence) / 2, (1 + confidence) / 2])
    worse = values[0] if METRICS[metric] == "lower" else -values[0]
    spread = float(np.std(drawn)) * np.sqrt((degrees + 1) / degrees)
    p = float(stdtr(degrees, -worse / spread)) if spread > 0 else float(worse <= 0)
    rest = Interval(float(values[0]), float(low), float(high))
    return replace(it, scores=known, rest=rest, p=p, note=note)


def compared_slices(
    columns: Columns,
    metric: str,
    first: tuple[NDArray[Any], Codes],
    second: tuple[NDArray[Any], Codes],
    codes: Codes,
    drawn: Resamples,
) -> tuple[SliceComparison, ...]:
    """Two models' paired comparison in each slice, and whether the first is worse beyond doubt.

    Parameters
    ----------
    first, second : (ndarray of shape (n, K), ndarray of shape (n,))
        Probabilities and predicted classes.
    drawn : Resamples
        Of all rows; each slice draws as many resamples of its own.
    """
    found = []
    for column, slices in columns.items():
        for value, rows in slices.items():
            it = SliceComparison(column, value, int(rows.sum()), note=_too_few(rows, drawn))
            if it.note:
                found.append(it)
                continue
            own = _own(drawn, rows)
            (P, labels), (other, other_labels) = ((p[rows], q[rows]) for p, q in (first, second))
            pair = paired(metric, P, other, codes[rows], own, labels, other_labels)
            if pair.note:
                found.append(replace(it, note=pair.note))
            else:
                found.append(replace(it, paired=pair, p=_p_worse(pair, own.count)))
    return _adjusted(found, [it.paired is not None for it in found])


def _own(drawn: Resamples, rows: NDArray[np.bool_]) -> Resamples:
    """Resamples of these rows alone."""
    known, groups = np.unique(drawn.groups[rows], return_inverse=True)
    return Resamples(groups.astype(np.int32), len(known), drawn.count, drawn.seed)


def _p_worse(pair: Paired, count: int) -> float:
    """Of «no worse»; so many resamples show no less than one of them."""
    return max(1 - pair.share_worse, 1 / (count + 1))


def _adjusted(found: Sequence[Found], tested: Sequence[bool]) -> tuple[Found, ...]:
    """With p adjusted for the number of those that were tested, and the flag it gives."""
    p = iter(holm([each.p for each, was in zip(found, tested, strict=True) if was]))
    adjusted = [next(p) if was else 1.0 for was in tested]
    return tuple(
        replace(each, p=own, worse=own <= LEVEL) for each, own in zip(found, adjusted, strict=True)
    )
