"""A version beside the champion: the same rows, the same class, a paired interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from pipelines.metrics.paired import paired
from pipelines.metrics.resamples import resamples
from pipelines.promotion.beside import MOST, SEED, beside
from pipelines.records.answers import Answers

ROWS = 200


def answers(seed: int, digests: np.ndarray | None = None, sharp: float = 1.0) -> Answers:
    """A model's answers; rows of one digest are of one class whatever the seed."""
    rng = np.random.default_rng(seed)
    known = np.arange(ROWS, dtype=np.uint64) if digests is None else digests
    codes = (known % 2).astype(np.int32)
    raw = sharp * np.where(codes == 1, 1.0, -1.0) + rng.normal(size=len(known))
    p = 1 / (1 + np.exp(-raw))
    return Answers(
        ("no", "yes"), known, codes, np.column_stack([1 - p, p]), (p > 0.5) * np.int32(1)
    )


def shuffled(it: Answers, seed: int = 9) -> Answers:
    return it.at(np.random.default_rng(seed).permutation(len(it.codes)))


@pytest.mark.parametrize(("metric", "score"), [("log_loss", log_loss), ("roc_auc", roc_auc_score)])
def test_the_difference_is_that_of_both_on_the_rows_that_both_have(
    metric: str, score: object
) -> None:
    mine = answers(1, np.arange(50, 250, dtype=np.uint64))
    champion = answers(2, np.arange(0, 150, dtype=np.uint64))
    got = beside(shuffled(mine), shuffled(champion, 8), metric)
    assert (got.rows, got.note) == (100, "")
    codes = mine.codes[:100]
    expected = score(codes, mine.P[:100, 1]) - score(codes, champion.P[50:, 1])  # type: ignore[operator]
    assert got.difference.value == pytest.approx(expected, abs=1e-12)
    assert got.difference.low < got.difference.value < got.difference.high


def test_the_interval_is_that_of_the_paired_bootstrap() -> None:
    mine = answers(1)
    champion = replace(mine, P=0.9 * mine.P + 0.05)
    got = beside(mine, shuffled(champion), "log_loss").difference
    drawn = resamples(mine.digests, MOST, SEED)
    direct = paired("log_loss", mine.P, champion.P, mine.codes, drawn).difference
    assert (got.low, got.high) == pytest.approx((direct.low, direct.high), abs=1e-9)
    assert got.high - got.low < 0.1


def test_a_row_whose_class_was_corrected_is_left_out() -> None:
    mine, champion = answers(1), answers(2)
    codes = mine.codes.copy()
    codes[:30] = 1 - codes[:30]
    assert beside(replace(mine, codes=codes), champion, "log_loss").rows == ROWS - 30


def test_rows_of_one_digest_are_taken_one_for_one() -> None:
    thrice = answers(1, np.repeat(np.arange(20, dtype=np.uint64), 3))
    twice = answers(2, np.repeat(np.arange(20, dtype=np.uint64), 2))
    got = beside(thrice, twice, "log_loss")
    assert (got.rows, got.distinct) == (40, 20)


def test_what_cannot_be_set_side_by_side_is_told() -> None:
    mine = answers(1)
    other = replace(answers(2), classes=("no", "maybe"))
    assert beside(mine, other, "log_loss").note == "the champion knows other classes"
    few = answers(2, np.repeat(np.arange(193, 400, dtype=np.uint64), 2))
    assert beside(mine, few, "log_loss").note == (
        "7 of its test rows are test rows of the champion, too, 7 of them different: it takes 8"
    )
    ones = mine.at(np.flatnonzero(mine.codes == 1))
    assert "not defined on these 100 rows" in beside(ones, answers(2), "roc_auc").note
