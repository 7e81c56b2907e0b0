"""Simulated retrainings: a challenger meets a champion on test rows, the truth being known.

A row has a latent x ~ N(0, 1.5²) and the class 1 with probability σ(x). A model sees x + e,
e ~ N(0, s²) of its own, and gives σ(a (x + e)) with the a that makes its log loss least. Two
models of one s are equally good: whoever promotes one of them was fooled by its test rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from pipelines.config import Promotion
from pipelines.metrics import log_losses
from pipelines.metrics.paired import paired
from pipelines.metrics.resamples import resamples
from pipelines.records import Cost, Evaluation
from pipelines.steps.promote import promote

__all__ = ["NOISE", "Retraining", "noise_of_gain", "promoted", "retrainings"]

FREE = Cost(0.0, 0.0, 0.0, 1, 0.0)
Floats = NDArray[np.float64]

SPREAD, NOISE = 1.5, 1.0
# Rows on which the truth about a model is taken.
POPULATION, SEED = 400_000, 7


@dataclass(frozen=True)
class Retraining:
    """Both models' probabilities of the test rows, shape (n, 2), and the rows' classes."""

    challenger: Floats
    champion: Floats
    codes: NDArray[np.int32]


def retrainings(
    count: int, rows: int, noise: float, shift: float = 0.0, seed: int = 0
) -> Iterator[Retraining]:
    """So many retrainings on new rows each; the champion has the noise `NOISE`.

    Parameters
    ----------
    noise : float
        The challenger's.
    shift : float
        Of all rows' x: 0 gives balanced classes, −3 a rare class 1.
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        x, codes = _rows(rng, rows, shift)
        yield Retraining(
            challenger=_model(x, noise, shift, rng),
            champion=_model(x, NOISE, shift, rng),
            codes=codes,
        )


@cache
def noise_of_gain(gain: float) -> float:
    """The noise of a challenger whose ROC AUC is by `gain` above the champion's."""
    rng = np.random.default_rng(SEED)
    x, codes = _rows(rng, POPULATION, 0.0)
    e = rng.normal(size=POPULATION)
    champion = roc_auc_score(codes, x + NOISE * e)

    def missing(noise: float) -> float:
        return float(roc_auc_score(codes, x + noise * e) - champion - gain)

    return float(brentq(missing, 0.0, NOISE, xtol=1e-3))


def promoted(it: Retraining, config: Promotion, resampled: int, seed: int) -> bool:
    """Whether the challenger becomes champion, by the line's own step."""
    drawn = resamples(len(it.codes), resampled, seed)
    found = paired(config.metric, it.challenger, it.champion, it.codes, drawn)
    evaluation = Evaluation(
        winner="challenger",
        scores={},
        probabilities={},
        codes=it.codes,
        against_prior=found,
        against_champion=found,
    )
    return promote(evaluation, config, "1", FREE).promoted


def _rows(rng: np.random.Generator, rows: int, shift: float) -> tuple[Floats, NDArray[np.int32]]:
    x = rng.normal(shift, SPREAD, rows)
    return x, (rng.random(rows) < expit(x)).astype(np.int32)


def _model(x: Floats, noise: float, shift: float, rng: np.random.Generator) -> Floats:
    seen = x + rng.normal(0.0, noise, len(x))
    p = _answer(seen, noise, shift)
    return np.column_stack([1 - p, p])


def _answer(seen: Floats, noise: float, shift: float) -> Floats:
    # The best guess of x is its regression on what is seen.
    kept = SPREAD**2 / (SPREAD**2 + noise**2)
    scale = _scale(noise, shift)
    return np.asarray(expit(scale * (shift + kept * (seen - shift))))


@cache
def _scale(noise: float, shift: float) -> float:
    """The factor of the guess with which the log loss is least."""
    rng = np.random.default_rng(SEED)
    x, codes = _rows(rng, POPULATION, shift)
    kept = SPREAD**2 / (SPREAD**2 + noise**2)
    guess = shift + kept * (x + rng.normal(0.0, noise, POPULATION) - shift)

    def loss(scale: float) -> float:
        p = expit(scale * guess)
        return float(log_losses(np.column_stack([1 - p, p]), codes).mean())

    return float(minimize_scalar(loss, bounds=(0.3, 1.5), method="bounded").x)
