"""Rows without a probability, among many that have one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.inference.binding import InputError

__all__ = ["with_undefined"]

Answer = Callable[[Mapping[str, Any]], tuple[NDArray[Any], NDArray[np.float32]]]


def with_undefined(answer: Answer) -> Answer:
    """`answer` (that of a Predictor), with NaN for the probabilities of rows that have none.

    Such a row is one with a number too large to compute with. What holds one is answered in
    halves: one among N rows costs log₂ N calls, and N of them 2 N.
    """

    def answered(features: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[np.float32]]:
        rows = len(next(iter(features.values())))
        try:
            return answer(features)
        except InputError as error:
            if error.row is None:
                raise
            if rows == 1:
                return _nothing(answer, features)
        middle = rows // 2
        halves = [_rows(features, 0, middle), _rows(features, middle, rows)]
        labels, probabilities = zip(*map(answered, halves), strict=True)
        return np.concatenate(labels), np.concatenate(probabilities)

    return answered


def _rows(features: Mapping[str, Any], first: int, end: int) -> dict[str, Any]:
    return {name: values[first:end] for name, values in features.items()}


def _nothing(
    answer: Answer, features: Mapping[str, Any]
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """The label of a row of zeros, which is of the right type, and NaN."""
    zeros = {name: np.zeros_like(values) for name, values in features.items()}
    texts = {name: np.array([""], object) for name, x in features.items() if x.dtype == object}
    labels, probabilities = answer({**zeros, **texts})
    return labels, np.full_like(probabilities, np.nan)
