"""Labels and their codes: a label's code is its place among the sorted classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets

__all__ = ["class_codes", "coded", "known_codes", "require_classes", "same_classes"]

Labels = NDArray[Any]
IntCodes = NDArray[np.intp]

# Whole numbers whose range is so many times their number are counted, not sorted.
DENSE_RANGE = 2
# Kinds of labels that are classes whatever their values: bool, whole numbers, text.
ALWAYS_CLASSES = "biuU"


def require_classes(y: Labels) -> None:
    """Refuses what scikit-learn takes for no labels, such as fractions.

    Whole numbers and text need no look at their values, which would cost a sort.

    Raises
    ------
    ValueError
    """
    if y.dtype.kind not in ALWAYS_CLASSES:
        check_classification_targets(y)


def coded(y: Labels) -> tuple[Labels, IntCodes]:
    """The distinct labels, sorted, and each row's code; whole numbers of a small range fast."""
    if y.dtype.kind in "biu" and len(y):
        low, high = int(y.min()), int(y.max())
        if high - low < DENSE_RANGE * len(y):
            return counted(y, low)
    classes, codes = np.unique(y, return_inverse=True)
    return classes, codes


def counted(y: Labels, low: int) -> tuple[Labels, IntCodes]:
    """What `coded` gives, for whole numbers of which `low` is the least, without sorting.

    The differences wrap around in the labels' own width, and are right as unsigned numbers.
    """
    plain = y.view(np.uint8) if y.dtype.kind == "b" else y
    width = np.dtype(f"u{plain.dtype.itemsize}")
    least = plain.dtype.type(low)
    with np.errstate(over="ignore"):
        offsets = (plain - least).view(width).astype(np.intp)
        present = np.bincount(offsets) > 0
        classes = (np.flatnonzero(present).astype(width) + least.view(width)).astype(plain.dtype)
    place = np.cumsum(present) - 1
    return classes.astype(y.dtype), place[offsets]


def class_codes(y: Labels, *, of: str = "a classifier") -> tuple[Labels, IntCodes]:
    """The distinct labels, sorted, and each row's code.

    Raises
    ------
    ValueError
        Where there is one class only; `of` is what cannot learn from that.
    """
    classes, codes = coded(y)
    if len(classes) < 2:
        raise ValueError(
            f"y holds one class only, {classes.tolist()[0]!r}: {of} needs rows of at least two "
            "classes to tell them apart."
        )
    if len(classes) > len(y) / 2:
        # It warns where y looks like a quantity.
        check_classification_targets(y)
    return classes, codes


def known_codes(classes: Labels, y: Labels) -> IntCodes:
    """Each label's code among the given classes.

    Raises
    ------
    ValueError
        Where a label is none of them.
    """
    found, codes = coded(y)
    unknown = np.setdiff1d(found, classes)
    if len(unknown):
        raise ValueError(
            f"`y` has classes not in `self.classes_`: {unknown.tolist()}; `self.classes_` has "
            f"{classes.tolist()}. All classes must be there in fit, or be given in the first "
            "call of partial_fit."
        )
    places: IntCodes = np.searchsorted(classes, found)
    return places[codes]


def same_classes(classes: Labels, y: Labels) -> IntCodes:
    """Each label's code, where y holds just the classes of the last fit.

    Raises
    ------
    ValueError
        Where it holds others.
    """
    found, codes = coded(y)
    if not np.array_equal(found, classes):
        raise ValueError(
            "warm_start can only be used where `y` has the same classes as in the previous call "
            f"to fit. Previously got {classes}, `y` has {found}."
        )
    return codes
