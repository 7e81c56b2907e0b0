"""Whole columns at once, where their own type is what the contract says.

A column is a list, a Series or an Arrow array. Arrow arrays are known by what they can do, so
that pyarrow need not be there.

Needs numpy and pandas, nothing of this project: it is copied into each MLflow model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# Relative: in an MLflow model the files lie in a package of another name.
from .cells import EXACT

# A list is read cell by cell as it is: wrapping one row's values in Series costs more than the
# model's whole answer.
Cells = Any  # list, tuple, Series or Arrow array

ARROW_NUMBERS = {"halffloat", "float", "double"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def is_arrow(values: Any) -> bool:
    """Whether it is a column of an Arrow table."""
    return hasattr(values, "to_pylist") and hasattr(values, "null_count")


def at(cells: Cells, row: int) -> Any:
    """The value in that row."""
    if isinstance(cells, pd.Series):
        return cells.iloc[row]
    return cells[row].as_py() if is_arrow(cells) else cells[row]


def plain(cells: Cells) -> Cells:
    """Pandas' categories as what they are categories of."""
    if isinstance(cells, pd.Series) and isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.astype(cells.cat.categories.dtype if cells.notna().all() else object)
    return cells


def numbers(cells: Cells, kind: str) -> np.ndarray | None:
    """The column as float64 where its own type is a number's, else None."""
    if isinstance(cells, pd.Series):
        fits = getattr(cells.dtype, "kind", "O") in ("iufb" if kind == "boolean" else "iuf")
        return cells.to_numpy(dtype=np.float64, na_value=np.nan, copy=True) if fits else None
    if not is_arrow(cells):
        return None
    known = str(cells.type)
    if known not in ARROW_NUMBERS and not (known == "bool" and kind == "boolean"):
        return None
    gaps = cells.is_null().to_numpy(zero_copy_only=False) if cells.null_count else None
    filled = cells if gaps is None else cells.fill_null(False if known == "bool" else 0)
    x: np.ndarray = filled.to_numpy(zero_copy_only=False).astype(np.float64)
    if gaps is not None:
        x[gaps] = np.nan
    return x


def out_of_type(x: np.ndarray, kind: str) -> np.ndarray:
    """Which rows hold a number that is none of the kind."""
    wrong: np.ndarray = np.isinf(x)
    if kind == "boolean":
        wrong |= ~np.isnan(x) & (x != 0) & (x != 1)
    elif kind == "integer":
        wrong |= ~np.isnan(x) & ((x != np.rint(x)) | (np.abs(x) > EXACT))
    return wrong


def moments(cells: Cells) -> np.ndarray | None:
    """The column as datetime64 in UTC where it holds moments, else None."""
    if isinstance(cells, pd.Series):
        if isinstance(cells.dtype, pd.DatetimeTZDtype):
            return cells.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        is_moment = isinstance(cells.dtype, np.dtype) and cells.dtype.kind == "M"
        return cells.to_numpy() if is_moment else None
    if is_arrow(cells) and str(cells.type).startswith(("timestamp", "date")):
        moments: np.ndarray = cells.to_numpy(zero_copy_only=False)
        return moments
    return None


def since_1970(moments: np.ndarray) -> np.ndarray:
    """Seconds; whole ones and the rest apart, as ticks may pass 2**53."""
    gaps = np.isnat(moments)
    whole = moments.astype("datetime64[s]")
    out: np.ndarray = whole.astype(np.int64) + (moments - whole) / np.timedelta64(1, "s")
    out[gaps] = np.nan
    return out
