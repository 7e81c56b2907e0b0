"""The fixed blocks of rows in which a matrix is read."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.estimators.loss import Floats

__all__ = ["row_blocks"]

# Numbers of X in a block: small enough to stay in the second-level cache while it is used.
BLOCK_SIZE = 2**18
FEWEST_ROWS = 64


def row_blocks(X: Floats) -> Iterator[slice]:
    """Slices that cover the rows of X in order; their size depends on its width alone."""
    n_rows, n_columns = X.shape
    step = max(BLOCK_SIZE // n_columns, FEWEST_ROWS)
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))
