"""What a reason in the config allows, and what it does not."""

from __future__ import annotations

from pipelines.config import Leaks
from pipelines.leaks import blocking, reason
from pipelines.records import Leak

COLUMN = Leak("target", ("x",), "The column 'x' is the label.")
COPIES = Leak("duplicates", (), "3 of 9 test rows …")


def test_a_column_is_allowed_by_its_name_alone() -> None:
    allowed = Leaks(allow={"x": "measured before the outcome", "y": "another"})
    assert reason(COLUMN, allowed) == "measured before the outcome"
    assert reason(COPIES, allowed) is None
    assert blocking([COLUMN, COPIES], allowed) == (COPIES,)


def test_duplicates_are_allowed_by_a_reason_of_their_own() -> None:
    allowed = Leaks(duplicates="two orders may be alike")
    assert reason(COPIES, allowed) == "two orders may be alike"
    assert blocking([COLUMN, COPIES], allowed) == (COLUMN,)


def test_a_leak_of_several_columns_needs_a_reason_for_each() -> None:
    both = Leak("target", ("x", "y"), "…")
    assert reason(both, Leaks(allow={"x": "one"})) is None
    assert reason(both, Leaks(allow={"x": "one", "y": "two"})) == "one; two"
    assert blocking([], Leaks()) == ()
