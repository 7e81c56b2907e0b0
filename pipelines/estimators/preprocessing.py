"""From named columns to the float32 matrix that every estimator is fitted on.

The columns arrive as ingest leaves them: numbers, integers, booleans and dates as float64
with NaN for a gap; categories as text with "" for a gap. The graph in
pipelines/inference/convert.py repeats the operations of `Preprocessor.transform` one for
one and in the same precision, so that both give the same bits.
"""

from __future__ import annotations

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


class Preprocessor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Impute, scale and one-hot encode a table of named columns.

    For a number x of a column with median m, mean μ and standard deviation σ (taken over
    the training rows, after imputation)::

        z = ((m if isnan(x) else x) - μ) / σ         μ = 0 and σ = 1 when scale=False

    followed by the flag ``isnan(x)`` as one more 0/1 column where the training rows had
    gaps. A category becomes one 0/1 column a value seen in training, the gap "" included;
    a value not seen gives zeros throughout.

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
    flagged_ : ndarray of bool, shape (n_numbers,)
        Columns with gaps in the training rows; each adds a 0/1 column.
    values_ : list of ndarray of object, one a category column
        The values seen in training, sorted.
    n_features_out_ : int
        Width of the matrix: numbers, then flags, then one-hot columns.
    """

    def __init__(self, numbers: list[str], categories: list[str], scale: bool = True) -> None:
        self.numbers = numbers
        self.categories = categories
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's protocol
        """Learn medians, means, scales, flags and values from the training rows."""
        count = len(self.numbers)
        self.doubles_ = np.zeros(count, dtype=bool)
        self.flagged_ = np.zeros(count, dtype=bool)
        self.medians_ = np.zeros(count)
        self.means_ = np.zeros(count)
        self.scales_ = np.ones(count)
        for j, name in enumerate(self.numbers):
            self._fit_number(j, np.asarray(X[name], dtype=np.float64))
        self.values_ = [
            np.array(sorted(set(np.asarray(X[name], dtype=object))), dtype=object)
            for name in self.categories
        ]
        self.n_features_out_ = int(
            count + self.flagged_.sum() + sum(len(values) for values in self.values_)
        )
        return self

    def _fit_number(self, j: int, x: NDArray[np.float64]) -> None:
        gaps = np.isnan(x)
        self.flagged_[j] = gaps.any()
        present = x[~gaps]
        if not present.size:
            return
        with np.errstate(over="ignore"):
            error = np.abs(present - present.astype(np.float32)).max()
        # float64's own spread may overflow (1e300 beside -1e300), or be no number.
        with np.errstate(over="ignore", invalid="ignore"):
            spread = present.std()
        whole = bool((present == np.rint(present)).all())
        exact = error == 0 if whole else error <= FLOAT32_TOLERANCE * spread
        self.doubles_[j] = not exact or np.abs(present).max() > FLOAT32_LARGEST
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

    def transform(self, X: Any) -> NDArray[np.float32]:
        """The float32 matrix, shape (n_rows, n_features_out_)."""
        check_is_fitted(self)
        count = len(self.numbers)
        out = np.zeros((len(X), self.n_features_out_), dtype=np.float32)
        flag = count
        for j, name in enumerate(self.numbers):
            precision = np.float64 if self.doubles_[j] else np.float32
            with np.errstate(over="ignore"):
                x = np.asarray(X[name], dtype=np.float64).astype(precision)
            gaps = np.isnan(x)
            filled = np.where(gaps, precision(self.medians_[j]), x)
            out[:, j] = (filled - precision(self.means_[j])) / precision(self.scales_[j])
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
        flags = [f"{n} is missing" for n, f in zip(self.numbers, self.flagged_, strict=True) if f]
        one_hot = [
            f"{name}={value}"
            for name, values in zip(self.categories, self.values_, strict=True)
            for value in values
        ]
        return np.array([*self.numbers, *flags, *one_hot], dtype=object)
