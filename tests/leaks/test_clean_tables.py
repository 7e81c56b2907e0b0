"""False alarms are counted where there is nothing to find: none."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from pipelines.leaks import find
from tests.leaks.tables import (
    NUMBER,
    SKLEARN,
    WITH_CONFIG,
    at_random,
    by_content,
    chosen,
    clean,
    made,
)


@pytest.mark.parametrize("name", [*SKLEARN, *WITH_CONFIG])
def test_nothing_is_found_in_a_clean_table_whatever_the_salt(name: str) -> None:
    table, columns = clean(name)
    for salt in range(5):
        assert find(table, by_content(table, salt), columns) == ()


@pytest.mark.parametrize("name", [*SKLEARN, *WITH_CONFIG])
def test_nothing_is_found_where_key_group_or_column_divide_a_clean_table(name: str) -> None:
    table, columns = clean(name)
    for salt in range(5):
        assert find(table, at_random(table, salt), columns) == ()
    groups = np.arange(len(table.codes), dtype=np.uint64) // 4
    parts = dataclasses.replace(at_random(table), digests=groups)
    assert find(table, parts, columns) == ()


@pytest.mark.parametrize("name", [*SKLEARN, *WITH_CONFIG])
def test_nothing_is_found_in_resampled_and_in_smaller_tables(name: str) -> None:
    table, columns = clean(name)
    rows = min(len(table.codes), 5_000)
    for seed in range(6 if rows > 600 else 40):
        rng = np.random.default_rng(seed)
        drawn = chosen(table, rng.integers(0, len(table.codes), rows))
        part = chosen(table, rng.permutation(len(table.codes))[: rows // 2])
        assert find(drawn, by_content(drawn, seed), columns) == ()
        assert find(part, by_content(part, seed), columns) == ()


@pytest.mark.parametrize("rows", [60, 200, 1_000, 20_000])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_one_strong_honest_column_is_no_leak(rows: int, share: float) -> None:
    # A shift of 2.9 standard deviations has an area under the ROC curve of 0.98.
    for seed in range(20 if rows <= 1_000 else 3):
        rng = np.random.default_rng(seed)
        codes = rng.random(rows) < share
        x = rng.normal(size=rows) + 2.9 * codes
        table = made(pa.table({"x": x, "noise": rng.normal(size=rows)}), codes)
        assert find(table, by_content(table), {"x": NUMBER, "noise": NUMBER}) == ()


def discrete(rows: int, columns: int, values: int, seed: int) -> pa.Table:
    """Columns of few values, half of whose cells follow one hidden value."""
    rng = np.random.default_rng(seed)
    hidden = rng.integers(0, values, rows)
    own = rng.integers(0, values, (columns, rows))
    cells = np.where(rng.random((columns, rows)) < 0.5, hidden, own).astype(float)
    return pa.table({f"a{j}": row for j, row in enumerate(cells)})


def rounded(rows: int, step: float, seed: int) -> pa.Table:
    """Measurements of one hidden number, so close that they agree together."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(0, 2, rows)
    return pa.table(
        {f"a{j}": np.round((hidden + rng.normal(0, 0.3, rows)) / step) for j in range(5)}
    )


def mostly_empty(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    empty = rng.random(rows) < 0.05
    return pa.table({f"a{j}": np.where(empty, np.nan, rng.normal(size=rows)) for j in range(5)})


def one_hot(rows: int, seed: int) -> pa.Table:
    value = np.random.default_rng(seed).integers(0, 12, rows)
    return pa.table({f"a{j}": (value == j).astype(float) for j in range(12)})


def test_rows_of_few_distinct_values_repeat_honestly() -> None:
    for seed in range(5):
        shapes = [(100, 2, 3), (1_000, 3, 4), (1_000, 6, 4), (1_000, 8, 3), (5_000, 5, 2)]
        features = [discrete(*shape, seed) for shape in shapes]
        features += [rounded(2_000, step, seed) for step in (1.0, 0.5, 0.25)]
        features += [mostly_empty(2_000, seed), one_hot(2_000, seed)]
        for each in features:
            codes = np.random.default_rng(seed).integers(0, 2, each.num_rows)
            table = made(each, codes)
            found = find(table, at_random(table, seed), dict.fromkeys(each.column_names, NUMBER))
            assert found == (), each.schema
