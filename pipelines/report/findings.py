"""What each figure shows, in a sentence with its numbers: the text in the figure's place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.metrics import Interval
from pipelines.report.curves import (
    confusion_counts,
    precision_recall_curve,
    reliability,
    roc_curve,
    working_point,
)
from pipelines.report.wording import interval, name, number, share

__all__ = ["findings", "of_candidates"]


def findings(
    classes: Sequence[Any],
    codes: NDArray[np.int32],
    P: NDArray[Any],
    labels: NDArray[np.int32],
    curve: Sequence[float] = (),
) -> dict[str, str]:
    """A sentence for each figure of `figures.candidate_figures`."""
    tested = range(len(classes)) if len(classes) > 2 else [1]
    auc = {k: roc_curve(codes == k, P[:, k]).area for k in tested}
    average = {k: precision_recall_curve(codes == k, P[:, k]).area for k in tested}
    at = {k: working_point(labels == k, codes == k) for k in tested}
    rates = {k: (it.false_positive_rate, it.recall) for k, it in at.items()}
    precisions = {k: (it.precision, it.recall) for k, it in at.items()}
    return {
        "roc": _areas("ROC curve", "area under the curve", classes, auc)
        + _standing("a false positive rate", rates),
        "precision_recall": _areas("Precision-recall curve", "average precision", classes, average)
        + _standing("a precision", precisions),
        "calibration": _calibration(codes, P),
        "confusion": _confusion(classes, codes, labels),
        "loss_curve": _training(curve),
    }


def of_candidates(scores: Mapping[str, Mapping[str, Interval]]) -> str:
    """A sentence for `figures.candidates`."""
    losses = {each: metrics["log_loss"] for each, metrics in scores.items()}
    order = sorted(losses, key=lambda each: (math.isnan(losses[each].value), losses[each].value))
    each_loss = ", ".join(
        f"{name(each, 40)} {number(losses[each].value)} ({interval(losses[each]) or 'no interval'})"
        for each in order
    )
    return f"Log loss on the test rows, the best first: {each_loss}."


def _areas(what: str, area: str, classes: Sequence[Any], areas: Mapping[int, float]) -> str:
    known = [k for k in areas if math.isfinite(areas[k])]
    if not known:
        return f"{what}: undefined on these test rows, which lack a class."
    if len(areas) == 1:
        return f"{what} of {name(classes[1], 40)}: {area} {number(areas[1])}."
    low, high = min(known, key=areas.__getitem__), max(known, key=areas.__getitem__)
    mean = number(float(np.mean(list(areas.values()))))
    return (
        f"{what}s of {len(areas)} classes, each against the rest: mean {area} {mean}, from "
        f"{number(areas[low])} for {name(classes[low], 40)} to {number(areas[high])} for "
        f"{name(classes[high], 40)}."
    )


def _standing(what: str, points: Mapping[int, tuple[float, float]]) -> str:
    """Where the labels of two classes stand on the curve; nothing for more classes."""
    if len(points) != 1:
        return ""
    ((first, recall),) = points.values()
    if not math.isfinite(first + recall):
        return ""
    return (
        f" The working threshold gives {what} of {number(first)} at a recall of {number(recall)}."
    )


def _calibration(codes: NDArray[np.int32], P: NDArray[Any]) -> str:
    it = reliability(P, codes)
    gaps = np.abs(it.observed - it.predicted)
    if not np.isfinite(gaps).any():
        return "Reliability diagram: no test rows."
    worst = int(np.nanargmax(gaps))
    return (
        f"Reliability diagram: probability and observed frequency differ by {number(it.gap)} on "
        f"average; most where {number(it.predicted[worst])} was predicted and "
        f"{number(it.observed[worst])} observed ({it.counts[worst]:,} rows)."
    )


def _confusion(classes: Sequence[Any], codes: NDArray[np.int32], labels: NDArray[np.int32]) -> str:
    cells = confusion_counts(labels, codes, len(classes))
    rows, right = int(cells.sum()), int(cells.trace())
    text = (
        f"Confusion matrix: {share(right / max(rows, 1))} of {rows:,} test rows get their true "
        f"class"
    )
    wrong = cells - np.diag(np.diag(cells))
    if not wrong.any():
        return f"{text}."
    true, taken = divmod(int(wrong.argmax()), len(wrong))
    return (
        f"{text}; the most frequent error is {name(classes[true], 40)} taken for "
        f"{name(classes[taken], 40)}, in {wrong[true, taken]:,} rows."
    )


def _training(curve: Sequence[float]) -> str:
    if not len(curve):
        return ""
    return (
        f"Training loss: {number(curve[0])} after the first step, {number(curve[-1])} after "
        f"{len(curve):,}."
    )
