"""What to try next: Optuna's tree-structured Parzen estimator, seeded, in memory."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from pipelines.searching.space import Choices, Dimension

__all__ = ["Proposal", "Proposer"]

# After as many proposals that were all made before, one is drawn at random; after as many
# draws nothing is left, for no search has more than a thousand trials.
REPEATS, DRAWS = 20, 20_000


@dataclass(frozen=True)
class Proposal:
    """Parameters to try, and Optuna's own record of them."""

    parameters: dict[str, Any]
    asked: optuna.Trial


class Proposer:
    """Proposes parameters, none twice, and learns how good they were.

    The same seed and the same answers give the same proposals.

    References
    ----------
    Bergstra, Bardenet, Bengio, Kégl, "Algorithms for hyper-parameter optimization",
    NeurIPS 2011.
    """

    def __init__(self, space: Mapping[str, Dimension], seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = space
        self._distributions = {name: _distribution(each) for name, each in space.items()}
        # The liar keeps the proposals of a batch apart, whose losses are not known yet.
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
        # No pruner: `racing` says when a trial is stopped.
        self._study = optuna.create_study(sampler=sampler, pruner=optuna.pruners.NopPruner())
        self._random = random.Random(seed)
        self._known: set[str] = set()

    def propose(self) -> Proposal | None:
        """Parameters that were not proposed before, or None where none are found."""
        for _ in range(REPEATS):
            proposal = self._ask()
            if self._is_new(proposal.parameters):
                return proposal
            self._study.tell(proposal.asked, state=TrialState.FAIL)  # Optuna then forgets it
        for _ in range(DRAWS):
            drawn = {name: self._draw(each) for name, each in self._space.items()}
            if self._is_new(self._values(drawn)):
                self._study.enqueue_trial(drawn)
                return self._ask()
        return None

    def learn(self, proposal: Proposal, means: Sequence[float], complete: bool) -> None:
        """Take in a trial's mean losses after each fold; none at all is worse than any.

        A trial that failed is so told as one to keep away from; Optuna's own «failed» would
        be forgotten, and the same be proposed again and again.
        """
        for fold, mean in enumerate(means):
            proposal.asked.report(mean, fold)
        if complete:
            self._study.tell(proposal.asked, means[-1])
        else:
            self._study.tell(proposal.asked, state=TrialState.PRUNED)

    def _ask(self) -> Proposal:
        asked = self._study.ask(self._distributions)
        return Proposal(self._values(asked.params), asked)

    def _values(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters, with each choice for its place in the list."""
        return {
            name: each.values[drawn[name]] if isinstance(each, Choices) else drawn[name]
            for name, each in self._space.items()
        }

    def _is_new(self, parameters: Mapping[str, Any]) -> bool:
        """Whether this is the first time that they are asked about."""
        before = len(self._known)
        self._known.add(json.dumps(parameters, sort_keys=True))
        return len(self._known) > before

    def _draw(self, dimension: Dimension) -> float:
        """A value at random, of choices its place."""
        if isinstance(dimension, Choices):
            return self._random.randrange(len(dimension.values))
        if dimension.whole:
            return self._random.randint(int(dimension.low), int(dimension.high))
        return self._random.uniform(dimension.low, dimension.high)


def _distribution(dimension: Dimension) -> BaseDistribution:
    if isinstance(dimension, Choices):
        # By place, since a choice may be a list, which Optuna does not take.
        return CategoricalDistribution(range(len(dimension.values)))
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(float(dimension.low), float(dimension.high), log=dimension.log)
