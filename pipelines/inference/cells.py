"""Readers of single cells: what a value of a column means, by the column's type.

A reader takes a cell and returns its feature: a float, NaN for a gap, or a text, "" for a gap.
It raises TypeError, ValueError or ArithmeticError where the value is not of the column's type.
The first lines of each serve the plain values that almost every cell holds.

Needs numpy and pandas, nothing of this project: it is copied into each MLflow model.
"""

from __future__ import annotations

import datetime
import decimal
import functools
import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

Reader = Callable[[Any], Any]

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0"})
DAY = 86_400.0  # seconds
EPOCH = datetime.datetime(1970, 1, 1)
EXACT = 2**53  # float64 holds every integer up to here
NAN, INF = math.nan, math.inf


def reader(spec: Mapping[str, Any], words: frozenset[str]) -> Reader:
    """The reader of a column's cells; `words` are the texts that stand for a gap."""
    return _READERS[spec["type"]](spec, words)


def is_gap(value: Any, words: frozenset[str]) -> bool:
    """Whether the cell is missing."""
    if isinstance(value, str):
        return value in words or value.strip() in words
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


@functools.cache
def numerals(words: frozenset[str]) -> frozenset[float]:
    """The words that may also arrive as a number, as -999 can."""
    return frozenset(float(word) for word in words if _is_numeral(word))


def _is_numeral(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _number_reader(spec: Mapping[str, Any], words: frozenset[str]) -> Reader:
    gaps = numerals(words)
    endless = spec.get("infinite") == "missing"

    def read(value: Any) -> float:
        if type(value) is float and -INF < value < INF:
            return NAN if value in gaps else value
        if is_gap(value, words):
            return NAN
        x = _number(value)
        if x in gaps or (endless and math.isinf(x)):
            return NAN
        if math.isinf(x):
            raise ValueError
        return x

    return read


def _integer_reader(spec: Mapping[str, Any], words: frozenset[str]) -> Reader:
    gaps = numerals(words)
    number = _number_reader(spec, words)

    def read(value: Any) -> float:
        if type(value) is int and -EXACT < value < EXACT:
            return NAN if value in gaps else float(value)
        x: float = number(value)
        # 2**53 + 1 is rounded to 2**53.
        if abs(x) > EXACT or x % 1 > 0 or (abs(x) == EXACT and abs(int(value)) != EXACT):
            raise ValueError
        return x

    return read


def _boolean_reader(spec: Mapping[str, Any], words: frozenset[str]) -> Reader:  # noqa: ARG001
    def read(value: Any) -> float:
        if value is True or value is False:
            return float(value)
        if is_gap(value, words):
            return NAN
        x = _truth(value)
        if x not in (0.0, 1.0):
            raise ValueError
        return x

    return read


def _date_reader(spec: Mapping[str, Any], words: frozenset[str]) -> Reader:
    unit = DAY if spec["unit"] == "day" else 1.0

    def read(value: Any) -> float:
        return NAN if is_gap(value, words) else _seconds(value) / unit

    return read


def _text_reader(spec: Mapping[str, Any], words: frozenset[str]) -> Reader:  # noqa: ARG001
    def read(value: Any) -> str:
        if isinstance(value, str):  # spaces around a category are part of it
            if value in words:
                return ""
            value.encode()  # half of a surrogate pair is no text, and no graph takes it
            return value
        if is_gap(value, words):
            return ""
        text = _text(value)
        return "" if text in words else text

    return read


_READERS: dict[str, Callable[[Mapping[str, Any], frozenset[str]], Reader]] = {
    "number": _number_reader,
    "integer": _integer_reader,
    "boolean": _boolean_reader,
    "category": _text_reader,
    "date": _date_reader,
}


def _number(value: Any) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | decimal.Decimal):
        raise TypeError
    return float(value)


def _truth(value: Any) -> float:
    if isinstance(value, bool | np.bool_):
        return float(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise ValueError
        return float(word in TRUE_WORDS)
    return _number(value)


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        # Whole numbers beside a gap arrive as floats: 3.0 is the category "3".
        return repr(float(value) + 0.0).removesuffix(".0")  # + 0.0 makes -0.0 into 0.0
    if isinstance(value, datetime.date | np.datetime64 | decimal.Decimal):
        return str(value)
    raise TypeError


def _seconds(value: Any) -> float:
    """Seconds since 1970-01-01 UTC."""
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value.strip())
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if not isinstance(value, datetime.date):
        raise TypeError
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    # Taken off at the end: near the years 1 and 9999 another zone has no date of its own.
    offset = value.utcoffset() or datetime.timedelta()
    since = value.replace(tzinfo=None) - EPOCH - offset
    rest = since.microseconds * 1_000 + getattr(since, "nanoseconds", 0)  # of pandas' moments
    return float(since.days * 86_400 + since.seconds + rest / 1e9)
