"""A version beside the champion, on the rows that are test rows of both."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.metrics.paired import paired
from pipelines.metrics.resamples import resamples
from pipelines.metrics.results import Interval, Paired
from pipelines.records.answers import Answers

__all__ = ["FEWEST_ROWS", "beside"]

# As many as a promotion asks for.
FEWEST_ROWS = 8
# Rows drawn a version, and what it takes for a percentile of 2.5 %: many versions are compared.
DRAWS, FEWEST, MOST = 20_000_000, 400, 2_000
SEED = 20_240_229


def beside(mine: Answers, champion: Answers, metric: str) -> Paired:
    """The version's metric minus the champion's, with the 95 % interval of the paired bootstrap.

    Neither learned from a row that tested both. Its `note` says why there is no difference.
    """
    nothing = Interval(np.nan, np.nan, np.nan)
    if mine.classes != champion.classes:
        return Paired(nothing, 0.0, 0, 0, metric, note="the champion knows other classes")
    places, theirs = _common(mine, champion)
    rows, distinct = len(places), len(np.unique(mine.digests[places]))
    if distinct < FEWEST_ROWS:
        note = (
            f"{rows} of its test rows are test rows of the champion, too, {distinct} of them "
            f"different: it takes {FEWEST_ROWS}"
        )
        return Paired(nothing, 0.0, rows, distinct, metric, note=note)
    first, second = mine.at(places), champion.at(theirs)
    count = min(MOST, max(FEWEST, DRAWS // rows))
    drawn = resamples(first.digests, count, SEED)
    return paired(metric, first.P, second.P, first.codes, drawn, first.labels, second.labels)


def _common(mine: Answers, champion: Answers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places of the rows that both have: equal in digest and class, one for one.

    A row whose class was corrected in between is another row.
    """
    both = _numbered(mine).merge(
        _numbered(champion), on=["digest", "code", "nth"], suffixes=("", "_theirs")
    )
    return both["place"].to_numpy(), both["place_theirs"].to_numpy()


def _numbered(it: Answers) -> pd.DataFrame:
    """The rows, those of equal digest and class numbered in their order."""
    rows = pd.DataFrame({"digest": it.digests, "code": it.codes, "place": np.arange(len(it.codes))})
    return rows.assign(nth=rows.groupby(["digest", "code"]).cumcount())
