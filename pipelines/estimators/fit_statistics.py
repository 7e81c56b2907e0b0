"""The statistics of a logistic regression's fit: what it keeps of its rows, and tells of them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from pipelines.estimators.bad_input import shape
from pipelines.estimators.loss import Codes
from pipelines.estimators.objective import LinearObjective
from pipelines.estimators.row_weights import row_weights
from pipelines.estimators.separation import separation_of
from pipelines.estimators.statistics import Evidence, Summary, evidence_of, summarise
from pipelines.estimators.validation import rows_of_known_classes

__all__ = ["FitStatistics"]

F64 = NDArray[np.float64]

# The information of more weights than this takes more memory than a model should.
MOST_KEPT = 512
# Rows times squared weights up to which a penalised fit is hardly slower for keeping it.
SMALL_INFORMATION = 1e6
# A gradient that leaves the first six digits of the statistics as they are.
SIX_DIGITS = 1e-7


class FitStatistics:
    """The part of LogisticClassifier that judges its fit."""

    C: float
    classes_: NDArray[Any]
    intercept_: NDArray[Any]
    solver_: str
    converged_: bool
    gradient_norm_: float
    separation_: str | None
    _evidence: dict[str, Any] | None
    _fitted_with: dict[str, Any]

    def _objective(
        self, X: Any, codes: Codes, weights: F64
    ) -> AbstractContextManager[LinearObjective]:
        raise NotImplementedError

    def _dense_coef(self) -> F64:
        raise NotImplementedError

    def _judge(self, X: Any, objective: LinearObjective, weights: F64) -> None:
        """Keep what `summary` needs, and tell whether an unpenalised fit has an optimum."""
        # A parameter that is set later does not change what was fitted.
        self._fitted_with = {
            name: getattr(self, name) for name in ("C", "l1_ratio", "fit_intercept", "class_weight")
        }
        unpenalised = bool(np.isinf(self.C))
        small = len(objective.y) * objective.n_weights**2 <= SMALL_INFORMATION
        keeps = objective.n_weights <= MOST_KEPT and (unpenalised or small)
        evidence = evidence_of(objective, weights) if keeps else None
        # As a dict, a fitted model holds plain numbers and arrays only.
        self._evidence = None if evidence is None else vars(evidence)
        self.separation_ = None
        if unpenalised:
            found = separation_of(
                X,
                objective,
                weights,
                classes=self.classes_.tolist(),
                names=getattr(self, "feature_names_in_", None),
                information=None if evidence is None else evidence.information,
            )
            self.separation_ = None if found is None else found.message

    def summary(
        self, X: Any = None, y: Any = None, sample_weight: Any = None, level: float = 0.95
    ) -> Summary:
        """The statistics of the fit as a table: `print` it, or read its columns.

        Standard errors are from the inverse Hessian at the solution, z and p are Wald's. They
        are the classical ones where there is no penalty (``C=float("inf")``), and as exact as
        `tol` is small; the notes beneath the table say what they are otherwise.

        Parameters
        ----------
        X, y, sample_weight
            The rows of the fit. They may be left out after an unpenalised fit of up to 512
            weights, and after a small one with a penalty.
        level : float, default=0.95
            Confidence of the intervals.

        Raises
        ------
        ValueError
            Where the rows are needed and not given, or `level` is no confidence.
        """
        check_is_fitted(self)
        fit = self._fitted_with
        return summarise(
            self._evidence_of(X, y, sample_weight),
            self._dense_coef(),
            self.intercept_ if fit["fit_intercept"] else None,
            classes=self.classes_.tolist(),
            names=getattr(self, "feature_names_in_", None),
            C=fit["C"],
            l1_ratio=fit["l1_ratio"],
            solver=self.solver_,
            converged=self.converged_,
            level=level,
            notes=self._notes(),
            class_weight=fit["class_weight"],
        )

    def _notes(self) -> list[str]:
        if self.separation_ is not None:
            return [self.separation_]
        if self.gradient_norm_ > SIX_DIGITS:
            return [
                f"The fit ended at a gradient of {self.gradient_norm_:.1g}: the last digits told "
                "here depend on tol. For six that do not, fit with tol=1e-8."
            ]
        return []

    def _evidence_of(self, X: Any, y: Any, sample_weight: Any) -> Evidence:
        if X is None and y is None and sample_weight is None and self._evidence is not None:
            return Evidence(**self._evidence)
        if X is None or y is None:
            raise ValueError(
                f"summary needs the rows of the fit, and X {shape(X)}, y {shape(y)}: a fit "
                "keeps no statistics of its rows where these would cost much time beside it. "
                "Call summary(X, y), with the fit's sample_weight if it had any."
            )
        X, codes = rows_of_known_classes(self, X, y, accept_sparse="csr")
        fit = self._fitted_with
        weights = row_weights(X, codes, self.classes_, sample_weight, fit["class_weight"])
        b = np.asarray(self.intercept_, dtype=np.float64)
        with self._objective(X, codes, weights) as objective:
            objective = replace(objective, fit_intercept=fit["fit_intercept"])
            return evidence_of(objective, objective.join(self._dense_coef().T, b))
