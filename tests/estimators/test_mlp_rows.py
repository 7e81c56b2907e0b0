from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_array, csc_array, csc_matrix, csr_array, csr_matrix

from pipelines.estimators import MLPClassifier, network_rows
from tests.estimators.mlp_data import blobs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(X, y, sample_weight=None, **options):
    options = {"max_iter": 4, "batch_size": 50, "random_state": 0, **options}
    return MLPClassifier((6,), **options).fit(X, y, sample_weight)


def assert_same(one, two, **close):
    pairs = zip([*one.coefs_, *one.intercepts_], [*two.coefs_, *two.intercepts_], strict=True)
    for left, right in pairs:
        if close:
            np.testing.assert_allclose(left, right, **close)
        else:
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", [csr_array, csc_array, coo_array, csr_matrix, csc_matrix])
def test_sparse_rows_give_the_bits_of_dense_ones(form, dtype, solver, monkeypatch):
    X, y = blobs(dtype=dtype)
    X[np.abs(X) < 0.5] = 0
    # So that an epoch is read in several pieces.
    monkeypatch.setattr(network_rows, "COPIED", 600)
    sparse, dense = fitted(form(X), y, solver=solver), fitted(X, y, solver=solver)
    assert_same(sparse, dense)
    np.testing.assert_array_equal(sparse.predict_proba(form(X)), dense.predict_proba(X))


def test_rows_of_any_layout_give_the_bits_of_contiguous_ones_and_are_left_alone(tmp_path):
    X, y = blobs(dtype=np.float32)
    wide = np.zeros((len(X), 11), dtype=np.float32)
    wide[:, 1::2] = X
    np.save(tmp_path / "rows.npy", X)
    locked = X.copy()
    locked.flags.writeable = False
    layouts = [
        np.asfortranarray(X),
        wide[:, 1::2],
        np.load(tmp_path / "rows.npy", mmap_mode="r"),
        locked,
    ]
    before, expected = X.copy(), fitted(X, y)
    for layout in layouts:
        assert_same(fitted(layout, y), expected)
        np.testing.assert_array_equal(layout, before)
    np.testing.assert_array_equal(X, before)


WHOLE = {"batch_size": 10**9, "max_iter": 60, "learning_rate_init": 0.01}


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop", "lbfgs"])
def test_in_a_full_batch_a_row_of_weight_two_counts_as_two_rows(solver):
    X, y = blobs(60)
    s = np.random.default_rng(0).integers(0, 3, 60)
    options = {**WHOLE, "solver": solver, "loss": "log_loss", "alpha": 0.1}
    weighted = fitted(X, y, s, **options)
    repeated = fitted(np.repeat(X, s, axis=0), np.repeat(y, s), **options)
    assert_same(weighted, repeated, atol=1e-6)


def test_class_weights_are_row_weights_and_balanced_gives_each_class_the_same_sum():
    X, y = blobs(150)
    y[y == 2] = np.arange(50) % 2
    s = np.where(y == 0, 2.0, 0.5)
    assert_same(fitted(X, y, class_weight={0: 2.0, 1: 0.5}), fitted(X, y, s))
    counts = np.bincount(y)
    balanced = (len(y) / (2 * counts))[y]
    assert_same(fitted(X, y, class_weight="balanced"), fitted(X, y, balanced))


def test_rows_of_weight_zero_do_not_matter_in_a_full_batch():
    X, y = blobs(60)
    s = np.ones(80)
    s[60:] = 0
    more = np.vstack([X, 1e3 + X[:20]]), np.append(y, y[:20])
    assert_same(fitted(*more, s, **WHOLE), fitted(X, y, **WHOLE), atol=1e-7)


def test_without_shuffling_the_rows_order_counts_and_with_it_the_seed_says_the_order():
    X, y = blobs()
    plain = fitted(X, y, shuffle=False)
    turned = fitted(X[::-1], y[::-1], shuffle=False)
    assert (plain.coefs_[0] != turned.coefs_[0]).any()
    assert (plain.coefs_[0] != fitted(X, y).coefs_[0]).any()
