"""The decision on simulated retrainings, the truth being known."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.bench_promotion import ALLOWED, GAIN, promotions
from benchmarks.retrainings import NOISE, noise_of_gain, retrainings


@pytest.mark.parametrize(
    ("metric", "rows", "shift"),
    [("log_loss", 300, 0.0), ("log_loss", 60, -3.5), ("roc_auc", 200, 0.0), ("f1", 100, 0.0)],
)
def test_of_1000_retrainings_that_are_no_better_at_most_73_are_promoted(
    metric: str, rows: int, shift: float
) -> None:
    assert promotions(1_000, rows, NOISE, metric, shift) <= ALLOWED


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc"])
def test_of_those_better_by_two_points_of_auc_nine_in_ten_are_promoted(metric: str) -> None:
    assert promotions(60, 5_000, noise_of_gain(GAIN), metric) >= 54


def test_the_simulated_gain_is_what_it_is_said_to_be() -> None:
    (it,) = retrainings(1, 400_000, noise_of_gain(GAIN), seed=1)
    gain = roc_auc_score(it.codes, it.challenger[:, 1]) - roc_auc_score(it.codes, it.champion[:, 1])
    assert gain == pytest.approx(GAIN, abs=0.003)


def test_the_simulated_models_are_calibrated() -> None:
    for shift in (0.0, -3.5):
        (it,) = retrainings(1, 400_000, NOISE, shift, seed=2)
        edges = np.quantile(it.champion[:, 1], [0, 0.25, 0.5, 0.75, 1])
        bins = np.digitize(it.champion[:, 1], edges[1:-1])
        for number in range(4):
            inside = bins == number
            assert it.codes[inside].mean() == pytest.approx(
                it.champion[inside, 1].mean(), abs=0.012
            )
