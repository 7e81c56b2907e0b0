"""Copies among the test rows are found; that the split by content has none follows from it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pipelines.config import HashSplit
from pipelines.digests import row_digests
from pipelines.leaks import find
from pipelines.records import Parts, Table
from pipelines.steps.split import choose_salt, split
from tests.leaks.tables import INTEGER, NUMBER, at_random, by_content, chosen, clean, kinds, made

ALL = ["iris", "wine", "breast_cancer", "digits", "penguins", "adult"]


def with_copies(name: str, count: int, seed: int) -> Table:
    """The table with some of its rows once more, at its end."""
    table, _ = clean(name)
    rows = len(table.codes)
    copied = np.random.default_rng(seed).permutation(rows)[:count]
    return chosen(table, np.r_[np.arange(rows), copied])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("seed", range(3))
def test_test_rows_that_are_copies_of_training_rows_are_found(name: str, seed: int) -> None:
    table, columns = clean(name)
    parts = at_random(table, seed)
    rng = np.random.default_rng(seed)
    count = max(8, len(table.codes) // 50)
    copied = rng.choice(np.flatnonzero(parts.where("train")), count, replace=False)
    grown = chosen(table, np.r_[np.arange(len(table.codes)), copied])
    part = np.r_[parts.part, np.full(count, 2, dtype=np.int8)]
    (leak,) = find(grown, Parts(part, row_digests(grown.features)), columns)
    assert (leak.kind, leak.columns) == ("duplicates", ())
    assert f"of {(part == 2).sum():,} test rows" in leak.detail


@pytest.mark.parametrize("name", ALL)
def test_rows_that_stand_twice_anywhere_are_found_where_a_key_parts_them(name: str) -> None:
    table = with_copies(name, max(40, len(clean(name)[0].codes) // 20), 1)
    found = find(table, at_random(table), clean(name)[1])
    assert kinds(found) == [("duplicates", ())]


@pytest.mark.parametrize("name", ALL)
def test_the_split_by_content_never_parts_them(name: str) -> None:
    table = with_copies(name, 40, 1)
    config = HashSplit(salt=choose_salt(table, HashSplit()))
    assert find(table, split(table, config), clean(name)[1]) == ()


def test_the_finding_names_the_first_rows_and_their_twins() -> None:
    table = with_copies("wine", 3, 0)
    part = np.array([0] * 100 + [1] * 78 + [2] * 3, dtype=np.int8)
    (leak,) = find(table, Parts(part, row_digests(table.features)), clean("wine")[1])
    twins = np.random.default_rng(0).permutation(178)[:3] + 1
    assert leak.detail == (
        "3 of 3 test rows (100.0%) stand among the rows learned from too: row "
        f"179 ({twins[0]}), 180 ({twins[1]}), 181 ({twins[2]}), the twin's in brackets."
    )


def test_a_copy_under_another_number_is_a_copy_though_its_content_differs() -> None:
    table = with_copies("wine", 20, 0)
    numbers = np.random.default_rng(0).permutation(len(table.codes)) + 1.0
    numbered = made(table.features.append_column("number", pa.array(numbers)), table.codes)
    columns = {**clean("wine")[1], "number": INTEGER}
    found = find(numbered, by_content(numbered), columns)
    assert kinds(found) == [("identifier", ("number",)), ("duplicates", ())]


def test_rows_in_no_part_are_no_twins() -> None:
    table = with_copies("wine", 3, 0)
    part = np.array([0] * 60 + [-1] * 118 + [2] * 3, dtype=np.int8)
    copied = np.random.default_rng(0).permutation(178)[:3]
    part[copied] = -1
    assert find(table, Parts(part, row_digests(table.features)), clean("wine")[1]) == ()


def oversampled(rows: int, rare: int) -> Table:
    """Rows of the rarer class drawn with replacement until they are one half."""
    rng = np.random.default_rng(0)
    codes = np.arange(rows) < rare
    drawn = np.r_[np.arange(rare, rows), rng.integers(0, rare, rows - rare)]
    features = pa.table({f"a{j}": rng.normal(size=rows)[drawn] for j in range(5)})
    return made(features, codes[drawn])


@pytest.mark.parametrize("rare", [8, 16, 90])
def test_a_class_oversampled_before_the_split_is_found(rare: int) -> None:
    table = oversampled(1_500, rare)
    columns = dict.fromkeys(table.features.column_names, NUMBER)
    assert kinds(find(table, at_random(table), columns)) == [("duplicates", ())]


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "penguins"])
def test_a_table_that_stands_twenty_times_is_found(name: str) -> None:
    table, columns = clean(name)
    often = chosen(table, np.repeat(np.arange(len(table.codes)), 20))
    assert kinds(find(often, at_random(often), columns)) == [("duplicates", ())]


def test_a_few_rows_of_defaults_are_not_copies() -> None:
    rng = np.random.default_rng(0)
    measured = rng.normal(size=(4, 1_000))
    for start, default in ((0, 0.0), (100, 1.0), (150, 2.0)):
        measured[:, start : start + 50] = default
    table = made(pa.table({f"a{j}": row for j, row in enumerate(measured)}), np.arange(1_000) % 2)
    columns = dict.fromkeys(table.features.column_names, NUMBER)
    assert find(table, at_random(table), columns) == ()
