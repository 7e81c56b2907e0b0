"""What a fit keeps of its rows, so that its statistics need them no more."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.estimators.objective import LinearObjective

__all__ = ["Evidence", "evidence_of"]

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What a summary needs of the rows, taken at the fitted weights.

    Attributes
    ----------
    information : ndarray, shape (n_weights, n_weights)
        −∂² log L, the penalty left out, in the order of `LinearObjective`'s flat weights.
    log_likelihood : float
        Σᵢ sᵢ log p(yᵢ | xᵢ).
    class_totals : ndarray, shape (n_classes,)
        Sum of the row weights of each class.
    n_rows : int
        Rows of positive weight.
    weighted : bool
        Whether any of these weighs other than one.
    rounding : float
        Relative rounding of the products that made `information`: that of float32 for a CSR
        matrix of float32, else that of float64.
    """

    information: F64
    log_likelihood: float
    class_totals: F64
    n_rows: int
    weighted: bool
    rounding: float


def evidence_of(objective: LinearObjective, weights: F64) -> Evidence:
    """What a summary needs of the objective's rows, taken at the flat `weights`.

    Parameters
    ----------
    objective : LinearObjective
        Its penalty is left out.
    weights : ndarray, shape (n_weights,)
    """
    plain = replace(objective, penalty=0.0, design=objective.design.in_double())
    s = plain.sample_weight if len(plain.sample_weight) else np.ones(len(plain.y))
    n_classes = max(plain.n_outputs, 2)
    return Evidence(
        information=plain.total * plain.hessian(weights),
        log_likelihood=-plain.total * plain.value_and_gradient(weights)[0],
        class_totals=np.bincount(plain.y, s, n_classes).astype(np.float64),
        n_rows=int(np.count_nonzero(s)),
        weighted=bool(((s != 0) & (s != 1)).any()),
        rounding=float(np.finfo(plain.design.dtype).eps),
    )
