"""The splits by hash and by group: stable, fair to every class, whole groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from pipelines.config import GroupSplit, HashSplit
from pipelines.records import DataError, Table
from pipelines.steps.split import choose_salt, digested, folds_of, split
from tests.steps.tables import table

GROUPED = GroupSplit(kind="group", column="person", test=0.3, salt=1)


def grouped(groups: list[int], labels: list[str] | None = None) -> Table:
    key = [f"person {each}" for each in groups]
    return table(list(range(len(groups))), labels or ["a", "b"] * (len(groups) // 2), key=key)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 2**32), st.floats(0.05, 0.6))
def test_rows_keep_their_parts_when_the_table_grows_tenfold_and_is_shuffled(
    salt: int, seed: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=2_000)
    old = table(x[:200].tolist(), ["a", "b"] * 100)
    order = rng.permutation(2_000)
    new = table(x[order].tolist(), ["b", "a"] * 1_000)
    config = HashSplit(test=share, validation=0.1, salt=salt, absent="keep")
    back = np.argsort(order)[:200]
    before, after = split(old, config), split(new, config)
    assert (after.part[back] == before.part).all()
    assert (after.digests[back] == before.digests).all()


@pytest.mark.parametrize("kind", ["hash", "group"])
def test_every_class_has_the_configured_share_in_expectation(kind: str) -> None:
    # 40 salts × 3 classes × 2 parts: each count within the central 1 − 10⁻⁶ of its binomial.
    sizes = {"common": 6_000, "rare": 900, "rarest": 100}
    labels = np.repeat(list(sizes), list(sizes.values()))
    rows = table(np.arange(7_000.0).tolist(), labels.tolist(), key=[f"{i}" for i in range(7_000)])
    totals = dict.fromkeys(sizes, 0)
    for salt in range(40):
        shares = {"test": 0.2, "validation": 0.1, "salt": salt, "absent": "keep"}
        config = (
            HashSplit.model_validate(shares)
            if kind == "hash"
            else GroupSplit.model_validate(shares | {"kind": "group", "column": "g"})
        )
        found = split(rows, config)
        for name, share in (("test", 0.2), ("validation", 0.1)):
            for label, size in sizes.items():
                count = int((found.where(name) & (labels == label)).sum())
                low, high = binom.interval(1 - 1e-6, size, share)
                assert low <= count <= high, (salt, name, label)
                totals[label] += count
    for label, size in sizes.items():
        assert totals[label] / (40 * size) == pytest.approx(
            0.3, abs=5 * np.sqrt(0.21 / (40 * size))
        )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 25), min_size=60, max_size=200), st.integers(0, 99))
def test_no_group_stands_on_both_sides_nor_in_two_folds(groups: list[int], salt: int) -> None:
    groups = [*range(26), *groups]
    groups = groups[: len(groups) // 2 * 2]
    rows = grouped(groups)
    config = GROUPED.model_copy(update={"salt": salt, "absent": "keep"})
    found = split(rows, config)
    fold = folds_of(rows, found, config, 3)
    for group in set(groups):
        mine = np.array(groups) == group
        assert len(set(found.part[mine])) == 1
        assert len(set(fold[mine])) == 1
        assert len(set(found.digests[mine])) == 1


def test_a_group_keeps_its_part_whatever_its_rows_hold() -> None:
    rows = grouped([i // 4 for i in range(80)])
    moved = table([7.5 * i for i in range(80)], ["a", "b"] * 40, key=rows.key.to_pylist())
    assert (split(rows, GROUPED).part == split(moved, GROUPED).part).all()


def test_the_salt_is_chosen_by_groups_where_groups_are_split() -> None:
    labels = (["a"] * 30 + ["b"] * 10) * 3
    rows = grouped([i // 5 for i in range(120)], labels)
    config = GROUPED.model_copy(update={"salt": choose_salt(rows, GROUPED)})
    split(rows, config)
    for smaller in range(config.salt):
        with pytest.raises(DataError):
            split(rows, config.model_copy(update={"salt": smaller}))
    few = grouped([0, 0, 1, 1, *range(2, 30)], ["b"] * 4 + ["a"] * 28)
    with pytest.raises(DataError, match=r"Fewer than three values of 'person' for class 'b' \(2\)"):
        choose_salt(few, GROUPED)


def test_digests_are_told_apart_by_what_they_are_taken_over() -> None:
    columns = ["b", "a"]
    assert digested(HashSplit(), columns) == ["a", "b"]
    assert digested(HashSplit(key="person"), columns) == ["key", "person"]
    assert digested(GROUPED, columns) == ["key", "person"]
