from __future__ import annotations

from itertools import pairwise

import pytest

from benchmarks.training.convex import LADDER, Try, choose, loosest
from benchmarks.training.linear import Fitted


def attempt(step: int, gap: float, iterations: int = 0, seconds: float = 1.0) -> Try:
    return Try(LADDER[step], seconds, gap, Fitted(None, None, iterations))


def tried(start: int, enough: int, floor: float = 0.0) -> dict[int, Try]:
    """The tries of a fit that is within 1e-6 from the ladder's step `enough` on."""
    tries: dict[int, Try] = {}
    for step in loosest(tries, start, 1e-6):
        gap = 1e-7 if step >= enough else 1e-3
        tries[step] = attempt(step, max(gap, floor), 0 if floor else step)
    return tries


@pytest.mark.parametrize("start", [2, 9, 16])
def test_the_loosest_sufficient_tolerance_is_found_from_either_side(start: int) -> None:
    tries = tried(start, 9)
    assert choose(tries, 1e-6) == (tries[9], True)


def test_a_fit_at_its_floor_is_not_tightened_for_ever() -> None:
    tries = tried(5, 9, floor=1e-5)
    assert len(tries) < 9
    assert not choose(tries, 1e-6)[1]


def test_where_nothing_suffices_the_quickest_of_the_nearest_is_taken() -> None:
    tries = {
        3: attempt(3, 1e-3, seconds=1),
        4: attempt(4, 1.02e-5, seconds=2),
        5: attempt(5, 1e-5, seconds=3),
    }
    assert choose(tries, 1e-6) == (tries[4], False)


def test_the_ladder_falls_from_one_to_1e_12_by_a_third_at_most() -> None:
    assert LADDER[0] == 1
    assert min(LADDER) <= 1e-12
    assert all(0.29 < b / a < 0.34 for a, b in pairwise(LADDER))


def test_tolerances_that_change_nothing_are_passed_over_and_the_loosest_is_still_found() -> None:
    tries: dict[int, Try] = {}
    for step in loosest(tries, 20, 1e-6):
        # From step 10 on the fit ends in one place; from 7 on it is still good enough.
        tries[step] = attempt(step, 1e-7 if step >= 7 else 1e-3, max(10 - step, 0))
    assert choose(tries, 1e-6) == (tries[7], True)
    assert len(tries) < 10
