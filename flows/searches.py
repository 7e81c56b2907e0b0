"""The search for parameters: trials side by side in worker processes, candidates by turns."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.fitting import losses_job
from flows.line import Line, Receipt
from flows.progress import watcher
from flows.turns import Turns
from pipelines.adapters import workers
from pipelines.config import Candidate
from pipelines.records import Trial
from pipelines.searching.space import read_space
from pipelines.searching.study import Attempt, Study
from pipelines.steps.train import Job

__all__ = ["Searched", "search_all"]


@dataclass(frozen=True)
class Searched:
    """What a candidate's search came to.

    `found` is the candidate with the best parameters in place of its search, None where no
    trial was complete; then `reason` says why, and `transient` whether it may pass.
    """

    candidate: Candidate
    found: Candidate | None
    trials: tuple[Trial, ...]
    reason: str = ""
    transient: bool = False


@dataclass
class _Search:
    """One candidate's study; whether a trial failed by a fault of the moment.

    `bounded` says whether its number of trials is known before its end.
    """

    candidate: Candidate
    study: Study
    bounded: bool
    transient: bool = False

    def tell(self) -> None:
        """Let the watcher know how far it is."""
        study = self.study
        planned = study.planned if self.bounded or study.over else None
        watcher().trials(self.candidate.name, study.done, planned, study.least_loss)


class _Searches:
    """All searches under way, and the fits that they wait for."""

    def __init__(
        self, line: Line, table: Receipt, parts: Receipt, candidates: Sequence[Candidate]
    ) -> None:
        config = line.config.search
        trials, folds = config.trials_of_each(len(line.searching)), line.folds or 1
        self._folded = line.folds is not None
        folders = (Path(table.folder), Path(parts.folder))
        self._fixed = (*folders, line.column_types, line.config.split, line.folds)
        self._attempts: dict[str, tuple[_Search, Attempt]] = {}
        studies = [
            Study(read_space(each.search), folds, trials, config.seed) for each in candidates
        ]
        self._under_way = [
            _Search(candidate, study, config.trials_are_known or study.planned < trials)
            for candidate, study in zip(candidates, studies, strict=True)
        ]
        self.turns = Turns(lambda task: self._attempts[task.group][0].candidate.name)
        for search in self._under_way:
            search.tell()
            self._begin(search)

    def take(self, outcome: workers.Outcome) -> None:
        """Take in how a fit ended, and let what follows from it wait for its turn."""
        self.turns.ended(outcome)
        search, attempt = self._attempts[outcome.task.group]
        attempt.seconds += outcome.seconds
        if attempt.state:  # its time was up while this fit ran
            return
        if outcome.reason:
            search.transient |= outcome.transient
            search.study.fail(attempt, outcome.reason)
        else:
            fold = outcome.task.arguments[-1].fold
            attempt.losses[max(fold, 0)] = outcome.result
            self._want(search, attempt)
        if attempt.state and search.study.done < search.study.planned:
            search.tell()  # its end is told once nothing more can come

    def stop(self) -> None:
        """Begin no trial more; what is still to come is one complete trial of each search."""
        for search in self._under_way:
            search.study.stop()
        self.turns.drop({group for group, (_, each) in self._attempts.items() if each.state})

    def ended(self) -> Iterator[Searched]:
        """The searches that came to their end with the last fit; the others go on."""
        for search in list(self._under_way):
            if search.study.close_batch():
                self._begin(search)
            if search.study.over:
                self._under_way.remove(search)
                search.tell()
                yield _result(search)

    def _begin(self, search: _Search) -> None:
        for attempt in search.study.next_batch():
            self._attempts[_group(search, attempt)] = search, attempt
            self._want(search, attempt)

    def _want(self, search: _Search, attempt: Attempt) -> None:
        tried = _fixed(search.candidate, attempt)
        for fold in search.study.next_folds(attempt):
            job = Job(tried, fold if self._folded else -1)
            self.turns.append(workers.Task(_group(search, attempt), (*self._fixed, job)))


def search_all(
    line: Line,
    table: Receipt,
    parts: Receipt,
    candidates: Sequence[Candidate],
    limits: workers.Limits,
) -> Iterator[Searched]:
    """What each candidate's search came to, as it ends.

    The fits of a trial are a group of their own: one that fails ends alone, and
    `limits.seconds` holds for each trial. When the time of the whole search is up, no fit is
    begun any more, save those that a candidate's first complete trial still needs.
    """
    seconds = _seconds(line, len(candidates))
    searches = _Searches(line, table, parts, candidates)
    began = time.monotonic()
    for outcome in workers.run(losses_job, searches.turns, limits):
        searches.take(outcome)
        if time.monotonic() - began >= seconds:
            searches.stop()
        yield from searches.ended()


def _seconds(line: Line, candidates: int) -> float:
    """The time for so many of the candidates that search: each has its share of the whole."""
    minutes = line.config.search.minutes
    return math.inf if minutes is None else minutes * 60 * candidates / len(line.searching)


def _group(search: _Search, attempt: Attempt) -> str:
    return f"{search.candidate.name} {attempt.number}"


def _fixed(candidate: Candidate, attempt: Attempt) -> Candidate:
    """The candidate with a trial's parameters in place of its search."""
    named = {"name": candidate.name, "estimator": candidate.estimator}
    return Candidate.model_validate(named | candidate.parameters | attempt.parameters)


def _result(search: _Search) -> Searched:
    candidate, study = search.candidate, search.study
    trials = tuple(study.trials)
    if study.best is not None:
        return Searched(candidate, _fixed(candidate, study.best), trials)
    failed = next(each for each in trials if each.state == "failed")
    reason = f"none of its {len(trials)} trials could be fitted; the first: {failed.reason}"
    return Searched(candidate, None, trials, reason, search.transient)
