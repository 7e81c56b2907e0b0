"""The split that the table itself gives."""

from __future__ import annotations

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


def test_a_part_without_a_class_or_without_rows_is_refused() -> None:
    rows = table(list(range(6)), ["a", "a", "a", "b", "a", "b"], key=KEY)
    with pytest.raises(DataError, match=r"class 'b' has no row in train.*the word of that part"):
        split(rows, WORDS)
    rows = table(list(range(6)), ["a", "b"] * 3, key=["train"] * 4 + ["test"] * 2)
    with pytest.raises(DataError, match="validation has no row at all"):
        split(rows, WORDS)
