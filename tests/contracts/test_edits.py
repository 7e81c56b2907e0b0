from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts import toml
from pipelines.contracts.edits import Edit, UneditableError, edited
from pipelines.contracts.spans import spans

TEXT = '''\
# The head.
[source]
path = "t.csv"   # the table
classes = ["a", "b"]  # two
'single # quoted' = """
[not] a = table
"""

[columns]
age = { type = "integer", min = 0 }   # years
"bill, \\"mm\\"" = { type = "number" }
c = { type = "category", values = [
    "u", "v",  # the first
    "w"        # the last
] }
# a comment at the end

[[candidates]]
name = "x"
age = 3
[registry]
model = "m"'''


def lines_that_differ(before: str, after: str) -> list[str]:
    old = before.splitlines()
    return [line for line in after.splitlines() if line not in old]


def test_a_value_is_replaced_and_nothing_else() -> None:
    out = edited(TEXT, [Edit(("columns", "age", "min"), -5)])
    assert out == TEXT.replace("min = 0", "min = -5")


def test_a_key_is_added_behind_the_others_of_its_line() -> None:
    out = edited(TEXT, [Edit(("columns", "age", "missing"), True)])
    assert out == TEXT.replace("min = 0 }", "min = 0, missing = true }")


def test_a_column_goes_with_its_line_and_another_comes_behind_the_last() -> None:
    out = edited(TEXT, [Edit(("columns", "age"), None), Edit(("columns", "z z"), {"type": "date"})])
    assert out == TEXT.replace('age = { type = "integer", min = 0 }   # years\n', "").replace(
        "] }\n", '] }\n"z z" = { type = "date" }\n'
    )


def test_items_are_added_to_a_list_of_one_line_and_of_several() -> None:
    out = edited(
        TEXT,
        [
            Edit(("source", "classes"), ["a", "b", "c"]),
            Edit(("columns", "c", "values"), ["u", "v", "w", "x", "y"]),
        ],
    )
    assert lines_that_differ(TEXT, out) == [
        'classes = ["a", "b", "c"]  # two',
        '    "w",        # the last',
        '    "x", "y",',
    ]


def test_a_table_gets_a_new_line_and_the_last_table_too() -> None:
    out = edited(TEXT, [Edit(("source", "missing"), ["NA"]), Edit(("registry", "more"), 1)])
    assert '"""\nmissing = ["NA"]\n\n[columns]' in out
    assert out.endswith('model = "m"\nmore = 1\n')


def test_windows_line_ends_are_kept() -> None:
    text = TEXT.replace("\n", "\r\n")
    out = edited(text, [Edit(("columns", "z"), {"type": "date"}),
                        Edit(("columns", "c", "values"), ["u", "v", "w", "x"])])  # fmt: skip
    assert out.count("\n") == out.count("\r\n")


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("columns = { a = { type = 'date' } }\n", Edit(("columns", "a"), None)),
        ("[columns.a]\ntype = 'date'\n", Edit(("columns", "a"), None)),
        ("[columns]\na.type = 'date'\n", Edit(("columns", "a"), {"type": "number"})),
        ("x = 1\n", Edit(("columns", "a"), {"type": "number"})),
    ],
)
def test_what_cannot_be_changed_line_by_line_is_refused(text: str, edit: Edit) -> None:
    with pytest.raises(UneditableError):
        edited(text, [edit])


def test_keys_of_a_table_of_their_own_are_changed_there() -> None:
    out = edited("[columns.a]\ntype = 'date'\n", [Edit(("columns", "a", "missing"), True)])
    assert out == "[columns.a]\ntype = 'date'\nmissing = true\n"


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
SCALARS = st.one_of(st.booleans(), st.integers(-9, 9), st.floats(-5, 5), NAMES)
COLUMN = st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(NAMES, max_size=30)), min_size=1)


@given(
    before=st.dictionaries(NAMES, COLUMN, min_size=1, max_size=5),
    other=st.dictionaries(NAMES, COLUMN, max_size=5),
    kept=st.sets(st.integers(0, 4)),
)
def test_any_columns_become_any_others(
    before: dict[str, Any], other: dict[str, Any], kept: set[int]
) -> None:
    after = {n: c for i, (n, c) in enumerate(before.items()) if i in kept} | other
    lines = [f"{toml.key(name)} = {toml.inline(column)}  # {i}" for i, (name, column) in
             enumerate(before.items())]  # fmt: skip
    text = "\n".join(["[columns]", *lines, "[last]", "x = 1 # end"])
    edits = [Edit(("columns", name), None) for name in before if name not in after]
    edits += [
        Edit(("columns", name), column)
        for name, column in after.items()
        if repr(before.get(name)) != repr(column)
    ]
    out = edited(text, edits)
    assert tomllib.loads(out) == {"columns": after, "last": {"x": 1}}
    for name, line in zip(before, lines, strict=True):
        assert repr(before[name]) != repr(after.get(name)) or line in out


def written(value: Any) -> str:
    if isinstance(value, dict):
        return toml.inline(value)
    return toml.array(value) if isinstance(value, list) else toml.scalar(value)


@given(st.dictionaries(NAMES, st.one_of(SCALARS, COLUMN, st.lists(SCALARS)), min_size=1))
def test_spans_hold_the_values_of_any_text(content: dict[str, Any]) -> None:
    text = "".join(f"{toml.key(name)} ={written(value)}# x\n" for name, value in content.items())
    for path, entry in spans(text).entries.items():
        value: Any = content
        for name in path:
            value = value[name]
        assert tomllib.loads(f"x = {text[entry.value : entry.end]}") == {"x": value}
