"""Which rows train, validate and test, and which fold a training row is in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.config import ColumnSplit, GroupSplit, HashSplit, Split
from pipelines.digests import row_digests, uniform
from pipelines.records import DataError, Table
from pipelines.steps.split import choose_salt, folds, folds_of, split
from tests.steps.tables import parts, table

# Salt 0 puts both classes of these forty rows into both parts.
FORTY = table(list(range(40)), ["a", "b"] * 20)
VALUES = st.lists(st.floats(allow_nan=False), min_size=30, max_size=60, unique=True)


def assigned(rows: Table, config: HashSplit) -> list[str]:
    found = split(rows, config)
    return [found.NAMES[part] for part in found.part]


def test_the_forty_rows_fall_as_they_always_fell() -> None:
    found = split(FORTY, HashSplit(test=0.2, salt=0))
    assert np.flatnonzero(found.where("test")).tolist() == [9, 14, 15, 20, 24, 26, 29, 33, 37, 38]
    assert not found.where("validation").any()
    assert (found.digests == row_digests(FORTY.features)).all()


def test_a_part_takes_the_rows_whose_number_is_under_its_share() -> None:
    config = HashSplit(test=0.3, validation=0.3, salt=1)
    u = uniform(row_digests(FORTY.features), 1)
    right = ["test" if v < 0.3 else "validation" if v < 0.6 else "train" for v in u]
    assert assigned(FORTY, config) == right


@settings(max_examples=50, deadline=None)
@given(VALUES, VALUES, st.integers(0, 100))
def test_a_row_keeps_its_part_when_the_table_grows_and_is_shuffled(
    old: list[float], new: list[float], salt: int
) -> None:
    config = HashSplit(test=0.4, salt=salt)
    small = table(old, ["a"] * len(old))
    large = table([*new, *old[::-1]], ["a"] * (len(new) + len(old)))
    assert assigned(small, config) == assigned(large, config)[len(new) :][::-1]


def split_of_one_class(rows: Table, config: HashSplit) -> list[float]:
    return [int(u < config.test) for u in uniform(row_digests(rows.features), config.salt)]


def test_equal_rows_share_a_part_whatever_their_labels() -> None:
    rows = table([0.0, -0.0, float("nan"), float("nan")] * 20 + list(range(40)), ["a", "b"] * 60)
    found = split(rows, HashSplit(test=0.5, salt=choose_salt(rows, HashSplit(test=0.5))))
    for first in (0, 2):
        twins = [first + 4 * i + j for i in range(20) for j in (0, 1)]
        assert len(set(found.part[twins])) == 1
        assert len(set(found.digests[twins])) == 1


def test_the_split_never_looks_at_the_labels() -> None:
    config = HashSplit(test=0.5, salt=3)
    other = table(list(range(40)), ["b", "a"] * 20)
    assert (split(FORTY, config).part == split(other, config).part).all()


def test_with_a_key_its_equal_values_share_a_part_and_nothing_else_counts() -> None:
    key = [f"person {i // 4}" for i in range(40)]
    keyed = table(list(range(40)), ["a", "b"] * 20, key=key)
    moved = table([x * 7.5 for x in range(40)], ["a", "b"] * 20, key=key)
    config = HashSplit(test=0.3, salt=2, key="person")
    part = split(keyed, config).part
    assert (part.reshape(10, 4) == part.reshape(10, 4)[:, :1]).all()
    assert (split(moved, config).part == part).all()


def test_the_share_of_test_and_validation_rows_is_near_the_configured_one() -> None:
    rows = table(list(range(20_000)), ["a", "b"] * 10_000)
    for salt in range(3):
        found = split(rows, HashSplit(test=0.2, validation=0.1, salt=salt))
        # Four standard deviations of a binomial share at n = 20,000.
        assert found.where("test").mean() == pytest.approx(0.2, abs=0.0114)
        assert found.where("validation").mean() == pytest.approx(0.1, abs=0.0085)


def test_a_class_that_is_missing_from_a_part_is_refused_by_name_and_part() -> None:
    rows = table(list(range(40)), ["common"] * 39 + ["rare"])
    with pytest.raises(DataError, match=r"class 'rare' has no row in (test|train).*salt"):
        split(rows, HashSplit(test=0.2))


@pytest.mark.parametrize("config", [HashSplit(test=0.2), HashSplit(test=0.1, validation=0.1)])
def test_the_chosen_salt_is_the_smallest_that_puts_every_class_into_every_part(
    config: HashSplit,
) -> None:
    rows = table(list(range(60)), ["common"] * 54 + ["rare"] * 3 + ["odd"] * 3)
    salt = choose_salt(rows, config)
    assert salt > 0
    split(rows, config.model_copy(update={"salt": salt}))
    for smaller in range(salt):
        with pytest.raises(DataError):
            split(rows, config.model_copy(update={"salt": smaller}))


def test_a_salt_of_zero_is_chosen_where_it_fits() -> None:
    assert choose_salt(FORTY, HashSplit()) == 0


def test_the_salt_is_the_smallest_beside_a_class_of_thousands_too() -> None:
    rows = table(list(range(5_000)), ["common"] * 4_996 + ["rare"] * 4)
    salt = choose_salt(rows, HashSplit())
    fits = []
    for candidate in range(salt + 1):
        part = split_of_one_class(rows, HashSplit(salt=candidate))
        fits.append(len(set(part[-4:])) == 2)
    assert fits == [False] * salt + [True]


def test_a_class_with_fewer_than_three_distinct_rows_is_refused_by_name() -> None:
    # 'few' has five rows, two of them distinct; 'three' has just enough.
    rows = table(
        [*range(30), 100, 100, 100, 101, 101, 200, 201, 202],
        ["many"] * 30 + ["few"] * 5 + ["three"] * 3,
    )
    with pytest.raises(DataError, match=r"Fewer than three distinct rows for class 'few' \(2\)\."):
        choose_salt(rows, HashSplit())


def test_a_table_that_no_salt_divides_is_refused_with_what_to_do() -> None:
    rows = table(list(range(6)), ["a", "b"] * 3)
    with pytest.raises(DataError, match=r"No salt up to 10000.*3 distinct rows.*raise"):
        choose_salt(rows, HashSplit(test=0.00001))


def test_the_folds_divide_the_training_rows_and_no_others() -> None:
    codes = np.array([0, 1] * 10, dtype=np.int32)
    fold = folds(parts("tttt" * 4 + "vTvT"), codes, 4)
    assert (fold[16:] == -1).all()
    assert np.bincount(fold[:16]).tolist() == [4, 4, 4, 4]


def test_many_small_classes_fill_all_folds_alike() -> None:
    codes = np.repeat(np.arange(6, dtype=np.int32), 2)
    fold = folds(parts("t" * 12), codes, 4)
    assert np.bincount(fold).tolist() == [3, 3, 3, 3]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3)), min_size=30, max_size=200),
    st.integers(2, 6),
)
def test_every_fold_has_its_share_of_every_class(rows: list[tuple[int, int]], count: int) -> None:
    distinct = {digest: code for digest, code in rows}
    digests, codes = list(distinct), np.array(list(distinct.values()), dtype=np.int32)
    sizes = np.bincount(codes)
    if sizes.max() < 2:
        return
    fold = folds(parts("t" * len(codes), [d + 1 for d in digests]), codes, count)
    for code, size in enumerate(sizes):
        mine = fold[codes == code]
        if size == 1:
            assert mine.tolist() == [-1]
        elif size:
            shares = np.bincount(mine, minlength=count)
            assert shares.max() - shares.min() <= 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 1)), min_size=4, max_size=40),
    st.integers(2, 5),
)
def test_equal_rows_share_a_fold_and_every_fit_sees_both_classes(
    rows: list[tuple[int, int]], count: int
) -> None:
    digests = np.array([digest for digest, _ in rows])
    codes = np.array([code for _, code in rows], dtype=np.int32)
    if len(set(codes)) < 2 or len(set(digests)) < 4:
        return
    fold = folds(parts("t" * len(rows), digests.tolist()), codes, count)
    for digest in set(digests):
        assert len(set(fold[digests == digest])) == 1
    for held_out in range(count):
        assert set(codes[fold != held_out]) == {0, 1}


def test_the_folds_do_not_change_with_the_order_of_the_rows() -> None:
    codes = np.array([0, 0, 1, 1, 0, 1, 0, 1], dtype=np.int32)
    digests = [9, 3, 7, 5, 11, 2, 8, 4]
    plain = folds(parts("t" * 8, digests), codes, 3)
    turned = folds(parts("t" * 8, digests[::-1]), codes[::-1], 3)
    assert (turned == plain[::-1]).all()


def test_training_rows_that_cannot_be_divided_are_refused() -> None:
    codes = np.array([0, 0, 1, 1], dtype=np.int32)
    with pytest.raises(DataError, match="No class has two distinct rows in training"):
        folds(parts("tttT", [5, 5, 6, 7]), codes, 2)


@pytest.mark.parametrize(
    ("config", "units"),
    [
        (GroupSplit(kind="group", column="bed"), "groups"),
        (HashSplit(key="id"), "values of 'id'"),
        (HashSplit(), "distinct rows"),
        (ColumnSplit(kind="column", column="use"), "distinct rows"),
    ],
)
def test_what_lacks_where_no_fold_can_be_held_out_is_named(config: Split, units: str) -> None:
    rows = table([1.0] * 4, ["a", "b"] * 2)
    with pytest.raises(DataError, match=f"No class has two {units} in training"):
        folds_of(rows, parts("tttt", [5, 5, 5, 5]), config, 2)
