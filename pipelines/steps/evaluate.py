"""evaluate: what the test rows say of each candidate, and of the champion beside the winner.

The winner is named by its selection loss, which the test rows had no part in; the test rows
then judge once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines import metrics
from pipelines.metrics import Interval, Paired
from pipelines.records import CandidateFit, Champion, Evaluation, Parts, Table
from pipelines.steps.train import TrainingError, align

__all__ = ["NO_NUMBERS", "evaluate"]

NO_NUMBERS = "it gives a probability that is no number on the test rows: it diverged"

RESAMPLES = 1_000
PAIRED_RESAMPLES = 5_000
SEED = 20_240_229


def evaluate(
    fits: Sequence[CandidateFit], table: Table, parts: Parts, champion: Champion | None = None
) -> Evaluation:
    """Metrics with 95 % intervals, the winner, and its paired comparisons.

    Raises
    ------
    TrainingError
        If no candidate was fitted.
    """
    fitted = [each for each in fits if not each.reason]
    if not fitted:
        reasons = "".join(f"\n  {each.name}: {each.reason}" for each in fits)
        raise TrainingError(f"No candidate could be fitted.{reasons}")
    test = parts.where("test")
    X, codes = table.features.filter(test).to_pandas(), table.codes[test]
    digests = parts.digests[test]
    drawn = metrics.resamples(digests, RESAMPLES, SEED)
    winner = min(fitted, key=lambda each: each.selection_loss).name
    probabilities = _probabilities(fitted, X, table.classes)
    if winner not in probabilities:
        raise TrainingError(
            f"{winner} has the least selection loss, but {NO_NUMBERS}. Take it out of "
            "[[candidates]], or change its parameters."
        )
    losses = metrics.log_losses(probabilities[winner], codes)
    paired, note, champion_scores = _against_champion(table, parts, champion, X, losses)
    return Evaluation(
        winner=winner,
        scores={name: metrics.evaluate(P, codes, drawn) for name, P in probabilities.items()},
        probabilities=probabilities,
        codes=codes,
        against_prior=_paired(losses, _prior_losses(table, parts), digests),
        against_champion=paired,
        champion_note=note,
        champion_scores=champion_scores,
    )


def _prior_losses(table: Table, parts: Parts) -> NDArray[np.float64]:
    """The losses of the training rows' class frequencies on the test rows."""
    codes = table.codes[parts.where("test")]
    frequencies = np.bincount(table.codes[parts.where("train")], minlength=len(table.classes))
    P = np.tile(frequencies / frequencies.sum(), (len(codes), 1))
    return metrics.log_losses(P, codes)


def _probabilities(
    fitted: Sequence[CandidateFit], X: pd.DataFrame, classes: tuple[Any, ...]
) -> dict[str, NDArray[np.float64]]:
    """Each candidate's probabilities; one that gives no numbers here is left out."""
    out = {}
    for each in fitted:
        with suppress(FloatingPointError):
            out[each.name] = align(each.pipeline, X, classes)
    return out


def _paired(
    first: NDArray[np.float64], second: NDArray[np.float64], digests: NDArray[np.uint64]
) -> Paired:
    drawn = metrics.resamples(digests, PAIRED_RESAMPLES, SEED)
    return metrics.paired_difference(first, second, drawn)


def _against_champion(
    table: Table,
    parts: Parts,
    champion: Champion | None,
    X: pd.DataFrame,
    losses: NDArray[np.float64],
) -> tuple[Paired | None, str, dict[str, Interval]]:
    if champion is None:
        return None, "There is no champion yet.", {}
    name = f"the champion, version {champion.version},"
    if champion.classes != table.classes:
        return None, f"{name} knows other classes: {list(champion.classes)}.", {}
    test = parts.where("test")
    common = ~np.isin(parts.digests[test], champion.learned)
    codes = table.codes[test][common]
    if len(codes) < 2:
        return None, f"{name} learned from every one of these test rows.", {}
    try:
        P = champion.predict_proba(X[common])
    except Exception as error:  # whatever stops a past model must not stop this training
        return None, f"{name} cannot be run on this table: {error}", {}
    if not np.isfinite(P).all():
        return None, f"{name} gives a probability that is no number on these test rows.", {}
    digests = parts.digests[test][common]
    paired = _paired(losses[common], metrics.log_losses(P, codes), digests)
    drawn = metrics.resamples(digests, RESAMPLES, SEED)
    note = f"Compared on {len(codes)} of {len(common)} test rows, which neither learned from."
    return paired, note, metrics.evaluate(P, codes, drawn)
