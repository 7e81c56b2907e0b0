from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from pipelines.estimators import Preprocessor

gap = np.nan


def numbers(values, scale=True):
    return Preprocessor(["x"], [], scale=scale).fit(pd.DataFrame({"x": np.array(values, float)}))


def matrix(preprocessor, values):
    return preprocessor.transform(pd.DataFrame({"x": np.array(values, float)}))


def test_numbers_are_centred_and_scaled():
    out = matrix(numbers([1, 2, 3, 6]), [1, 2, 3, 6])
    assert out.dtype == np.float32
    assert out.mean() == pytest.approx(0, abs=1e-7)
    assert out.std() == pytest.approx(1, abs=1e-6)


def test_a_gap_becomes_the_median_and_a_flag():
    out = matrix(numbers([1, 2, 9, gap], scale=False), [gap, 5])
    assert out.tolist() == [[2, 1], [5, 0]]


def test_mean_and_deviation_are_taken_after_the_gaps_are_filled():
    fitted = numbers([0, 2, 2, gap])
    assert fitted.means_[0] == 1.5
    assert fitted.scales_[0] == pytest.approx(np.std([0, 2, 2, 2]), rel=1e-6)


def test_a_gap_where_training_had_none_is_filled_and_has_no_flag():
    assert matrix(numbers([1, 2, 9], scale=False), [gap]).tolist() == [[2]]


def beside(values, scale=True):
    """Fitted on a column x beside one that tells the rows apart."""
    X = pd.DataFrame({"z": np.arange(len(values), dtype=float), "x": np.array(values, float)})
    return Preprocessor(["z", "x"], [], scale=scale).fit(X)


CONSTANT = [0.0, 7.0, 0.1, -0.1, 1e300, 1 / 3, 5e-324, 2.0**53 + 2, gap]


@pytest.mark.parametrize("value", CONSTANT)
@pytest.mark.parametrize("scale", [True, False])
def test_a_column_of_one_value_or_of_gaps_alone_is_left_out(value, scale):
    fitted = beside([value] * 7, scale)
    assert fitted.get_feature_names_out().tolist() == ["z"]
    assert fitted.dropped_ == ["x"]
    new = pd.DataFrame({"z": [1.0] * 4, "x": [gap, 3.5, -1e300, value]})
    out = fitted.transform(new)
    assert (out == out[0]).all()


def test_values_that_float64_cannot_scale_apart_are_left_out():
    assert beside([5e-324, 1e-323, 5e-324]).dropped_ == ["x"]


def test_one_value_beside_gaps_leaves_the_flag_alone():
    fitted = beside([7, gap, 7])
    assert fitted.get_feature_names_out().tolist() == ["z", "x is missing"]
    assert fitted.dropped_ == []
    new = pd.DataFrame({"z": [0.0] * 3, "x": [7.0, 8.0, gap]})
    assert fitted.transform(new)[:, 1].tolist() == [0, 0, 1]


def test_a_category_of_one_value_is_left_out_and_a_gap_counts_as_a_value():
    X = pd.DataFrame({"same": ["a", "a"], "gaps": ["", ""], "some": ["", "a"]})
    fitted = Preprocessor([], ["same", "gaps", "some"]).fit(X)
    assert fitted.get_feature_names_out().tolist() == ["some=", "some=a"]
    assert fitted.dropped_ == ["same", "gaps"]


@pytest.mark.parametrize("value", CONSTANT)
def test_rows_that_nothing_tells_apart_are_refused(value):
    with pytest.raises(ValueError, match="nothing to tell them apart by"):
        numbers([value] * 3)


@pytest.mark.parametrize("scale", [True, False])
def test_timestamps_are_centred_and_scaled_in_double_precision(scale):
    seconds = 1.7e9 + np.arange(5)
    fitted = numbers(seconds, scale=scale)
    assert fitted.doubles_.tolist() == [True]
    np.testing.assert_allclose(
        matrix(fitted, seconds).ravel(), np.arange(-2, 3) / np.sqrt(2), atol=1e-5
    )


def test_whole_numbers_that_float32_rounds_are_told_apart():
    out = matrix(numbers([2**24, 2**24 + 1, 2**53, 2**53 - 1]), [2**53, 2**53 - 1])
    fitted = numbers([2**24, 2**24 + 1])
    assert len(set(matrix(fitted, [2**24, 2**24 + 1]).ravel())) == 2
    assert np.isfinite(out).all()


def test_ordinary_numbers_are_computed_in_single_precision_with_single_constants():
    fitted = numbers([0.1, 0.2, 0.7, gap])
    assert fitted.doubles_.tolist() == [False]
    for constant in (fitted.medians_[0], fitted.means_[0], fitted.scales_[0]):
        assert constant == np.float32(constant)


def test_the_unscaled_matrix_is_the_column_itself():
    values = [0.1, 0.2, 0.7, 1e6]
    assert matrix(numbers(values, scale=False), values).ravel().tolist() == [
        float(np.float32(value)) for value in values
    ]


@pytest.mark.parametrize(
    "values",
    [
        [1e300, 0.5, -1e300, gap],
        [1e30, 1e-30, 0.0],
        [1e-300, 2e-300, 3e-300],
        [1.2e308, 1.4e308, gap],
        [float(np.finfo(np.float32).max)] * 3 + [-float(np.finfo(np.float32).max)],
    ],
    ids=str,
)
@pytest.mark.filterwarnings("error")
def test_extreme_magnitudes_give_finite_and_distinct_values(values):
    out = matrix(numbers(values), values)
    assert np.isfinite(out).all()
    assert len(np.unique(out[:, 0])) > 1


@given(
    values=arrays(
        float,
        st.integers(2, 20),
        elements=st.one_of(st.floats(-1e300, 1e300), st.just(gap), st.floats(-10, 10)),
    )
)
def test_any_column_gives_a_finite_matrix_of_its_own_scale(values):
    fitted = beside(values)
    out = fitted.transform(pd.DataFrame({"z": np.zeros(len(values)), "x": values}))[:, 1:]
    assert np.isfinite(out).all()
    assert all(np.ptp(column) > 0 for column in out.T)
    assert np.abs(out).max(initial=0) <= np.sqrt(len(values)) * 1.001


def test_a_category_becomes_a_column_a_value_the_gap_among_them():
    X = pd.DataFrame({"island": ["b", "", "a", "b"]})
    fitted = Preprocessor([], ["island"]).fit(X)
    assert fitted.values_[0].tolist() == ["", "a", "b"]
    assert fitted.transform(X).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_a_value_never_seen_gives_zeros_throughout():
    fitted = Preprocessor([], ["island"]).fit(pd.DataFrame({"island": ["a", "b"]}))
    assert fitted.transform(pd.DataFrame({"island": ["c", ""]})).tolist() == [[0, 0], [0, 0]]


def everything():
    return pd.DataFrame(
        {
            "island": ["Ö", "x", "x"],
            "age": [1.0, gap, 2.0],
            "sex": ["", "f", "m"],
            'a, "b"': [5.0, 6.0, 7.0],
        }
    )


def test_the_columns_are_numbers_then_flags_then_categories_and_are_named_so():
    fitted = Preprocessor(["age", 'a, "b"'], ["island", "sex"]).fit(everything())
    assert fitted.get_feature_names_out().tolist() == [
        "age",
        'a, "b"',
        "age is missing",
        "island=x",
        "island=Ö",
        "sex=",
        "sex=f",
        "sex=m",
    ]
    assert fitted.n_features_out_ == 8
    assert fitted.transform(everything())[1, 2:].tolist() == [1, 1, 0, 0, 1, 0]


def test_one_hot_names_each_category_s_columns():
    fitted = Preprocessor(["age", 'a, "b"'], ["island", "sex"]).fit(everything())
    assert fitted.one_hot() == [slice(3, 5), slice(5, 8)]
    assert Preprocessor(["age"], []).fit(everything()).one_hot() == []


def test_columns_are_found_by_name_whatever_their_order_and_company():
    fitted = Preprocessor(["age"], ["sex"]).fit(everything())
    other = everything()[["sex", "island", "age"]].assign(more=1)
    np.testing.assert_array_equal(fitted.transform(other), fitted.transform(everything()))


def test_pandas_and_arrow_tables_give_the_same_matrix():
    fitted = Preprocessor(["age"], ["sex"]).fit(everything())
    arrow = pa.Table.from_pandas(everything())
    arrow = arrow.set_column(1, "age", pa.array([1.0, gap, 2.0], from_pandas=False))
    np.testing.assert_array_equal(fitted.transform(arrow), fitted.transform(everything()))
    again = clone(fitted).fit(arrow)
    np.testing.assert_array_equal(again.transform(arrow), fitted.transform(everything()))


def test_no_rows_give_a_matrix_of_no_rows():
    fitted = Preprocessor(["age"], ["sex"]).fit(everything())
    assert fitted.transform(everything()[:0]).shape == (0, fitted.n_features_out_)


def test_the_table_is_left_as_it_was():
    X = everything()
    Preprocessor(["age"], ["sex"]).fit(X).transform(X)
    pd.testing.assert_frame_equal(X, everything())


def test_an_unfitted_preprocessor_says_so():
    with pytest.raises(NotFittedError):
        Preprocessor(["age"], []).transform(everything())


def test_a_column_near_float32_s_least_numbers_is_scaled_in_float64() -> None:
    assert numbers([1e-39, 2e-39, 4e-39]).doubles_.tolist() == [True]
    assert numbers([1e-20, 2e-20, 4e-20]).doubles_.tolist() == [False]
