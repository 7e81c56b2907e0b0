from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.parsing import booleans, moments, numbers

NUMBERISH = st.text(st.sampled_from("0123456789+-.eE_xXnaif() ,1"), max_size=8)
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf(inity)?", re.I)


@given(st.lists(NUMBERISH, max_size=6))
def test_numbers_are_decimal_numbers_and_nothing_else(cells: list[str]) -> None:
    parsed = numbers(pa.array(cells, pa.string()), [])
    for cell, value, gap, wrong in zip(
        cells, parsed.values, parsed.gaps, parsed.wrong, strict=True
    ):
        text = cell.strip()
        if DECIMAL.fullmatch(text):
            assert value == float(text)
            assert not gap
            assert not wrong
        else:
            assert np.isnan(value)
            assert gap == (text == "" or bool(re.fullmatch("[+-]?nan", text, re.I)))
            assert wrong == (not gap)


@given(NUMBERISH)
def test_a_number_does_not_depend_on_its_neighbours(cell: str) -> None:
    alone = numbers(pa.array([cell]), [])
    beside = numbers(pa.array([cell, "x", " 1"]), [])
    np.testing.assert_array_equal(alone.values, beside.values[:1])
    np.testing.assert_array_equal(alone.gaps, beside.gaps[:1])


@pytest.mark.parametrize(
    "cell", ["1,5", "1 000", "0x1F", "1_000", "١", "1e", "nan(1)", "5%", "--1"]
)
def test_other_ways_to_write_a_number_are_wrong(cell: str) -> None:
    assert numbers(pa.array([cell]), []).wrong.all()


def test_missing_words_that_are_numbers_are_gaps() -> None:
    np.testing.assert_array_equal(
        numbers(pa.array(["-999", "1", "-9990"]), ["-999"]).values, [np.nan, 1, -9990]
    )


def test_minus_zero_is_zero() -> None:
    assert not np.signbit(numbers(pa.array(["-0", "-0.0"]), []).values).any()


@given(st.datetimes(min_value=datetime(1, 1, 1)), st.sampled_from(["T", " "]))
def test_moments_are_those_of_python(moment: datetime, between: str) -> None:
    texts = [
        moment.isoformat(between),
        moment.isoformat(between) + "Z",
        moment.isoformat(between) + "+00:00",
        moment.date().isoformat(),
    ]
    seconds = moments(pa.array(texts), []).values
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected = (moment.replace(tzinfo=UTC) - epoch).total_seconds()
    np.testing.assert_allclose(seconds[:3], expected, rtol=0, atol=1e-4)
    assert seconds[3] == np.floor(expected / 86_400) * 86_400


DATEISH = st.from_regex(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?\Z"
)


@given(st.lists(DATEISH | st.text(max_size=12), max_size=5))
def test_days_that_do_not_exist_are_wrong_and_never_an_error(cells: list[str]) -> None:
    parsed = moments(pa.array(cells, pa.string()), [])
    for cell, wrong in zip(cells, parsed.wrong, strict=True):
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell) and cell[:4] != "0000":
            try:
                datetime.fromisoformat(cell)
            except ValueError:
                assert wrong
            else:
                assert not wrong


def test_zones_are_taken_off_and_fractions_kept() -> None:
    cells = ["1970-01-01T02:00+02:00", "1969-12-31 23:59:59.75", "1970-01-01T00:00:00.123456789Z"]
    np.testing.assert_allclose(moments(pa.array(cells), []).values, [0, -0.25, 0.123456])


def test_truth_is_written_in_four_ways_in_any_case() -> None:
    cells = ["TRUE", "Yes", "t", "Y", "1", "false", "No", "F", "n", "0", "", "NA", "maybe"]
    parsed = booleans(pa.array(cells), ["NA"])
    np.testing.assert_array_equal(parsed.values, [1] * 5 + [0] * 5 + [np.nan] * 3)
    assert parsed.gaps.tolist() == [False] * 10 + [True, True, False]
    assert parsed.wrong.tolist() == [False] * 12 + [True]
