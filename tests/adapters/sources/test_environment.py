"""`${NAME}` in an address."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.adapters.sources.environment import expanded, one_line, unsaid
from pipelines.records import DataError


def test_values_are_quoted_before_the_host_and_plain_behind_it() -> None:
    variables = {"USER": "a@b", "PW": "p:/?#", "HOST": "h", "DB": "my db"}
    address = "postgresql://${USER}:${PW}@${HOST}/${DB}"
    assert expanded(address, "", variables) == "postgresql://a%40b:p%3A%2F%3F%23@h/my db"


def test_every_missing_or_empty_variable_is_named() -> None:
    with pytest.raises(DataError, match=r"here: the environment has no A and no C"):
        expanded("x://${A}/${B}/${C}", "here", {"B": "b", "C": ""})


def test_a_variable_of_a_variable_is_not_put_in() -> None:
    assert expanded("${A}", "", {"A": "${B}", "B": "secret"}) == "${B}"


def test_named_values_and_secrets_are_taken_out_quoted_or_not() -> None:
    variables = {"NAMED": "ab", "AWS_SECRET_ACCESS_KEY": "x/y=z", "PGPASSWORD": "abcd", "HOME": "h"}
    text = "ab x/y=z x%2Fy%3Dz abcd h"
    assert unsaid(text, "${NAMED}", variables) == (
        "${NAMED} ${AWS_SECRET_ACCESS_KEY} ${AWS_SECRET_ACCESS_KEY} ${PGPASSWORD} h"
    )


@given(st.text(min_size=1), st.text(), st.text())
def test_no_value_of_a_named_variable_is_left(value: str, before: str, after: str) -> None:
    said = unsaid(before + value + after, "${X_Y}", {"X_Y": value})
    assert value not in said.replace("${X_Y}", "") or value in "${X_Y}"


def test_what_a_library_says_is_one_short_line() -> None:
    assert one_line(ValueError("  first.\nsecond"), "") == "first"
    assert one_line(ValueError(), "") == "ValueError"
    assert len(one_line(ValueError("x" * 1000), "")) == 300


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("postgresql://u:p@ss@host/db", "no host 'ss@host'"),
        ("postgresql://u:p@ss:w@host/db", "no port 'w@host' at SS"),
        ("postgresql://u:p%40ss@host/db", "no user 'u' with 'p@ss'"),
        ("u:ss@host", "host 'host' with u and ss"),
        ("a&ss=1", "no option 'ss'"),
    ],
)
def test_no_part_of_an_address_from_the_environment_is_left(value: str, said: str) -> None:
    left = unsaid(said, "x://${DB}", {"DB": value}).replace("${DB}", "")
    words = set(re.findall(r"\w+", left.lower()))
    assert not words & {"ss", "p", "w", "u"}
    assert words & {"no", "host", "with"} - {"host"}


def test_a_value_without_marks_is_taken_out_as_a_whole_only() -> None:
    assert (
        unsaid("prod-data in production", "s3://${B}", {"B": "prod-data"}) == "${B} in production"
    )


def test_a_secret_over_several_lines_is_taken_out_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_SECRET", "first\nsecond")
    assert one_line(ValueError("bad key first\nsecond"), "") == "bad key ${A_SECRET}"
