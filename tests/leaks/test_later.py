"""Values dated after the outcome: a single one counts, and none that may have been known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from pipelines.config import Date
from pipelines.leaks import find
from pipelines.records import Leak
from tests.leaks.tables import NUMBER, by_content, made

DAY = 86_400.0
NOON = 19_000 * DAY + DAY / 2
RNG = np.random.default_rng(0)
BEFORE = NOON - RNG.integers(1, 10**7, 40).astype(float)


def leaks(t: np.ndarray, outcome: np.ndarray, unit: str = "second") -> tuple[Leak, ...]:
    column = Date.model_validate({"type": "date", "unit": unit})
    values = t / DAY if unit == "day" else t
    table = made(pa.table({"when": values, "x": RNG.normal(size=len(t))}), np.arange(len(t)) % 2)
    table = dataclasses.replace(table, outcome=outcome)
    return find(table, by_content(table), {"when": column, "x": NUMBER})


@pytest.mark.parametrize("unit", ["day", "second"])
def test_one_value_a_second_later_is_found_with_its_row(unit: str) -> None:
    t = BEFORE.copy()
    t[7] = NOON + 1
    assert leaks(t, np.full(40, NOON), unit) == (
        Leak(
            "time",
            ("when",),
            "The column 'when' has 1 of 40 values (2.5%) dated after the row's outcome: row 8.",
        ),
    )


@pytest.mark.parametrize("unit", ["day", "second"])
def test_the_moment_of_the_outcome_itself_is_not_later(unit: str) -> None:
    moments = NOON + RNG.random(40) * 1e7
    assert leaks(moments, moments, unit) == ()


def test_many_later_values_are_counted_and_the_first_named() -> None:
    t = np.where(np.arange(40) % 4 == 0, NOON + 10 * DAY * RNG.random(40) + 1, BEFORE)
    (leak,) = leaks(t, np.full(40, NOON))
    assert leak.detail == (
        "The column 'when' has 10 of 40 values (25.0%) dated after the row's outcome: "
        "rows 1, 5, 9, …."
    )


def test_an_outcome_of_whole_days_is_known_at_their_end() -> None:
    midnight = 19_000 * DAY
    t = BEFORE - DAY
    t[3] = midnight + DAY - 1
    assert leaks(t, np.full(40, midnight)) == ()
    t[3] = midnight + DAY
    assert [leak.kind for leak in leaks(t, np.full(40, midnight))] == ["time"]


def test_gaps_and_rows_without_an_outcome_are_not_later() -> None:
    t, outcome = BEFORE.copy(), np.full(40, NOON)
    t[0], t[1], outcome[1] = np.nan, NOON + 5, np.nan
    assert leaks(t, outcome) == ()


def test_without_an_outcome_time_nothing_is_later() -> None:
    table = made(pa.table({"when": BEFORE + 10 * DAY}), np.arange(40) % 2)
    assert find(table, by_content(table), {"when": Date(type="date")}) == ()
