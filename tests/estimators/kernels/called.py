"""Inner kernels as Python can call them."""

from __future__ import annotations

from numba import njit

from pipelines.estimators.kernels.losses import loss_rows


@njit(error_model="numpy")
def rows_loss(code, y, weights, raw, slopes):
    return loss_rows(code, y, weights, raw, slopes)
