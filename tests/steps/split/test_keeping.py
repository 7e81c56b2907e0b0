"""absent = "keep": every class in every part, by few moves of whole units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.config import GroupSplit, HashSplit, TimeSplit
from pipelines.digests import row_digests, uniform
from pipelines.records import DataError
from pipelines.steps.split import split
from tests.steps.tables import table

KEEP = HashSplit(test=0.2, absent="keep")


def test_a_split_that_lacks_nothing_stays_as_it_is() -> None:
    rows = table(list(range(40)), ["a", "b"] * 20)
    kept, plain = split(rows, KEEP), split(rows, HashSplit(test=0.2))
    assert (kept.part == plain.part).all()
    assert kept.notes == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 500), st.integers(2, 6), st.booleans())
def test_one_row_is_moved_for_a_class_that_one_part_lacks_and_it_is_the_nearest(
    salt: int, rare: int, validated: bool
) -> None:
    config = HashSplit(test=0.2, validation=0.2 * validated, salt=salt, absent="keep")
    names = ["train", "validation", "test"] if validated else ["train", "test"]
    rows = table(list(range(200 + rare)), ["common"] * 200 + ["rare"] * rare)
    if rare < len(names):
        with pytest.raises(DataError, match=r"Too few distinct rows.*3 parts: 'rare' \(2\)"):
            split(rows, config)
        return
    u = uniform(row_digests(rows.features), salt)[200:]
    before = np.where(u < 0.2, 2, np.where(u < 0.2 + 0.2 * validated, 1, 0))
    found = split(rows, config)
    after = found.part[200:]
    codes = [found.NAMES.index(name) for name in names]
    lacking = [code for code in codes if code not in before]
    assert set(after) == set(codes)
    assert (after != before).sum() == len(lacking) == len(found.notes)
    assert (found.part[:200] == split(table(list(range(200)), ["c", "d"] * 100), config).part).all()
    if lacking == [2]:  # the test part is where u is least
        spare = [i for i in range(rare) if (before == before[i]).sum() > 1]
        assert u[after == 2].tolist() == [min(u[spare])]


def test_the_moved_row_does_not_depend_on_the_rows_order() -> None:
    x, labels = [*range(60)], ["common"] * 57 + ["rare"] * 3
    config = next(
        each
        for each in (HashSplit(test=0.2, salt=salt, absent="keep") for salt in range(100))
        if split(table(x, labels), each).notes
    )
    turned = split(table(x[::-1], labels[::-1]), config)
    assert (split(table(x, labels), config).part == turned.part[::-1]).all()
    (note,) = turned.notes
    assert "1 row was moved into" in note
    assert "class 'rare'" in note


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.lists(st.integers(0, 2), min_size=24, max_size=60))
def test_groups_move_whole_and_every_class_is_in_every_part(salt: int, codes: list[int]) -> None:
    groups = [f"g{i // 3}" for i in range(len(codes))]
    labels = ["abc"[code] for code in codes]
    rows = table(list(range(len(codes))), labels, key=groups)
    config = GroupSplit(kind="group", column="g", test=0.3, salt=salt, absent="keep")
    in_groups = {label: {g for g, each in zip(groups, labels, strict=True) if each == label}
                 for label in set(labels)}  # fmt: skip
    if min(len(each) for each in in_groups.values()) < 2:
        with pytest.raises(DataError, match="Too few groups"):
            split(rows, config)
        return
    found = split(rows, config)
    for group in set(groups):
        assert len(set(found.part[np.array(groups) == group])) == 1
    for name in ("train", "test"):
        assert set(np.array(labels)[found.where(name)]) == set(labels)


def test_two_groups_change_places_where_no_single_move_will_do() -> None:
    # 'x' is in g1 and g2 alone, and they alone bring 'y' and 'z' to their part.
    labels = {"g1": "xy", "g2": "xz", "g3": "y", "g4": "z"}
    for salt in range(200):
        key = [group for group, each in labels.items() for _ in each]
        rows = table(list(range(len(key))), list("".join(labels.values())), key=key)
        config = GroupSplit(kind="group", column="g", test=0.4, salt=salt, absent="keep")
        found = split(rows, config)
        for name in ("train", "test"):
            assert set(rows.labels[found.where(name)]) == {"x", "y", "z"}


def test_a_split_by_time_keeps_a_class_by_the_nearest_point_in_time() -> None:
    labels = ["a"] * 20
    for at in (3, 9, 12):
        labels[at] = "b"
    rows = table(list(range(20)), labels, key=[float(i) for i in range(20)])
    config = TimeSplit(kind="time", column="t", test=0.2, gap=3.0, absent="keep")
    found = split(rows, config)
    assert found.part.tolist() == [0] * 12 + [2] + [0] + [-1] * 2 + [2] * 4
    assert found.notes[1:] == (
        "1 row was moved into test, which had no class 'b'; the rows were the nearest to it "
        "among the points in time of 't'.",
    )
