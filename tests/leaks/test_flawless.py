"""What parts the classes without exception is found in few rows, or beside few of a class."""

from __future__ import annotations

import dataclasses
from math import comb
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.leaks import find
from pipelines.leaks.flawless import by_chance, hardly_by_chance
from pipelines.records import Leak
from tests.leaks.tables import NUMBER, by_content, chosen, clean, kinds, made

LEAK = [("target", ("leak",))]
# Rows, and how many of them are of the second class.
SIZES = [(1_000, 10), (220, 20), (60, 30)]


def found(values: Any, codes: Any, group: Any = None) -> tuple[Leak, ...]:
    noise = np.random.default_rng(9).normal(size=len(codes))
    table = made(pa.table({"x": noise, "leak": values}), codes)
    parts = by_content(table)
    if group is not None:
        parts = dataclasses.replace(parts, digests=np.asarray(group, dtype=np.uint64) * 2**50)
    return find(table, parts, {"x": NUMBER, "leak": NUMBER})


def shuffled(rows: int, rare: int) -> np.ndarray:
    return np.random.default_rng(rows).permutation(rows) < rare


@pytest.mark.parametrize(("rows", "rare"), [*SIZES, (1_500, 16)])
def test_a_column_filled_in_for_the_rarer_class_only_is_found(rows: int, rare: int) -> None:
    codes = shuffled(rows, rare)
    numbers = np.random.default_rng(0).normal(size=rows)
    (leak,) = found(np.where(codes, numbers, np.nan), codes)
    assert f"is filled in only where the label is 1: in {rare} of {rare} rows" in leak.detail
    (leak,) = found(np.where(codes, np.nan, numbers), codes)
    side = "is filled in only where the label is 0" if rows == 2 * rare else "is empty only where"
    assert side in leak.detail


def test_gaps_with_an_exception_or_that_chance_explains_are_no_leak() -> None:
    codes = shuffled(1_000, 10)
    filled = np.r_[np.flatnonzero(codes), np.flatnonzero(~codes)[:10]]
    values = np.full(1_000, np.nan)
    values[filled] = np.random.default_rng(0).normal(size=20)
    assert found(values, codes) == ()
    few = np.arange(60) < 30
    assert found(np.where(np.arange(60) < 12, 0.7 * np.arange(60), np.nan), few) == ()


@pytest.mark.parametrize(("rows", "rare"), SIZES)
def test_two_clouds_far_apart_are_found(rows: int, rare: int) -> None:
    codes = shuffled(rows, rare)
    cloud = np.random.default_rng(0).normal(size=rows)
    assert kinds(found(codes * 1e6 + cloud, codes)) == LEAK
    assert kinds(found(cloud - codes * 1e6, codes)) == LEAK


@pytest.mark.parametrize(("rows", "rare"), SIZES)
def test_two_codes_a_class_are_found(rows: int, rare: int) -> None:
    codes = shuffled(rows, rare)
    either = np.random.default_rng(0).integers(0, 2, rows)
    assert kinds(found(codes + 2.0 * either, codes)) == LEAK
    assert kinds(found(2.0 * codes + either, codes)) == LEAK


def test_several_words_a_class_are_found_and_one_that_both_share_is_not() -> None:
    codes = shuffled(1_000, 10)
    words = np.random.default_rng(0).integers(0, 3, 1_000) * 2 + codes
    assert kinds(found([f"w{each}" for each in words], codes)) == LEAK
    words[:2] = 9
    codes[0], codes[1] = True, False
    assert found([f"w{each}" for each in words], codes) == ()


@pytest.mark.parametrize(("rows", "rare"), SIZES)
def test_numbers_counted_by_class_are_found_though_rows_are_mixed(rows: int, rare: int) -> None:
    codes = np.arange(rows) >= rows - rare
    mixed = np.random.default_rng(0).permutation(rows)
    assert kinds(found(mixed + 0.5, codes[mixed])) == LEAK


@pytest.mark.parametrize("group_rows", [4, 40])
def test_a_copy_is_found_in_fifteen_groups_and_not_in_six(group_rows: int) -> None:
    for groups, expected in ((15, LEAK), (6, [])):
        group = np.arange(groups * group_rows) // group_rows
        assert kinds(found(1.0 * (group % 2), group % 2, group)) == expected


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "penguins"])
def test_one_class_against_the_others_has_no_leak_in_a_clean_table(name: str) -> None:
    table, columns = clean(name)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        for rows in (len(table.codes), len(table.codes) // 2, 60):
            drawn = chosen(table, rng.permutation(len(table.codes))[:rows])
            for code in range(len(table.classes)):
                one = made(drawn.features, drawn.codes == code)
                assert find(one, by_content(one, seed), columns) == ()


def test_the_chances_are_those_of_counting() -> None:
    assert by_chance(np.log(2), np.array([50, 10])) == pytest.approx(2 / comb(60, 10))
    limit = comb(16, 6) / comb(40, 6)  # 2e-3: to be a leak it must be less than 1e-6
    assert limit > 1e-6
    assert not hardly_by_chance(6, 16, 40, 1)
    assert hardly_by_chance(14, 16, 40, 1) == (comb(16, 14) / comb(40, 14) < 1e-6)
    assert not hardly_by_chance(16, 16, 40, 10**9)
    assert not hardly_by_chance(0, 16, 40, 1)
