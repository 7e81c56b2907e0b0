"""The split that the table itself gives."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.config import ColumnSplit
from pipelines.digests import row_digests
from pipelines.records import DataError
from pipelines.steps.split import digested, split
from tests.steps.tables import table

WORDS = ColumnSplit(kind="column", column="use", validation=["validation", "val"], test=["test"])
KEY = ["train", "train", "val", "validation", "test", "test"]


def test_each_row_goes_where_its_word_says() -> None:
    rows = table(list(range(6)), ["a", "b"] * 3, key=KEY)
    found = split(rows, WORDS)
    assert found.part.tolist() == [0, 0, 1, 1, 2, 2]
    assert (found.digests == row_digests(rows.features)).all()
    assert digested(WORDS, ["x", "island"]) == ["island", "x"]


def test_a_word_of_no_part_is_refused_with_count_and_rows() -> None:
    rows = table(list(range(6)), ["a", "b"] * 3, key=["train", "hold", "Test", "x", "", "test"])
    with pytest.raises(
        DataError,
        match=r"'use': 4 values are no part's word: row 2 'hold', row 3 'Test', row 4 'x', …",
    ):
        split(rows, WORDS)


def test_rows_are_named_by_their_place_in_the_source() -> None:
    rows = table(list(range(6)), ["a", "b"] * 3, key=["train", "hold", *KEY[2:]])
    object.__setattr__(rows, "rows", np.arange(6) * 10)
    with pytest.raises(DataError, match=r"1 value is no part's word: row 11 'hold'\."):
        split(rows, WORDS)


def test_a_part_without_a_class_or_without_rows_is_refused() -> None:
    rows = table(list(range(6)), ["a", "a", "a", "b", "a", "b"], key=KEY)
    with pytest.raises(DataError, match=r"class 'b' has no row in train.*the word of that part"):
        split(rows, WORDS)
    rows = table(list(range(6)), ["a", "b"] * 3, key=["train"] * 4 + ["test"] * 2)
    with pytest.raises(DataError, match="validation has no row at all"):
        split(rows, WORDS)
