"""The label in disguise is found under every disguise, and told by its column."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from pipelines.leaks import find
from pipelines.leaks.evidence import wilson
from tests.leaks.tables import (
    CATEGORY,
    INTEGER,
    NUMBER,
    by_content,
    clean,
    disturbed,
    kinds,
    made,
    planted,
)

LEAK = [("target", ("planted",))]
SMALL, LARGE = ["iris", "wine", "penguins"], ["breast_cancer", "digits", "adult"]


def leaks_of(name: str, values: Any, column: Any) -> list[tuple[str, tuple[str, ...]]]:
    table, columns = planted(name, values, column)
    return kinds(find(table, by_content(table), columns))


def words(codes: np.ndarray) -> np.ndarray:
    return np.array([f"grade {7 * code % 31}" for code in codes])


@pytest.mark.parametrize("name", SMALL + LARGE)
def test_a_copy_in_other_words_or_numbers_is_found(name: str) -> None:
    codes = clean(name)[0].codes
    assert leaks_of(name, words(codes), CATEGORY) == LEAK
    assert leaks_of(name, (codes * 37 % 101).astype(float), INTEGER) == LEAK


@pytest.mark.parametrize("name", SMALL + LARGE)
def test_a_copy_with_upper_and_lower_case_mixed_is_found(name: str) -> None:
    said = words(clean(name)[0].codes)
    mixed = np.where(np.arange(len(said)) % 3 == 0, np.char.upper(said), said)
    assert leaks_of(name, mixed, CATEGORY) == LEAK


@pytest.mark.parametrize("name", SMALL + LARGE)
def test_a_copy_with_gaps_is_found(name: str) -> None:
    codes = clean(name)[0].codes
    gaps = np.random.default_rng(0).random(len(codes)) < 0.3
    assert leaks_of(name, np.where(gaps, "", words(codes)), CATEGORY) == LEAK
    assert leaks_of(name, np.where(gaps, np.nan, codes), INTEGER) == LEAK


@pytest.mark.parametrize("name", ["penguins", *LARGE])
@pytest.mark.parametrize("seed", range(3))
def test_a_copy_with_two_cells_of_a_hundred_disturbed_is_found(name: str, seed: int) -> None:
    codes = clean(name)[0].codes
    assert leaks_of(name, disturbed(words(codes), 0.02, seed), CATEGORY) == LEAK
    assert leaks_of(name, disturbed(codes.astype(float), 0.02, seed), INTEGER) == LEAK


@pytest.mark.parametrize("name", SMALL + LARGE)
def test_a_number_whose_range_is_the_class_is_found(name: str) -> None:
    codes = clean(name)[0].codes
    noise = np.random.default_rng(0).normal(0, 0.05, len(codes))
    assert leaks_of(name, codes + noise, NUMBER) == LEAK


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("seed", range(3))
def test_a_number_with_a_threshold_is_found_though_one_cell_of_a_hundred_is_disturbed(
    name: str, seed: int
) -> None:
    codes = clean(name)[0].codes
    number = codes + np.random.default_rng(seed).random(len(codes))
    assert leaks_of(name, number * 1e6, NUMBER) == LEAK
    assert leaks_of(name, disturbed(number, 0.01, seed) if name != "digits" else number, NUMBER)


@pytest.mark.parametrize("name", ["penguins", *LARGE])
def test_a_finer_code_whose_values_have_one_class_each_is_found(name: str) -> None:
    codes = clean(name)[0].codes
    fine = codes * 8 + np.random.default_rng(0).integers(0, 8, len(codes))
    assert leaks_of(name, (fine * 37 % 1009).astype(float), INTEGER) == LEAK
    assert leaks_of(name, [f"{each:x}" for each in fine], CATEGORY) == LEAK


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_column_filled_in_for_one_class_only_is_found_by_its_gaps(share: float) -> None:
    codes = clean("penguins")[0].codes
    rng = np.random.default_rng(0)
    filled = (codes == 2) & (rng.random(len(codes)) < share)
    values = np.where(filled, rng.normal(size=len(codes)), np.nan)
    table, columns = planted("penguins", values, NUMBER)
    (leak,) = find(table, by_content(table), columns)
    assert (leak.kind, leak.columns) == ("target", ("planted",))
    assert f"is filled in only where the label is 2: in {filled.sum()} of" in leak.detail
    empty = np.where(filled, np.nan, rng.normal(size=len(codes)))
    table, columns = planted("penguins", empty, NUMBER)
    (leak,) = find(table, by_content(table), columns)
    assert "is empty only where the label is 2" in leak.detail


def test_a_copy_of_a_rare_label_is_found() -> None:
    rng = np.random.default_rng(0)
    codes = np.zeros(50_000, dtype=int)
    codes[rng.choice(50_000, 8, replace=False)] = 1
    table = made(pa.table({"x": rng.normal(size=50_000), "copy": codes * 3.0}), codes)
    found = find(table, by_content(table), {"x": NUMBER, "copy": INTEGER})
    assert kinds(found) == [("target", ("copy",))]


def test_a_copy_is_found_in_twenty_rows_and_beside_few_other_values() -> None:
    codes = np.arange(20) % 2
    table = made(pa.table({"x": (np.arange(20) % 5) * 1.5, "copy": codes + 1.0}), codes)
    found = find(table, by_content(table), {"x": NUMBER, "copy": INTEGER})
    assert kinds(found) == [("target", ("copy",))]


def test_what_holds_within_groups_alone_is_no_leak_where_groups_are_split() -> None:
    # Every person has one label and one height: it tells the label again only of the person.
    rng = np.random.default_rng(0)
    person = np.arange(2_000) // 20
    codes, height = (rng.random(100) < 0.5)[person], rng.normal(size=100)[person]
    table = made(pa.table({"height": height, "x": rng.normal(size=2_000)}), codes)
    columns = {"height": NUMBER, "x": NUMBER}
    parts = by_content(table)
    assert kinds(find(table, parts, columns)) == [("target", ("height",))]
    by_person = dataclasses.replace(parts, digests=person.astype(np.uint64) * 2**40)
    assert find(table, by_person, columns) == ()


def test_a_noisy_copy_is_found_where_groups_of_many_rows_are_split() -> None:
    # Of 40 groups' 4,000 rows 40 are wrong: one or more in half of the groups.
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, 4_000)
    copy = disturbed(codes.astype(float), 0.02, 0)
    table = made(pa.table({"copy": copy, "x": rng.normal(size=4_000)}), codes)
    groups = (np.arange(4_000) // 100).astype(np.uint64) * 2**50
    parts = dataclasses.replace(by_content(table), digests=groups)
    found = find(table, parts, {"copy": INTEGER, "x": NUMBER})
    assert kinds(found) == [("target", ("copy",))]


def test_the_finding_says_how_much_the_column_tells_and_what_chance_would() -> None:
    codes = clean("iris")[0].codes
    table, columns = planted("iris", words(codes), CATEGORY)
    (leak,) = find(table, by_content(table), columns)
    assert leak.detail == (
        "The column 'planted' is the label in other words: each class has a value of its own "
        "in 100.0% of 150 rows (chance 33.3%), every class counting alike."
    )


def test_the_wilson_bound_is_that_of_its_formula() -> None:
    for hits, count in ((5, 10), (97, 100), (100, 100), (0, 7)):
        both_sides = binomtest(hits, count).proportion_ci(0.9, "wilson")
        assert wilson(hits / count, count) == pytest.approx(both_sides.low, abs=1e-5)
    assert wilson(0.9, 0) == 0.0
