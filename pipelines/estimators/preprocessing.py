"""From named columns to the float32 matrix that every estimator is fitted on.

The columns arrive as ingest leaves them: numbers, integers, booleans and dates as float64
with NaN for a gap; categories as text with "" for a gap. The graph in
pipelines/inference/convert.py repeats the operations of `Preprocessor.transform` one for
one and in the same precision, so that both give the same bits.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

__all__ = ["Preprocessor"]

# A column is cast to float32 first when that moves no value by more than this share of the
# column's standard deviation; otherwise it is centred and scaled in float64 before the cast.
FLOAT32_TOLERANCE = 1e-4
# Beyond this, differences of two values may leave float32's range.
FLOAT32_LARGEST = float(np.finfo(np.float32).max) / 4
# Columns that spread less are scaled in float64: a runtime that takes float32's subnormal numbers
# for zero would otherwise move such a column by more than a rounding.
FLOAT32_SMALLEST = float(np.finfo(np.float32).tiny) * 2**24


class Preprocessor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Impute, scale and one-hot encode a table of named columns.

    For a number x of a column with median m, mean μ and standard deviation σ (taken over
    the training rows, after imputation)::

        z = ((m if isnan(x) else x) - μ) / σ         μ = 0 and σ = 1 when scale=False

    followed by the flag ``isnan(x)`` as one more 0/1 column where some of the training rows
    had gaps. A category becomes one 0/1 column a value seen in training, the gap "" included;
    a value not seen gives zeros throughout.

    What is the same in all training rows is left out: a number's z without two values, a flag
    of gaps alone, a category with one value. So no later value of such a column, from which
    nothing could be learned, moves an answer.

    Parameters
    ----------
    numbers : list of str
        Columns of float64, NaN for a gap.
    categories : list of str
        Columns of text, "" for a gap.
    scale : bool, default=True
        Whether to centre and scale the numbers. Trees are fitted unscaled: their thresholds
        then are plain values of the column. A column that float32 does not hold well enough
        is centred and scaled all the same.

    Attributes
    ----------
    doubles_ : ndarray of bool, shape (n_numbers,)
        Columns computed in float64 until after scaling, because float32 would not tell
        their values apart (timestamps, large integers).
    medians_, means_, scales_ : ndarray of float64, shape (n_numbers,)
        Where `doubles_` is false, each holds a value exact in float32.
    kept_ : ndarray of bool, shape (n_numbers,)
        Columns whose z differs among the training rows; the others have no z in the matrix.
    flagged_ : ndarray of bool, shape (n_numbers,)
        Columns with gaps in some of the training rows, not all; each adds a 0/1 column.
    values_ : list of ndarray of object, one a category column
        The values seen in training, sorted; none where there is but one.
    dropped_ : list of str
        The columns of which nothing is in the matrix.
    n_features_out_ : int
        Width of the matrix: numbers, then flags, then one-hot columns.
    """

    def __init__(self, numbers: list[str], categories: list[str], scale: bool = True) -> None:
        self.numbers = numbers
        self.categories = categories
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's protocol
        """Learn medians, means, scales, flags and values from the training rows.

        Raises ValueError where no column tells two training rows apart.
        """
        count = len(self.numbers)
        self.doubles_ = np.zeros(count, dtype=bool)
        self.kept_ = np.zeros(count, dtype=bool)
        self.flagged_ = np.zeros(count, dtype=bool)
        self.medians_ = np.zeros(count)
        self.means_ = np.zeros(count)
        self.scales_ = np.ones(count)
        for j, name in enumerate(self.numbers):
            self._fit_number(j, np.asarray(X[name], dtype=np.float64))
        self.values_ = [_values(np.asarray(X[name], dtype=object)) for name in self.categories]
        self.n_features_out_ = int(
            self.kept_.sum() + self.flagged_.sum() + sum(len(values) for values in self.values_)
        )
        told = [*(self.kept_ | self.flagged_), *(len(values) > 0 for values in self.values_)]
        names = [*self.numbers, *self.categories]
        self.dropped_ = [name for name, tells in zip(names, told, strict=True) if not tells]
        if not self.n_features_out_:
            raise ValueError(
                "every column has one value in all the rows to learn from: there is nothing to "
                "tell them apart by. Add columns, or rows that differ."
            )
        return self

    def one_hot(self) -> list[slice]:
        """The parts of the matrix in which a row has at most one 1, and else zeros."""
        widths = [int(self.kept_.sum() + self.flagged_.sum()), *map(len, self.values_)]
        return [
            slice(stop - width, stop)
            for width, stop in zip(widths, accumulate(widths), strict=True)
        ][1:]

    def _fit_number(self, j: int, x: NDArray[np.float64]) -> None:
        gaps = np.isnan(x)
        self.flagged_[j] = gaps.any() and not gaps.all()
        present = x[~gaps]
        if not present.size or present.min() == present.max():
            return
        with np.errstate(over="ignore"):
            error = np.abs(present - present.astype(np.float32)).max()
        # float64's own spread may overflow (1e300 beside -1e300), or be no number.
        with np.errstate(over="ignore", invalid="ignore"):
            spread = present.std()
        whole = bool((present == np.rint(present)).all())
        exact = error == 0 if whole else error <= FLOAT32_TOLERANCE * spread
        beyond = np.abs(present).max() > FLOAT32_LARGEST or spread < FLOAT32_SMALLEST
        self.doubles_[j] = not exact or beyond
        precision = np.float64 if self.doubles_[j] else np.float32
        median = precision(2 * np.median(present / 2))  # the mean of the middle two may overflow
        filled = np.where(gaps, median, x.astype(precision))
        self.medians_[j] = median
        if self.scale or self.doubles_[j]:
            largest = float(np.abs(filled).max()) or 1.0
            scaled = filled / largest  # so that neither sum nor square overflows
            mean, deviation = scaled.mean(dtype=np.float64), scaled.std(dtype=np.float64)
            self.means_[j] = precision(mean * largest)
            scale = float(precision(deviation * largest))
            self.scales_[j] = scale if scale > 0 else 1.0
        # Distinct values may come out as one: those that differ by less than float64's least.
        z = self._scaled(j, filled)
        self.kept_[j] = z.min() < z.max()
        self.doubles_[j] &= self.kept_[j]

    def _scaled(self, j: int, filled: NDArray[Any]) -> NDArray[np.float32]:
        """The column without gaps, centred and scaled in its own precision."""
        precision = np.float64 if self.doubles_[j] else np.float32
        z = (filled - precision(self.means_[j])) / precision(self.scales_[j])
        return np.asarray(z, dtype=np.float32)

    def transform(self, X: Any) -> NDArray[np.float32]:
        """The float32 matrix, shape (n_rows, n_features_out_)."""
        check_is_fitted(self)
        out = np.zeros((len(X), self.n_features_out_), dtype=np.float32)
        at, flag = 0, int(self.kept_.sum())
        for j, name in enumerate(self.numbers):
            if not (self.kept_[j] or self.flagged_[j]):
                continue
            precision = np.float64 if self.doubles_[j] else np.float32
            with np.errstate(over="ignore"):
                x = np.asarray(X[name], dtype=np.float64).astype(precision)
            gaps = np.isnan(x)
            if self.kept_[j]:
                out[:, at] = self._scaled(j, np.where(gaps, precision(self.medians_[j]), x))
                at += 1
            if self.flagged_[j]:
                out[:, flag] = gaps
                flag += 1
        start = flag
        for name, values in zip(self.categories, self.values_, strict=True):
            codes = {value: code for code, value in enumerate(values)}
            column = np.asarray(X[name], dtype=object)
            code = np.fromiter((codes.get(value, -1) for value in column), np.intp, len(column))
            seen = np.flatnonzero(code >= 0)
            out[seen, start + code[seen]] = 1.0
            start += len(values)
        return out

    def get_feature_names_out(
        self,
        input_features: Any = None,  # noqa: ARG002 - scikit-learn's protocol
    ) -> NDArray[np.object_]:
        """Names of the matrix's columns: `age`, `age is missing`, `island=Biscoe`."""
        check_is_fitted(self)
        kept = [n for n, k in zip(self.numbers, self.kept_, strict=True) if k]
        flags = [f"{n} is missing" for n, f in zip(self.numbers, self.flagged_, strict=True) if f]
        one_hot = [
            f"{name}={value}"
            for name, values in zip(self.categories, self.values_, strict=True)
            for value in values
        ]
        return np.array([*kept, *flags, *one_hot], dtype=object)


def _values(column: NDArray[Any]) -> NDArray[Any]:
    """The distinct texts, sorted; none of a column that holds but one."""
    values = sorted(set(column))
    return np.array(values if len(values) > 1 else [], dtype=object)
