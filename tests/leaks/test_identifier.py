"""Columns that name the row, and measurements that are as different and do not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pipelines.config import Column
from pipelines.leaks import find
from tests.leaks.tables import (
    CATEGORY,
    DATE,
    INTEGER,
    NUMBER,
    by_content,
    chosen,
    clean,
    kinds,
    made,
    planted,
)

RNG = np.random.default_rng(0)
ROWS = 344
LEAK = [("identifier", ("planted",))]
DAY = 86_400.0


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (np.arange(ROWS) + 1.0, INTEGER),
        (np.arange(ROWS)[::-1] * 10.0, INTEGER),
        (np.arange(ROWS) + 1.0, NUMBER),
        (RNG.permutation(ROWS) + 5_000.0, INTEGER),
        (RNG.permutation(ROWS) * 10.0, INTEGER),
        (RNG.choice(2_000, ROWS, replace=False).astype(float), INTEGER),
        ([f"{each:016x}" for each in RNG.integers(0, 2**62, ROWS)], CATEGORY),
        (np.arange(ROWS) * DAY, DATE),
        (np.arange(ROWS) * 7 * DAY, DATE),
    ],
)
def test_what_names_the_row_is_found(values: object, column: Column) -> None:
    table, columns = planted("penguins", values, column)
    assert kinds(find(table, by_content(table), columns)) == LEAK


def test_a_row_number_of_a_table_sorted_by_class_is_told_once() -> None:
    table, columns = planted("iris", np.arange(150) + 1.0, INTEGER)
    (leak,) = find(table, by_content(table), columns)
    assert leak.kind == "identifier"
    assert "150 whole numbers that follow each other" in leak.detail


def test_a_key_is_known_though_some_rows_stand_twice() -> None:
    key = np.r_[np.arange(1_000), np.arange(20)] + 1.0
    x = RNG.normal(size=1_020)
    table = made(pa.table({"x": x, "number": key}), np.arange(1_020) % 2)
    found = find(table, by_content(table), {"x": NUMBER, "number": INTEGER})
    assert kinds(found) == [("identifier", ("number",))]


SHORT = ["customer_id", "ID", "row_no", "key", "customerId", "CustomerID", "id_customer", "ID2"]
LONGER = ["loan_no", "policy_number", "account", "ssn"]


@pytest.mark.parametrize("called", [*SHORT, *LONGER])
def test_far_apart_numbers_are_a_key_by_their_name(called: str) -> None:
    sparse = RNG.choice(10**9, ROWS, replace=False).astype(float)
    table, columns = planted("penguins", sparse, INTEGER, called)
    assert kinds(find(table, by_content(table), columns)) == [("identifier", (called,))]
    table, columns = planted("penguins", sparse, INTEGER, "income")
    assert find(table, by_content(table), columns) == ()


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (np.sort(RNG.normal(size=ROWS)), NUMBER),
        (np.arange(ROWS) + 0.5, NUMBER),
        (10.0 ** RNG.permutation(ROWS)[:ROWS].clip(20, 300) + RNG.normal(size=ROWS), NUMBER),
        (np.rint(RNG.lognormal(10, 1, ROWS)), INTEGER),
        (np.sort(RNG.choice(10**6, ROWS, replace=False)).astype(float), INTEGER),
        (np.cumsum(RNG.exponential(DAY, ROWS)), DATE),
        (RNG.integers(0, 400, ROWS).astype(float), INTEGER),
        (RNG.integers(0, 4_000, ROWS).astype(float), INTEGER),
        ([f"{each}" for each in RNG.integers(0, 1_000, ROWS)], CATEGORY),
    ],
)
def test_measurements_names_and_moments_are_not(values: object, column: Column) -> None:
    # In an order of its own: sorted by class, whatever rises with the rows tells the class.
    shuffled = chosen(clean("penguins")[0], np.random.default_rng(1).permutation(ROWS))
    table = made(shuffled.features.append_column("planted", pa.array(values)), shuffled.codes)
    columns = {**clean("penguins")[1], "planted": column}
    assert find(table, by_content(table), columns) == ()


def test_an_honest_column_may_be_called_id() -> None:
    sizes = RNG.integers(1, 50, len(clean("penguins")[0].codes)).astype(float)
    table, columns = planted("penguins", sizes, INTEGER, "id")
    assert find(table, by_content(table), columns) == ()
