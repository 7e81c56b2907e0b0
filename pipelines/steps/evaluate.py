"""evaluate: what the test rows say of each candidate, and of the champion beside the winner.

The winner is named by its selection loss, which the test rows had no part in; the test rows
then judge once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.config import Column, Slice
from pipelines.metrics.calibration import calibrations
from pipelines.metrics.curves import curves
from pipelines.metrics.labels import mcnemar
from pipelines.metrics.paired import paired
from pipelines.metrics.resamples import Resamples, resamples
from pipelines.metrics.results import Interval, Paired
from pipelines.metrics.scores import class_scores, intervals
from pipelines.metrics.scores import evaluate as scored
from pipelines.metrics.slices import FEWEST_ROWS, compared_slices, slice_scores
from pipelines.metrics.tallies import predictions, tally
from pipelines.promotion.reuse import sketch
from pipelines.records import CandidateFit, Champion, Evaluation, Parts, Table
from pipelines.steps.slicing import sliced
from pipelines.steps.train import TrainingError, align

__all__ = ["NO_NUMBERS", "evaluate"]

NO_NUMBERS = "it gives a probability that is no number on the test rows: it diverged"

RESAMPLES = 2_000
PAIRED_RESAMPLES = 5_000
SEED = 20_240_229

Rows = NDArray[np.bool_]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class _Answer:
    """What a model says of some rows: probabilities, and predicted classes as positions."""

    P: NDArray[np.float64]
    labels: Codes

    def where(self, rows: Rows) -> _Answer:
        return _Answer(self.P[rows], self.labels[rows])


@dataclass(frozen=True)
class _Test:
    """The test rows: features, classes, digests and slices."""

    X: pd.DataFrame
    codes: Codes
    digests: NDArray[np.uint64]
    slices: Mapping[str, Mapping[str, Rows]]

    def drawn(self, count: int) -> Resamples:
        return resamples(self.digests, count, SEED)

    def where(self, rows: Rows) -> _Test:
        slices = {
            column: {value: each[rows] for value, each in found.items()}
            for column, found in self.slices.items()
        }
        return _Test(self.X[rows], self.codes[rows], self.digests[rows], slices)


def evaluate(
    fits: Sequence[CandidateFit],
    table: Table,
    parts: Parts,
    champion: Champion | None = None,
    metric: str = "log_loss",
    slices: Sequence[Slice] = (),
    columns: Mapping[str, Column] | None = None,
) -> Evaluation:
    """Metrics with 95 % intervals, the winner, and its paired comparisons.

    Parameters
    ----------
    metric : str
        What the winner is compared by, a name of `METRICS`.
    slices : sequence of Slice
        Columns whose values or ranges are looked at on their own.
    columns : mapping
        Column name → its contract, at least of those.

    Raises
    ------
    TrainingError
        If no candidate was fitted.
    """
    fitted = [each for each in fits if not each.reason]
    if not fitted:
        reasons = "".join(f"\n  {each.name}: {each.reason}" for each in fits)
        raise TrainingError(f"No candidate could be fitted.{reasons}")
    rows = parts.where("test")
    features = table.features.filter(rows)
    test = _Test(
        features.to_pandas(),
        table.codes[rows],
        parts.digests[rows],
        sliced(features, slices, columns or {}),
    )
    winner = min(fitted, key=lambda each: each.selection_loss).name
    answers = _answers(fitted, test.X, table.classes)
    if winner not in answers:
        raise TrainingError(
            f"{winner} has the least selection loss, but {NO_NUMBERS}. Take it out of "
            "[[candidates]], or change its parameters."
        )
    judged = _judged(winner, answers, test, _prior(table, parts), metric)
    return _beside_champion(judged, answers[winner], test, champion, table.classes)


def _answers(
    fitted: Sequence[CandidateFit], X: pd.DataFrame, classes: tuple[Any, ...]
) -> dict[str, _Answer]:
    """Each candidate's answers; one that gives no numbers here is left out."""
    out = {}
    for each in fitted:
        with suppress(FloatingPointError):
            P = align(each.pipeline, X, classes)
            out[each.name] = _Answer(P, _positions(each.pipeline.predict(X), classes))
    return out


def _positions(labels: NDArray[Any], classes: tuple[Any, ...]) -> Codes:
    known = {label: position for position, label in enumerate(classes)}
    return np.array([known[label] for label in labels.tolist()], dtype=np.int32)


def _prior(table: Table, parts: Parts) -> NDArray[np.float64]:
    """The training rows' class frequencies."""
    counts = np.bincount(table.codes[parts.where("train")], minlength=len(table.classes))
    frequencies: NDArray[np.float64] = counts / counts.sum()
    return frequencies


def _judged(
    winner: str,
    answers: Mapping[str, _Answer],
    test: _Test,
    prior: NDArray[np.float64],
    metric: str,
) -> Evaluation:
    """Everything but the champion."""
    codes, drawn, won = test.codes, test.drawn(RESAMPLES), answers[winner]
    told = predictions(won.P, codes, drawn, won.labels, every_class=True)
    tallied = tally([told], drawn)[0]
    scores = {
        name: intervals(tallied, told) if name == winner else scored(it.P, codes, drawn, it.labels)
        for name, it in answers.items()
    }
    P = np.tile(prior, (len(codes), 1))
    return Evaluation(
        winner=winner,
        scores=scores,
        probabilities={name: it.P for name, it in answers.items()},
        codes=codes,
        against_prior=paired(metric, won.P, P, codes, test.drawn(PAIRED_RESAMPLES), won.labels),
        metric=metric,
        labels={name: it.labels for name, it in answers.items()},
        per_class=class_scores(tallied, told),
        slices=slice_scores(
            test.slices, predictions(won.P, codes, drawn, won.labels), drawn, metric
        ),
        calibration=calibrations(won.P, codes, drawn),
        curves=curves(won.P, codes),
        sketch=sketch(test.digests),
        notes=tuple(_notes(scores[winner], test, drawn.distinct)),
    )


def _notes(scores: Mapping[str, Interval], test: _Test, distinct: int) -> list[str]:
    n = len(test.codes)
    notes = []
    if min(n, distinct) < FEWEST_ROWS:
        few = f"Only {n} test rows" if n < FEWEST_ROWS else f"Only {distinct} different test rows"
        notes.append(
            f"{few}: too few to trust an interval, and a better model is hardly told from a worse "
            f"one. Give [split] a larger test share, or more rows ({FEWEST_ROWS} at least)."
        )
    missing = [name for name, each in scores.items() if not np.isfinite(each.value)]
    if missing:
        notes.append(
            f"Not defined on the test rows, which lack a class: {', '.join(missing)}. Give [split] "
            "a larger test share, or another salt."
        )
    return notes


def _beside_champion(
    judged: Evaluation,
    won: _Answer,
    test: _Test,
    champion: Champion | None,
    classes: tuple[Any, ...],
) -> Evaluation:
    """The evaluation with the champion in it, or with the reason why it is not."""
    if champion is None:
        return replace(judged, champion_note="There was no champion to compare with.")
    name = f"the champion, version {champion.version},"
    if champion.classes != classes:
        note = f"{name} knows other classes: {list(champion.classes)}."
        return replace(judged, champion_note=note)
    common = ~np.isin(test.digests, champion.learned)
    shared, mine = test.where(common), won.where(common)
    if len(shared.codes) < 2:
        note = f"{name} learned from every one of these test rows."
        return replace(judged, champion_note=note)
    try:
        theirs = _champion_answer(champion, shared.X)
    except Exception as error:  # whatever stops a past model must not stop this training
        note = f"{name} cannot be run on this table: {error}"
        return replace(judged, champion_note=note)
    if not np.isfinite(theirs.P).all():
        note = f"{name} gives a probability that is no number on these test rows."
        return replace(judged, champion_note=note)
    pair = _against(judged.metric, mine, theirs, shared)
    seen = f"{len(shared.codes)} of {len(common)} test rows, which neither learned from"
    if pair.note:
        note = f"{name} cannot be compared with on {seen}: {pair.note}"
        return replace(judged, champion_note=note)
    drawn = shared.drawn(PAIRED_RESAMPLES)
    both = ((mine.P, mine.labels), (theirs.P, theirs.labels))
    return replace(
        judged,
        against_champion=pair,
        champion_note=f"Compared on {seen}.",
        sketch=sketch(shared.digests),
        champion_scores=scored(theirs.P, shared.codes, shared.drawn(RESAMPLES), theirs.labels),
        mcnemar=mcnemar(mine.labels, theirs.labels, shared.codes, drawn.groups),
        champion_slices=compared_slices(shared.slices, judged.metric, *both, shared.codes, drawn),
    )


def _champion_answer(champion: Champion, X: pd.DataFrame) -> _Answer:
    P = np.asarray(champion.predict_proba(X), dtype=np.float64)
    if champion.predict is None:
        return _Answer(P, P.argmax(axis=1).astype(np.int32))
    return _Answer(P, _positions(np.asarray(champion.predict(X)), champion.classes))


def _against(metric: str, mine: _Answer, theirs: _Answer, shared: _Test) -> Paired:
    drawn = shared.drawn(PAIRED_RESAMPLES)
    return paired(metric, mine.P, theirs.P, shared.codes, drawn, mine.labels, theirs.labels)
