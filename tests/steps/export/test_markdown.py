"""What Markdown makes of a name, read back from the HTML that it is rendered to."""

from __future__ import annotations

import html
import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipelines.steps.export.markdown import code, plain, table

RENDER = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render
NAMES = st.text("aé1*_`<>|\\[](){}!&#;~:/-+=.'\"? \n")


def one_line(text: str) -> str:
    return " ".join(text.split())


def read(pattern: str, markdown: str) -> str:
    """The text between an element's tags; other tags are left in it."""
    found = re.search(pattern, RENDER(markdown), re.DOTALL)
    assert found
    return found[1]


@given(NAMES.filter(str.strip))
@example("<!--x-->")
@example("__init__")
@example("[a](b)")
@example("&amp;")
def test_a_plain_text_reads_as_itself(name: str) -> None:
    told = read("<li>(.*)</li>", f"- x {plain(name)} x\n")
    assert "<" not in told
    assert html.unescape(told) == one_line(f"x {name} x")


@given(NAMES)
@example("a\\|b")
def test_a_plain_text_reads_as_itself_in_a_table(name: str) -> None:
    told = read("<td>(.*?)</td>\n<td>2</td>", table(("a", "b"), [(plain(f"x{name}x"), "2")]))
    assert "<" not in told
    assert html.unescape(told) == one_line(f"x{name}x")


@given(NAMES.filter(str.strip))
@example("a``b`c")
def test_a_text_in_code_reads_as_itself(name: str) -> None:
    assert html.unescape(read("<code>(.*)</code>", f"x {code(name)} x\n")) == one_line(name)


def test_a_name_without_marks_stands_as_it_is() -> None:
    for name in ("bill_length_mm", "x < y", "[0, 1]", "größe & co", "2.5 %"):
        assert plain(name) == name
