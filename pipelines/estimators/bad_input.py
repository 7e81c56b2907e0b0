"""Refusals of bad input that name the parameter, the place and the value.

scikit-learn's checks see that something is wrong, and their words are kept. Which entry it is,
and where, is looked for here once they have refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

__all__ = [
    "BadInputError",
    "is_no_weight",
    "named_refusals",
    "require_labels",
    "require_numbers",
    "shape",
]

LONGEST_VALUE = 60
# Whole numbers from here on are not all told apart by float64.
LARGEST_EXACT = 2**53

NUMBERS = (
    "X takes real numbers within the range of float64, none of them missing: encode text and "
    "dates as numbers, and fill or drop what is missing."
)
LABELS = (
    "Labels are text, booleans, or whole numbers within int64, of one kind, none of them missing."
)
WEIGHTS = "Weights are finite numbers of at least zero, one a row, not all of them zero."
TABLE = (
    "X is a table of rows and columns, with one label in y for each row. Reshape your data with "
    "X.reshape(-1, 1) if it is one column, X.reshape(1, -1) if it is one row."
)
ONE_LABEL = (
    "y holds one label a row. For several, fit one classifier a label, as "
    "sklearn.multioutput.MultiOutputClassifier does."
)


class BadInputError(ValueError, TypeError):
    """Input of the wrong kind: to the user a ValueError, to scikit-learn's checks a TypeError."""


@contextmanager
def named_refusals(**parameters: Any) -> Iterator[None]:
    """A context in which scikit-learn's refusals gain the parameter, the place and the value.

    Parameters
    ----------
    **parameters
        What is checked within, by name; the first that has something wrong is told.

    Raises
    ------
    ValueError
        In place of a ValueError, TypeError or OverflowError from within.
    """
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        kind = ValueError if isinstance(error, ValueError) else BadInputError
        if "feature names" in str(error) or "column names" in str(error):
            raise kind(str(error)) from None
        # What follows the first line is advice on other estimators, or the whole array.
        words = str(error).partition("\n")[0]
        found = (fault(name, value) for name, value in parameters.items())
        told = next(filter(None, found), None) or shapes(parameters)
        raise kind(f"{words.rstrip(' .:!')}. {told}") from None


def require_numbers(name: str, values: Any) -> None:
    """Refuses text and dates, which scikit-learn would turn into numbers without a word.

    Parameters
    ----------
    name : {"X", "sample_weight"}
    values
        Of this parameter.
    """
    # A table has a type a column, an array one.
    dtypes = getattr(values, "dtypes", None)
    dtypes = [getattr(values, "dtype", None)] if dtypes is None else np.atleast_1d(dtypes)
    if issparse(values) or all(getattr(dtype, "kind", "O") in "biuf" for dtype in dtypes):
        return
    if as_array(values).dtype.kind in "biuf":
        return
    for place, value in entries(name, values):
        if isinstance(value, str | bytes | date | timedelta | np.datetime64 | np.timedelta64):
            raise BadInputError(f"{place} is {shown(value)}. {RULES[name][0]}")


def require_labels(y: Any) -> None:
    """Refuses whole numbers among floats so large that different labels would be the same."""
    array = as_array(y).ravel()
    # Half precision ends below 2**53.
    if array.dtype.kind == "f" and array.dtype.itemsize > 2:
        for index in np.flatnonzero(np.isfinite(array) & (np.abs(array) >= LARGEST_EXACT)):
            raise ValueError(
                f"y[{index}] is {shown(array[index])}: among floats, labels from 2**53 on are not "
                "told from their neighbours. Give labels as text, or as int64."
            )


def fault(name: str, value: Any) -> str:
    """The sentence that tells the first bad entry; empty where every entry is good."""
    if name not in RULES or value is None:
        return ""
    rule, is_bad = RULES[name]
    for place, entry in entries(name, value):
        if is_bad(entry):
            return f"{place} is {shown(entry)}. {rule}"
    return mixture(value) if name == "y" else ""


def is_no_number(entry: Any) -> bool:
    try:
        return not (isinstance(entry, Real) and np.isfinite(float(entry)))
    except (OverflowError, TypeError):
        return True


def is_no_label(entry: Any) -> bool:
    if isinstance(entry, str | bool | np.bool_):
        return False
    if isinstance(entry, Integral):
        return not -(2**63) <= int(entry) < 2**64
    return is_no_number(entry) or float(entry) != int(entry)


def is_no_weight(entry: Any) -> bool:
    """Whether the entry is anything but a finite number of at least zero."""
    return is_no_number(entry) or bool(entry < 0)


RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "X": (NUMBERS, is_no_number),
    "y": (LABELS, is_no_label),
    "classes": (LABELS, is_no_label),
    "sample_weight": (WEIGHTS, is_no_weight),
}


def mixture(y: Any) -> str:
    """The sentence for text among numbers, and for numbers in an array of objects."""
    first: dict[bool, str] = {}
    for place, entry in entries("y", y):
        first.setdefault(isinstance(entry, str), f"{place} is {shown(entry)}")
    if len(first) > 1:
        return f"{' and '.join(first.values())}. {LABELS}"
    if False in first and as_array(y).dtype == object:
        return f"{first[False]} in an array of the type object: give y.astype(int). {LABELS}"
    return ""


def shapes(parameters: dict[str, Any]) -> str:
    """The sentence that tells what was given, where no entry is to blame."""
    told = ", ".join(f"{name} {shape(value)}" for name, value in parameters.items())
    advice = f" {TABLE}" if "X" in parameters else ""
    if np.ndim(as_array(parameters.get("y"))) > 1:
        advice = f" {ONE_LABEL}"
    advice = f" {WEIGHTS}" if "sample_weight" in parameters else advice
    return f"Given: {told}.{advice}"


def shape(value: Any) -> str:
    """What a parameter is, as the end of a sentence: its shape, or its value."""
    sparse: bool = issparse(value)
    if sparse:
        return f"is sparse, of shape {value.shape}"
    array = as_array(value)
    if array.ndim == 0:
        return f"is {shown(value)}"
    if array.dtype == object and all(isinstance(row, list | tuple) for row in array):
        return f"has rows of the lengths {sorted({len(row) for row in array})}"
    return f"has the shape {array.shape}"


def as_array(value: Any) -> NDArray[Any]:
    """The value as an array, of objects where it has no other form."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(value, dtype=object)


def entries(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each entry that can be bad, with its place, such as ``X[3, 'age']``."""
    array, where = located(value)
    if array.ndim == 0 or array.dtype.kind in "biu":
        return
    suspicious = np.full(array.shape, True)
    if name == "X" and array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            suspicious = ~np.isfinite(array.astype(np.float64, copy=False))
    columns = getattr(value, "columns", None)
    for index in map(tuple, np.argwhere(suspicious).tolist()):
        place = index if where is None else tuple(int(axis[index[0]]) for axis in where)
        names = [str(each) for each in place]
        if columns is not None and len(names) == 2:
            names[1] = repr(columns[place[1]])
        yield f"{name}[{', '.join(names)}]", array[index]


def located(value: Any) -> tuple[NDArray[Any], tuple[NDArray[Any], ...] | None]:
    """The entries as an array, and of a sparse matrix where each of them stands."""
    sparse: bool = issparse(value)
    if not sparse:
        return as_array(value), None
    coo = value.tocoo()
    return coo.data, coo.coords


def shown(value: Any) -> str:
    """The value as Python writes it, cut short."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
