"""Two models' labels of the same rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from pipelines.metrics.results import McNemar

__all__ = ["mcnemar"]


def mcnemar(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    codes: NDArray[np.int32],
    groups: NDArray[np.int32],
) -> McNemar:
    """Rows that one model alone labels rightly, and the exact two-sided p of «equally many».

    The rows of a group are one in the test: the model that is right in more of them has it.
    With b and c such groups, p = min(1, 2 · Binomial(b + c, ½).cdf(min(b, c))).

    Source: McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", 1947; Edwards, 1948, for the exact form.
    """
    alone = (first == codes).astype(np.float64) - (second == codes)
    by_group = np.bincount(groups, weights=alone) if len(groups) else np.zeros(0)
    b, c = int((by_group > 0).sum()), int((by_group < 0).sum())
    p = min(1.0, 2 * float(bdtr(min(b, c), b + c, 0.5))) if b + c else 1.0
    return McNemar(int((alone > 0).sum()), int((alone < 0).sum()), p)
