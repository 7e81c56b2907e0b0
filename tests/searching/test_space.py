"""What a search table spans."""

from __future__ import annotations

import math

from pipelines.searching.space import Choices, Range, read_space, size


def test_lists_are_choices_and_tables_are_ranges_in_the_order_of_their_names() -> None:
    space = read_space({"b": {"low": 1, "high": 12}, "a": [[8], [8, 4]]})
    assert list(space.items()) == [("a", Choices(([8], [8, 4]))), ("b", Range(1, 12))]


def test_a_range_is_of_whole_numbers_where_both_ends_are() -> None:
    assert [Range(1, 3).whole, Range(1.0, 3).whole, Range(1, 3.0).whole] == [True, False, False]


def test_a_space_has_the_product_of_its_sizes_and_real_numbers_make_it_endless() -> None:
    whole = {"a": Choices((True, 1, "x")), "b": Range(-1, 2)}
    assert size(whole) == 12
    assert size(whole | {"c": Range(0.0, 1.0)}) == math.inf
