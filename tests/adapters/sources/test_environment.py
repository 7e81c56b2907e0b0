"""`${NAME}` in an address."""

from __future__ import annotations

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
