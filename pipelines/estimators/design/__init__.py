"""The design matrix as the objective sees it: passes over its rows, in parts, on threads.

X has n rows and d columns, the weights W have shape (d, K). A design knows the products with
X and nothing of the penalty.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from pipelines.estimators.design.dense import DenseDesign
from pipelines.estimators.design.parts import F64
from pipelines.estimators.design.sparse import SparseDesign
from pipelines.estimators.loss import Codes
from pipelines.estimators.threads import Team

__all__ = ["DenseDesign", "Design", "SparseDesign", "design_of"]


class Design(Protocol):
    """A matrix of rows that can be passed over."""

    shape: tuple[int, int]
    # Numbers that a pass reads: n · d, or those of a sparse matrix that are not zero.
    size: int
    dtype: Any
    # The share of a mean loss that rounding hides.
    rounding: float

    def loss(
        self, team: Team, code: int, y: Codes, weights: F64, W: F64, b: F64
    ) -> tuple[float, F64, F64]:
        """Σᵢ sᵢ ℓ(yᵢ, xᵢ W + b) and its gradients by W, shape (d, K), and b, shape (K,)."""
        ...

    def raw(self, team: Team, W: F64, b: F64) -> F64:
        """X W + b, shape (n, K)."""
        ...

    def curvature(self, team: Team, P: F64, h: F64, V: F64, c: F64) -> tuple[F64, F64]:
        """The Hessian's product with (V, c): shapes (d, K) and (K,); see `dense_curvature`."""
        ...

    def squares(self, team: Team, H: F64) -> F64:
        """(X ∘ X)ᵀ H, shape (d, K), for H of shape (n, K)."""
        ...

    def gram(self, team: Team, h: F64) -> tuple[F64, F64]:
        """Xᵀ diag(h) X, shape (d, d), and Xᵀ h, shape (d,), for h of at least zero."""
        ...

    def pass_cost(self, outputs: int) -> float:
        """What a pass costs, in multiplications of a dense Gram matrix, which are the quickest."""
        ...

    def gram_cost(self) -> float:
        """What `gram` costs, in the same."""
        ...

    def take(self, rows: NDArray[np.intp]) -> Design:
        """Some of the rows."""
        ...

    def in_double(self) -> Design:
        """The same matrix with products in float64; itself if they are."""
        ...

    def largest(self) -> float:
        """The largest number in absolute value."""
        ...


def design_of(X: Any, precision: Any = None) -> Design:
    """The design of a dense or CSR matrix; products in `precision`, that of X by default."""
    return SparseDesign(X) if issparse(X) else DenseDesign(X, precision)
