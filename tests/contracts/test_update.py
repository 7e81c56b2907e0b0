from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from pipelines.contracts.edits import Edit, edited
from pipelines.contracts.update import Change, changes
from pipelines.records import DataError
from tests.faults.line import config

ROWS = 12
Y = ["a", "b"] * (ROWS // 2)
Z = [str(i * 1.5) for i in range(ROWS)]


def found(column: dict[str, Any], cells: list[Any], **source: Any) -> list[Change]:
    """What a column x must change for the cells."""
    settings = config({"x": column, "z": {"type": "number"}}, **source)
    cells = (cells * ROWS)[:ROWS]
    return changes(settings, pa.table({"x": cells, "z": Z, "y": Y}))


def told(column: dict[str, Any], cells: list[Any], **source: Any) -> dict[str, Any]:
    """Place → the new value."""
    return {".".join(each.path): each.after for each in found(column, cells, **source)}


NUMBER = {"type": "number", "min": 0.5, "max": 10.0}


def test_a_table_that_keeps_the_contract_changes_nothing() -> None:
    assert found(NUMBER, ["1", "10", "0.5"]) == []
    assert found({"type": "category", "values": ["u", "v", "w"]}, ["u", "v"]) == []
    assert found({"type": "number", "missing": True, "max_missing": 0.5}, ["", "1"]) == []


def test_a_bound_is_moved_only_where_it_is_broken_and_only_as_far() -> None:
    (change,) = found(NUMBER, ["-3", "9", "-2.5"])
    assert (change.path, change.before, change.after) == (("columns", "x", "min"), 0.5, -3)
    assert change.why == "8 values are below it"
    assert told(NUMBER, ["1", "11.5"]) == {"columns.x.max": 11.5}


def test_gaps_are_allowed_where_there_are_some() -> None:
    assert told({"type": "integer"}, ["1", "2", "", "4"]) == {"columns.x.missing": True}
    share = {"type": "integer", "missing": True, "max_missing": 0.1}
    assert told(share, ["1", "2", "", "4"]) == {"columns.x.max_missing": 0.25}


def test_new_categories_stand_behind_the_old_in_their_order() -> None:
    column = {"type": "category", "values": ["w", "u"]}
    assert told(column, ["u", "z", "a", "u"]) == {"columns.x.values": ["w", "u", "a", "z"]}
    within = {**column, "max_unseen": 0.5}
    assert told(within, ["u", "z", "a", "u"]) == {}


def test_a_type_that_no_longer_fits_is_guessed_anew_with_the_rules_that_still_hold() -> None:
    integer = {"type": "integer", "min": 1, "max": 5}
    assert told(integer, ["1", "2.5", "4"]) == {"columns.x": {"type": "number", "min": 1, "max": 5}}
    assert told(integer, ["1", "7.5", ""]) == {
        "columns.x": {"type": "number", "min": 1, "max": 7.5, "missing": True}
    }
    assert told({"type": "date"}, ["u", "v"]) == {
        "columns.x": {"type": "category", "values": ["u", "v"]}
    }


def test_infinities_become_gaps_by_one_key() -> None:
    assert told({"type": "number"}, ["1", "inf", "2.5"]) == {
        "columns.x.missing": True,
        "columns.x.infinite": "missing",
    }


def test_a_column_that_has_become_useless_goes_with_its_reason() -> None:
    (change,) = found({"type": "integer"}, [f"text {i}" for i in range(ROWS)])
    assert (change.kind, change.after) == ("gone", None)
    assert "different in every row" in change.why


def test_a_word_between_numbers_is_a_gap_unless_it_is_a_category() -> None:
    assert told({"type": "number"}, ["1", "NA", "2.5"], missing=["?"]) == {
        "source.missing": ["?", "NA"],
        "columns.x.missing": True,
    }
    both = config(
        {"x": {"type": "number"}, "c": {"type": "category", "values": ["NA", "EU"]}},
    )
    table = pa.table({"x": ["1", "NA", "2.5"] * 4, "c": ["NA", "EU", "EU"] * 4, "y": Y})
    assert [each.path for each in changes(both, table)] == [("columns", "x")]


def test_columns_come_and_go_but_for_those_left_out_on_purpose_and_those_with_a_role() -> None:
    settings = config({"z": {"type": "number"}, "old": {"type": "number"}}, unique=["key"])
    table = pa.table(
        {
            "z": Z,
            "new": ["u", "v"] * 6,
            "out": ["u", "v"] * 6,
            "same": ["1"] * ROWS,
            "key": [str(i % 3) for i in range(ROWS)],
            "y": Y,
        }
    )
    assert {each.path[-1]: each.after for each in changes(settings, table, {"out"})} == {
        "old": None,
        "new": {"type": "category", "values": ["u", "v"]},
    }


@pytest.mark.parametrize(
    ("classes", "labels", "after"),
    [
        (["b", "a"], ["a", "b", "c"], ["b", "a", "c"]),
        (["a", "b", "gone"], ["a", "b"], ["a", "b"]),
        ([1, 0], ["0", "1", "7"], [1, 0, 7]),
        ([0, 1], ["0", "1", "x"], ["0", "1", "x"]),
        ([False, True], ["yes", "no"], None),
        ([False, True], ["yes", "no", "perhaps"], ["no", "perhaps", "yes"]),
    ],
)
def test_the_classes_are_those_that_have_rows(
    classes: list[Any], labels: list[Any], after: list[Any] | None
) -> None:
    settings = config({"z": {"type": "number"}}, classes)
    table = pa.table({"z": Z, "y": (labels * ROWS)[:ROWS]})
    expected = [] if after is None else [(("source", "classes"), after)]
    assert [(each.path, each.after) for each in changes(settings, table)] == expected


def test_rows_without_a_label_are_dropped_and_count_no_more() -> None:
    settings = config({"z": {"type": "number", "min": 0.0}})
    table = pa.table({"z": ["-1", *Z[1:]], "y": ["", *Y[1:]]})
    assert [(each.path, each.after) for each in changes(settings, table)] == [
        (("source", "missing_target"), "drop")
    ]


def test_a_table_without_the_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(DataError, match=r"no column 'y'\. The nearest are 'yy'"):
        changes(config({"z": {"type": "number"}}), pa.table({"z": Z, "yy": Y}))


def test_the_edits_of_a_change_give_the_change() -> None:
    text = '[columns]\nx = { type = "integer", max = 3 } # mine\nz = { type = "number" }\n'
    out = edited(text, [Edit(each.path, each.after) for each in found(
        {"type": "integer", "max": 3}, ["1", "", "5"])])  # fmt: skip
    assert out.splitlines()[1] == 'x = { type = "integer", max = 5, missing = true } # mine'
