"""The search of one candidate: which fits are wanted next, which trials end, which is best.

Trials come in batches of a fixed size, and what a batch found is learned in the order of its
trials once all of them are over. So neither the number of processes nor which fit happens to
end first has a part in what is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.records import Trial
from pipelines.searching.proposals import Proposal, Proposer
from pipelines.searching.racing import LEAST_FOLDS, clearly_worse
from pipelines.searching.space import Dimension, size

__all__ = ["Attempt", "Study"]

BATCH = 5
# Where as many trials were made and every one failed, the others are spared.
HOPELESS = 10


@dataclass
class Attempt:
    """A trial under way: the losses of each fold that was fitted, and how it ended."""

    number: int
    proposal: Proposal
    losses: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    wanted: int = 0
    state: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def parameters(self) -> dict[str, Any]:
        """What is tried."""
        return self.proposal.parameters

    @property
    def ordered(self) -> list[NDArray[np.float64]]:
        """The losses of the rows, fold by fold."""
        return [self.losses[fold] for fold in sorted(self.losses)]

    @property
    def means(self) -> list[float]:
        """The mean loss over all rows up to each fold; a fold without rows does not count."""
        folds = [each for each in self.ordered if each.size]
        return [float(np.concatenate(folds[: n + 1]).mean()) for n in range(len(folds))]

    def record(self) -> Trial:
        """What is kept of it."""
        complete = self.state == "complete"
        return Trial(
            number=self.number,
            parameters=self.parameters,
            state=self.state,
            reason=self.reason,
            loss=self.means[-1] if complete else None,
            fold_losses=tuple(float(each.mean()) for each in self.ordered if each.size),
            seconds=self.seconds,
        )


class Study:
    """A search over a space, by the mean loss over `folds` parts of the rows.

    Attributes
    ----------
    planned : int
        Trials at most: as the budget says, or as many combinations as there are; of a search
        that was stopped, as many as it made.
    trials : list of Trial
        Those that are over, in the order of their numbers.
    best : Attempt or None
        The complete trial of least loss, of equal ones the first.
    """

    def __init__(
        self, space: Mapping[str, Dimension], folds: int, trials: int, seed: int = 0
    ) -> None:
        self.planned = int(min(trials, size(space)))
        self.trials: list[Trial] = []
        self.best: Attempt | None = None
        self._best_loss = float("inf")
        self._folds = folds
        self._proposer = Proposer(space, seed)
        self._open: list[Attempt] = []
        self._stopped = False

    @property
    def over(self) -> bool:
        """Whether nothing more is to come."""
        return not self._open and (self._stopped or len(self.trials) >= self.planned)

    @property
    def done(self) -> int:
        """Trials that are over, those of the batch under way among them."""
        return len(self.trials) + sum(bool(each.state) for each in self._open)

    @property
    def least_loss(self) -> float | None:
        """The least loss of a complete trial so far, the batch under way included."""
        complete = [each.means[-1] for each in self._open if each.state == "complete"]
        known = [*complete, *([self._best_loss] if self.best else [])]
        return min(known, default=None)

    def next_batch(self) -> list[Attempt]:
        """The trials to begin now; none while others are under way, or at the end."""
        if self._open or self.over:
            return []
        first = len(self.trials)
        for number in range(first, min(first + BATCH, self.planned)):
            proposal = self._proposer.propose()
            if proposal is None:
                self.planned = number
                break
            self._open.append(Attempt(number, proposal))
        return list(self._open)

    def next_folds(self, attempt: Attempt) -> range:
        """The folds to fit now for a trial; none where it is over or waits for others.

        The first two at once, since nothing is decided on one alone; then one at a time.
        """
        done = len(attempt.losses)
        if attempt.state or done < attempt.wanted:
            return range(0)
        if done == self._folds:
            attempt.state = "complete"
        elif self._is_beaten(attempt):
            assert self.best is not None
            attempt.state = "pruned"
            best = self.best.number
            attempt.reason = f"after {done} of {self._folds} folds clearly worse than trial {best}"
        else:
            attempt.wanted = max(done + 1, min(LEAST_FOLDS, self._folds))
            return range(done, attempt.wanted)
        return range(0)

    def fail(self, attempt: Attempt, reason: str) -> None:
        """End a trial that could not be fitted."""
        attempt.state, attempt.reason = "failed", reason

    def stop(self) -> None:
        """Begin nothing more, because the time is up.

        Trials under way end as pruned, but for the first of them where none is complete yet.
        """
        self._stopped = True
        spared = self.best is not None or any(each.state == "complete" for each in self._open)
        for attempt in self._open:
            if attempt.state:
                continue
            if spared:
                attempt.state, attempt.reason = "pruned", "the time of [search] minutes was up"
            spared = True

    def close_batch(self) -> bool:
        """Learn from the batch, if all its trials are over; whether they were."""
        if not self._open or not all(each.state for each in self._open):
            return False
        # What was stopped before any fit ended was never tried.
        for attempt in [each for each in self._open if each.losses or each.state == "failed"]:
            failed = attempt.state == "failed"
            self._proposer.learn(
                attempt.proposal, [] if failed else attempt.means, attempt.state == "complete"
            )
            trial = attempt.record()
            self.trials.append(trial)
            if trial.loss is not None and trial.loss < self._best_loss:
                self._forget(self.best)
                self.best, self._best_loss = attempt, trial.loss
            else:
                self._forget(attempt)
        self._open.clear()
        if self._stopped or self._is_hopeless:
            self.planned = len(self.trials)
        return True

    @staticmethod
    def _forget(attempt: Attempt | None) -> None:
        """Let go of the rows' losses, which only the best trial still needs."""
        if attempt is not None:
            attempt.losses.clear()

    @property
    def _is_hopeless(self) -> bool:
        return len(self.trials) >= HOPELESS and self.best is None

    def _is_beaten(self, attempt: Attempt) -> bool:
        """Whether the best of the batches before this one has clearly beaten it."""
        if self.best is None:
            return False
        return clearly_worse(attempt.ordered, self.best.ordered[: len(attempt.losses)])
