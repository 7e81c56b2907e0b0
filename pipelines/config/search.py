"""How much the search for parameters may try."""

from __future__ import annotations

from pydantic import Field

from pipelines.config.section import Section

__all__ = ["MOST_TRIALS", "Search"]

MOST_TRIALS = 1_000
TRIALS_OF_EACH = 20


class Search(Section):
    """What all candidates with a `search` table may use together; each gets the same share."""

    trials: int | None = Field(default=None, ge=1, le=100_000)
    minutes: float | None = Field(default=None, gt=0, le=525_600)
    seed: int = Field(default=0, ge=0, lt=2**32)

    @property
    def trials_are_known(self) -> bool:
        """Whether not the time alone ends a search."""
        return self.trials is not None or self.minutes is None

    def trials_of_each(self, candidates: int) -> int:
        """Trials of one of so many candidates; without either limit, 20."""
        if self.trials is not None:
            return min(MOST_TRIALS, self.trials // candidates)
        return TRIALS_OF_EACH if self.minutes is None else MOST_TRIALS
