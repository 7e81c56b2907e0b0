"""How often the same test rows have decided: a sketch of the rows, and the overlap of two.

Test rows that choose again and again among challengers are in the end fitted to: each
decision at a confidence c promotes one that is no better with probability 1 − c.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.promotion.history import Entry

__all__ = ["chance_of_error", "decisions_on", "overlap", "sketch", "told"]

SIZE = 64
# From this overlap on, rows count as the same.
SAME = 0.5
# The chance of a false promotion from which on a reader is told.
WORTH_TELLING = 0.4


def sketch(digests: NDArray[np.uint64]) -> tuple[int, ...]:
    """The 64 smallest of the rows' different digests: a bottom-k sketch.

    Source: Cohen and Kaplan, "Summarizing data using bottom-k sketches", 2007.
    """
    return tuple(int(digest) for digest in np.unique(digests)[:SIZE])


def overlap(first: Sequence[int], second: Sequence[int]) -> float:
    """The share of the rows of both sets together that both have, estimated (Jaccard's index).

    Exact where both together have at most 64 different rows; else its standard error is at
    most 1/16.
    """
    union = sorted({*first, *second})[:SIZE]
    both = {*first} & {*second}
    return sum(digest in both for digest in union) / len(union) if union else 0.0


def decisions_on(rows: Sequence[int], entries: Sequence[Entry]) -> int:
    """How many decisions the history has that rested on mostly these rows."""
    return sum(overlap(rows, entry.sketch) >= SAME for entry in entries)


def chance_of_error(decisions: int, confidence: float) -> float:
    """1 − cᵐ: the chance that one or more of m decisions promoted a model that is no better.

    For independent decisions, where none is better.
    """
    return 1 - confidence**decisions


def told(decisions: int, confidence: float) -> str:
    """How often the rows have decided, with a warning once that is often; of none nothing."""
    if not decisions:
        return ""
    times = "once" if decisions == 1 else f"{decisions} times"
    use = f"These test rows, or mostly these, have decided on a promotion {times} so far."
    chance = chance_of_error(decisions, confidence)
    if chance < WORTH_TELLING:
        return use
    return (
        f"{use} Were no challenger ever better, they would by now have promoted one or more with "
        f"a chance of {chance:.0%}: the intervals are too narrow. Bring new rows; or draw other "
        "test rows, where [split] has a salt."
    )
