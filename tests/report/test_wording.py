"""Numbers and names as a reader sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.metrics import Interval
from pipelines.report.wording import compact, interval, name, number, plain, seconds, share

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.1235"),
        (-0.5, "−0.5000"),
        (0.0, "0.0000"),
        (-1e-9, "0.0000"),
        (0.00012, "1.2e−04"),
        (1234.56, "1,234.6"),
        (NAN, "–"),
        (float("inf"), "–"),
    ],
)
def test_numbers_have_four_decimals_or_a_dash(value: float, text: str) -> None:
    assert number(value) == text


def test_an_interval_without_bounds_is_empty() -> None:
    assert interval(Interval(0.5, NAN, NAN)) == ""
    assert interval(Interval(0.5, 0.4, 0.6)) == "0.4000 to 0.6000"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "12 ms"), (0.5, "0.5 s"), (119.0, "119.0 s"), (150, "2.5 min")]
)
def test_times_have_a_unit(value: float, text: str) -> None:
    assert seconds(value) == text


def test_shares_are_percent() -> None:
    assert (share(0.1234), share(NAN)) == ("12.3 %", "–")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1234, "1.2k"), (2_000_000, "2.0M")]
)
def test_counts_are_compact(count: int, text: str) -> None:
    assert compact(count) == text


@given(st.text())
def test_plain_text_can_be_written_and_keeps_its_length(text: str) -> None:
    out = plain(text)
    out.encode()
    assert len(out) == len(text)
    assert "\x00" not in out


@given(st.text(), st.integers(1, 40))
def test_names_are_one_line_of_bounded_length(text: str, limit: int) -> None:
    out = name(text, limit)
    assert out == " ".join(out.split())
    assert 0 < len(out) <= max(limit, len("(blank)"))
