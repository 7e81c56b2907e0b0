from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from pipelines.estimators.kernels.resampling import cell_sums, count_draws, ranking_areas


def counted(G, R, seed=0):
    draws = np.random.default_rng(seed).integers(0, G, (R, G), dtype=np.uint32)
    counts = np.zeros((G, R), dtype=np.int32)
    count_draws(draws, counts)
    return draws, counts


def test_counts_are_those_of_bincount():
    draws, counts = counted(30, 7)
    for r in range(7):
        assert counts[:, r].tolist() == np.bincount(draws[r], minlength=30).tolist()


def test_sums_are_those_of_the_rows_repeated():
    rng = np.random.default_rng(1)
    _, counts = counted(20, 5)
    groups = rng.integers(0, 20, 50).astype(np.int32)
    cells = rng.integers(0, 3, 50).astype(np.int32)
    values = rng.normal(size=(50, 2))
    out = np.ones((3, 2, 5))
    cell_sums(counts, groups, cells, values, out)
    for r in range(5):
        weighted = counts[groups, r][:, None] * values
        plain = np.array([weighted[cells == c].sum(axis=0) for c in range(3)])
        np.testing.assert_allclose(out[:, :, r], plain + 1, atol=1e-12)


@pytest.mark.parametrize("decimals", [1, 9])
def test_areas_are_scikit_learns_of_the_rows_repeated(decimals):
    rng = np.random.default_rng(2)
    _, counts = counted(60, 4)
    score = np.sort(np.round(rng.random(60), decimals))[::-1]
    positive = (rng.random(60) < score).astype(np.int8)
    ends = np.r_[np.diff(score) != 0, True].astype(np.int8)
    out = np.zeros((2, 4))
    ranking_areas(counts, np.arange(60, dtype=np.int32), positive, ends, out)
    for r in range(4):
        y, s = np.repeat(positive, counts[:, r]), np.repeat(score, counts[:, r])
        assert out[0, r] == pytest.approx(reference.roc_auc_score(y, s))
        assert out[1, r] == pytest.approx(reference.average_precision_score(y, s))


def test_a_resample_without_negatives_has_no_area_under_its_roc_curve():
    counts = np.array([[1, 0, 2], [1, 2, 0]], dtype=np.int32)
    out = np.zeros((2, 3))
    each = np.arange(2, dtype=np.int32)
    ranking_areas(counts, each, np.array([1, 0], np.int8), np.array([1, 1], np.int8), out)
    np.testing.assert_array_equal(out, [[1.0, np.nan, np.nan], [1.0, np.nan, 1.0]])
