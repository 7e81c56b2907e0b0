from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts import toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_any_text_is_read_back_by_tomllib(text: str) -> None:
    assert tomllib.loads(f"x = {toml.string(text)}")["x"] == text


@given(st.dictionaries(TEXT, st.integers()))
def test_any_names_are_read_back_as_keys(names: dict[str, int]) -> None:
    assert tomllib.loads("\n".join(f"{toml.key(n)} = {v}" for n, v in names.items())) == names


@given(st.lists(TEXT, max_size=40), st.integers(0, 90))
def test_any_list_is_read_back_inside_an_inline_table(values: list[str], used: int) -> None:
    text = f"x = {{ values = {toml.array(values, used)} }}"
    assert tomllib.loads(text) == {"x": {"values": values}}


@given(TEXT)
def test_a_quoted_text_stays_on_one_line_and_may_stand_in_a_comment(text: str) -> None:
    assert tomllib.loads(f"# {toml.string(text)}\nx = 1") == {"x": 1}
    assert len(toml.string(text).splitlines()) == 1


def test_long_lists_are_wrapped_and_short_ones_are_not() -> None:
    assert toml.array([1, True, "a"]) == '[1, true, "a"]'
    wrapped = toml.array([f"value {i}" for i in range(30)])
    assert max(map(len, wrapped.splitlines())) <= 100
    assert wrapped.splitlines()[0] == "["
