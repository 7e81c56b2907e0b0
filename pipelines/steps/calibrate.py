"""calibrate: a candidate's calibrator and threshold, fitted on what it gave rows held out.

These are the out-of-fold rows, or the validation rows; never test rows. The calibrator and
the threshold that are kept are fitted on all of them. The selection loss is cross-fitted:
each fold (of the validation rows: each of five groups) is judged by a calibrator fitted on
the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from pipelines.config import Calibration, Threshold
from pipelines.estimators import calibration as calibrating
from pipelines.estimators.calibration import CalibratedClassifier, UnreachableError
from pipelines.metrics import log_losses
from pipelines.records import CandidateFit

__all__ = ["GROUPS", "CalibrationError", "HeldOut", "calibrate", "groups_of"]

GROUPS = 5
# Fewer rows than this show little of a threshold's precision.
FEW_TAKEN = 30

Floats = NDArray[np.float64]
Calibrator = Callable[[Floats], Floats]

FITS: dict[str, Callable[[Floats, NDArray[np.int32]], Any]] = {
    "none": lambda P, codes: calibrating.Uncalibrated(),  # noqa: ARG005 - as the others
    "sigmoid": calibrating.fit_sigmoid,
    "isotonic": calibrating.fit_isotonic,
    "temperature": calibrating.fit_temperature,
}
# They fit each class against the rest, and so need rows of both.
ONE_VS_REST = ("sigmoid", "isotonic")


class CalibrationError(ValueError):
    """A calibrator or a threshold cannot be fitted to this candidate, and why."""


@dataclass(frozen=True)
class HeldOut:
    """What one fit gave rows that it did not learn from.

    Attributes
    ----------
    rows : ndarray of intp, shape (n,)
        Their places in the table.
    groups : ndarray of int, shape (n,)
        Rows of one group are never judged by a calibrator that was fitted on some of them.
    codes : ndarray of int32, shape (n,)
    probabilities : ndarray of float64, shape (n, K)
    """

    rows: NDArray[np.intp]
    groups: NDArray[np.int8]
    codes: NDArray[np.int32]
    probabilities: Floats


def groups_of(digests: NDArray[np.uint64], codes: NDArray[np.int32]) -> NDArray[np.int8]:
    """One of `GROUPS` groups for each row; equal rows share one, each class is in all it can be.

    The distinct rows, by class and then by digest, are dealt out in turn.
    """
    distinct, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    group = np.empty(len(distinct), dtype=np.int8)
    group[np.lexsort((distinct, codes[first]))] = np.arange(len(distinct)) % GROUPS
    return group[inverse]


def calibrate(
    fitted: CandidateFit, held: Sequence[HeldOut], calibration: Calibration, threshold: Threshold
) -> CandidateFit:
    """The candidate with its last step wrapped, and its loss that of calibrated probabilities.

    Raises
    ------
    CalibrationError
        If the held-out rows do not allow it: a class is missing from them, no two groups
        can judge each other, or no threshold gives what is asked for.
    """
    # Fits end in any order; sums must not depend on it.
    order = np.argsort(np.concatenate([each.rows for each in held]), kind="stable")
    groups, codes, P = (
        np.concatenate([getattr(each, name) for each in held])[order]
        for name in ("groups", "codes", "probabilities")
    )
    *before, (name, estimator) = fitted.pipeline.steps
    _require_classes(calibration.method, estimator.classes_.tolist(), codes, P)
    calibrator = FITS[calibration.method](P, codes)
    judged = _cross_fitted(calibration.method, groups, codes, P)
    rule = _rule(threshold, calibrator(P), codes)
    wrapped = CalibratedClassifier(estimator, calibrator, rule)
    return replace(
        fitted,
        pipeline=Pipeline([*before, (name, wrapped)]),
        selection_loss=float(log_losses(judged, codes).mean()),
        warnings=(*fitted.warnings, *_thin(rule), *_one_label(threshold, rule)),
        decision={
            "probability_calibration": calibration.method,
            **_under("probability_calibration", calibrator.numbers()),
            "threshold": threshold.kind,
            **_asked(threshold),
            **_under("threshold", rule.numbers()),
        },
    )


def _require_classes(method: str, classes: list[Any], codes: NDArray[np.int32], P: Floats) -> None:
    if len(classes) != P.shape[1]:
        raise CalibrationError(
            f"[calibration] and [threshold] need a fit that knows every class; this one knows "
            f"{classes}"
        )
    counts = np.bincount(codes, minlength=len(classes))
    absent = [repr(label) for label, count in zip(classes, counts, strict=True) if not count]
    if method in ONE_VS_REST and absent:
        raise CalibrationError(
            f'[calibration] method = "{method}" needs held-out rows of every class, and there is '
            f"none of {', '.join(absent)}. Give the table more of them, or choose "
            'method = "temperature" or "none"'
        )


def _cross_fitted(
    method: str, groups: NDArray[np.int8], codes: NDArray[np.int32], P: Floats
) -> Floats:
    """Each group's probabilities, calibrated by what was fitted on the other groups."""
    if method == "none":
        return P
    names = np.unique(groups)
    if len(names) < 2:
        raise CalibrationError(
            f'[calibration] method = "{method}" cannot be judged: the {len(codes)} held-out rows '
            "are all in one fold or all equal. Give the table more rows, or choose "
            'method = "none"'
        )
    judged = np.empty_like(P)
    for name in names:
        mine = groups == name
        judged[mine] = FITS[method](P[~mine], codes[~mine])(P[mine])
    return judged


def _rule(threshold: Threshold, P: Floats, codes: NDArray[np.int32]) -> Any:
    if threshold.kind == "argmax":
        return calibrating.Argmax()
    if threshold.kind == "costs":
        return calibrating.Costs(np.array(threshold.costs, dtype=np.float64))
    try:
        return calibrating.choose_threshold(threshold.kind, P, codes, threshold.at_least or 0.0)
    except UnreachableError as error:
        raise CalibrationError(f'[threshold] kind = "{threshold.kind}": {error}') from None


def _thin(rule: Any) -> list[str]:
    """A sentence where a threshold takes so few rows that its precision is hardly known."""
    taken = getattr(rule, "taken", FEW_TAKEN)
    if taken >= FEW_TAKEN:
        return []
    count = f"{taken} of the {rule.rows} rows held out"
    return [f"threshold: its precision of {rule.precision:.3f} rests on {count}"]


def _one_label(threshold: Threshold, rule: Any) -> list[str]:
    """A sentence where a threshold takes every row, so that its labels tell nothing apart."""
    if getattr(rule, "taken", None) != getattr(rule, "rows", 0):
        return []
    labels = (
        f"all {rule.rows} rows held out get the positive label, so the labels tell nothing apart"
    )
    if threshold.at_least is None:
        return [f"threshold: {labels}"]
    asked = f"the required {threshold.kind} of {threshold.at_least:g}"
    return [f"threshold: {asked} is met only where {labels}. Ask for less in at_least"]


def _asked(threshold: Threshold) -> dict[str, Any]:
    """The recall or precision that was required, beside which stands what it came to."""
    return {} if threshold.at_least is None else {"threshold__at_least": threshold.at_least}


def _under(prefix: str, numbers: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}__{name}": value for name, value in numbers.items()}
