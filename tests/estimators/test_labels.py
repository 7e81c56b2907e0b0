from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipelines.estimators.labels import (
    class_codes,
    coded,
    known_codes,
    require_classes,
    same_classes,
)

WHOLE = st.sampled_from(["?", *(f"{sign}{width}" for sign in "iu" for width in (1, 2, 4, 8))])


@st.composite
def labels(draw):
    """Whole numbers of any type, near together or far, at either end of the type's range."""
    dtype = np.dtype(draw(WHOLE))
    if dtype.kind == "b":
        return draw(arrays.arrays(dtype, st.integers(1, 30)))
    info = np.iinfo(dtype)
    low = draw(st.sampled_from([info.min, max(info.min, -3), info.max - 5]))
    span = draw(st.sampled_from([5, info.max - low]))
    values = st.integers(low, min(low + span, info.max))
    return np.array(draw(st.lists(values, min_size=1, max_size=30)), dtype=dtype)


@settings(max_examples=300, deadline=None)
@given(labels())
def test_codes_are_those_of_a_sort(y):
    classes, codes = coded(y)
    expected, places = np.unique(y, return_inverse=True)
    np.testing.assert_array_equal(classes, expected)
    np.testing.assert_array_equal(codes, places)
    assert classes.dtype == y.dtype
    assert codes.dtype == np.intp


@pytest.mark.parametrize("y", [["b", "a", "é", "a"], [2.0, -1.0, 2.0]], ids=["text", "floats"])
def test_labels_of_other_types_are_coded_by_their_order(y):
    classes, codes = coded(np.array(y))
    assert classes.tolist() == sorted(set(y))
    assert classes[codes].tolist() == y


def test_the_labels_are_left_as_they_are_and_shared_with_no_code():
    y = np.array([0, 1, 1])
    y.flags.writeable = False
    codes = coded(y)[1]
    assert codes.flags.writeable
    assert not np.shares_memory(codes, y)


def test_whole_numbers_text_and_whole_floats_are_classes_and_fractions_are_not():
    for y in ([True, False], [1, 2], ["a", "b"], [1.0, 2.0]):
        require_classes(np.array(y))
    with pytest.raises(ValueError, match="continuous"):
        require_classes(np.array([0.5, 1.0]))


def test_more_classes_than_half_the_rows_warn_that_y_may_be_a_quantity():
    with pytest.warns(UserWarning, match="could represent a regression problem"):
        class_codes(np.arange(30))


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="y holds one class only, 3: a classifier needs"):
        class_codes(np.full(4, 3))


def test_labels_have_their_place_among_more_classes_than_they_hold():
    assert known_codes(np.array([2, 5, 9]), np.array([9, 2, 9])).tolist() == [2, 0, 2]
    with pytest.raises(ValueError, match=r"has classes not in .*\[4\]; .*\[2, 5, 9\]"):
        known_codes(np.array([2, 5, 9]), np.array([9, 4]))


def test_a_warm_start_takes_the_same_classes_only():
    assert same_classes(np.array(["a", "b"]), np.array(["b", "a"])).tolist() == [1, 0]
    with pytest.raises(ValueError, match="warm_start can only be used where"):
        same_classes(np.array(["a", "b"]), np.array(["b", "b"]))
