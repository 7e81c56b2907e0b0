"""The record of a fit's statistics."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.statistics.table import html_table, text_table

__all__ = ["Summary"]

F64 = NDArray[np.float64]
N_COLUMNS = 9


@dataclass(frozen=True, eq=False)
class Summary:
    """The statistics of a fitted logistic regression; `str` of it is the table.

    One entry a term, intercept first, class after class:

    Attributes
    ----------
    name : tuple of str
        The column; "(intercept)".
    class_label : tuple
        The class whose log odds against the first class the term changes.
    coefficient, standard_error, z, p_value, lower, upper, odds_ratio : ndarray
        Wald's z and p; bounds at `level`; exp(coefficient). NaN where there is none.
    log_likelihood, null_log_likelihood : float
        Of the fit, and of the intercept alone.
    pseudo_r2 : float
        McFadden's: 1 − log_likelihood / null_log_likelihood.
    llr_p_value : float
        Of the likelihood-ratio test against the intercept alone; NaN where the fit is
        penalised or has no intercept.
    degrees : float
        The number of coefficients that the rows determine; penalised, tr(I (I + P)⁻¹).
    aic, bic : float
        −2 log L + 2 degrees, and −2 log L + log(total_weight) degrees.
    n_rows : int
    total_weight : float
    classes : tuple
        All labels, the first is the base.
    C, l1_ratio : float
    solver : str
    converged : bool
    level : float
    notes : tuple of str
        What the reader must know of these numbers.
    """

    name: tuple[str, ...]
    class_label: tuple[Any, ...]
    coefficient: F64
    standard_error: F64
    z: F64
    p_value: F64
    lower: F64
    upper: F64
    odds_ratio: F64
    log_likelihood: float
    null_log_likelihood: float
    pseudo_r2: float
    llr_p_value: float
    degrees: float
    aic: float
    bic: float
    n_rows: int
    total_weight: float
    classes: tuple[Any, ...]
    C: float
    l1_ratio: float
    solver: str
    converged: bool
    level: float
    notes: tuple[str, ...]

    def columns(self) -> dict[str, Any]:
        """The table's columns by name, as a DataFrame takes them."""
        return {each.name: getattr(self, each.name) for each in fields(self)[:N_COLUMNS]}

    def __str__(self) -> str:
        return text_table(self)

    def _repr_html_(self) -> str:
        return html_table(self)
