"""Answers to test rows come back from their file as they were."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.adapters.answers import UnreadableAnswersError, read_answers, write_answers
from pipelines.records.answers import Answers


def answers(classes: tuple[Any, ...]) -> Answers:
    P = np.random.default_rng(0).dirichlet(np.ones(len(classes)), 5)
    digests = np.array([0, 1, 2**63, 2**64 - 1, 7], dtype=np.uint64)
    codes = np.array([0, 1, 1, 0, 1], dtype=np.int32)
    return Answers(classes, digests, codes, P, P.argmax(axis=1).astype(np.int32))


@pytest.mark.parametrize("classes", [("nein", "ja, größer"), (1, 2, 3), (False, True)])
def test_answers_come_back_as_they_were(classes: tuple[Any, ...]) -> None:
    written = answers(classes)
    read = read_answers(write_answers(written))
    assert read.classes == classes
    for name in ("digests", "codes", "P", "labels"):
        mine, theirs = getattr(read, name), getattr(written, name)
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def test_the_file_is_a_table_that_says_what_it_holds() -> None:
    shown = pd.read_parquet(io.BytesIO(write_answers(answers(("no", "yes")))))
    names = ["row_digest", "class", "label", "probability_no", "probability_yes"]
    assert list(shown.columns) == names


def test_a_file_that_is_damaged_or_another_s_is_refused() -> None:
    whole = write_answers(answers(("no", "yes")))
    foreign = io.BytesIO()
    pd.DataFrame({"a": ["x"], "b": [1.0]}).to_parquet(foreign)
    for content in (b"", b"no Parquet", whole[:-20], foreign.getvalue()):
        with pytest.raises(
            UnreadableAnswersError, match=r"test_predictions.parquet cannot be read"
        ):
            read_answers(content)
