from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from pipelines.estimators.validation import plain_csr


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csr_matrix])
def test_wide_indices_become_narrow_and_the_numbers_stay_where_they_are(make):
    X = make(np.eye(3))
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    plain = plain_csr(X)
    assert (plain.indices.dtype, plain.indptr.dtype) == (np.int32, np.int32)
    assert np.shares_memory(plain.data, X.data)
    assert X.indices.dtype == np.int64
    assert type(plain) is type(X)
    np.testing.assert_array_equal(plain.toarray(), np.eye(3))


def test_entries_that_are_told_twice_become_one_and_the_callers_matrix_stays():
    X = sparse.csr_array((np.array([1.0, 2.0, 4.0]), np.array([1, 1, 0]), np.array([0, 2, 3])))
    plain = plain_csr(X)
    assert plain.data.tolist() == [3, 4]
    assert X.data.tolist() == [1, 2, 4]


def test_a_plain_matrix_and_a_dense_one_are_passed_on():
    for X in (sparse.csr_array(np.eye(3)), np.eye(3)):
        assert plain_csr(X) is X


@pytest.mark.parametrize("index", [3, -1])
def test_an_index_of_no_column_is_refused_by_its_value(index):
    X = sparse.csr_array(np.eye(3))
    X.indices[1] = index
    with pytest.raises(ValueError, match=f"column index {index} and 3 columns"):
        plain_csr(X)
