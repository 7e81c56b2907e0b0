"""Holm's adjustment, McNemar's test, and the widening of few rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from pipelines.metrics.labels import mcnemar
from pipelines.metrics.multiple import freedom, holm, widening


def test_holm_gives_the_figures_of_statsmodels() -> None:
    # statsmodels.stats.multitest.multipletests([…], method="holm")
    found = holm([0.01, 0.04, 0.03, 0.005, 0.5])
    assert found == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.5])


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_keeps_the_order_and_lowers_nothing(p: list[float]) -> None:
    found = holm(p)
    assert all(before <= after <= 1 for before, after in zip(p, found, strict=True))
    assert [found[i] for i in np.argsort(p, kind="stable")] == sorted(found)


def test_mcnemar_is_the_exact_binomial_test_of_the_rows_that_one_alone_has_right() -> None:
    codes = np.zeros(20, dtype=np.int32)
    first, second = codes.copy(), codes.copy()
    second[:7] = 1
    first[7:9] = 1
    found = mcnemar(first, second, codes, np.arange(20, dtype=np.int32))
    assert (found.only_first, found.only_second) == (7, 2)
    assert found.p == pytest.approx(binomtest(7, 9).pvalue)


def test_mcnemar_counts_equal_rows_once_in_its_test() -> None:
    codes = np.zeros(20, dtype=np.int32)
    wrong = np.ones(20, dtype=np.int32)
    found = mcnemar(codes, wrong, codes, np.repeat(np.arange(2), 10).astype(np.int32))
    assert found.only_first == 20
    assert found.p == pytest.approx(0.5)


def test_labels_that_are_all_the_same_have_p_one() -> None:
    codes = np.zeros(3, dtype=np.int32)
    assert mcnemar(codes, codes, codes, np.arange(3, dtype=np.int32)).p == 1.0


def test_the_widening_is_students_quantile_and_goes_to_one() -> None:
    assert widening(4) == pytest.approx(np.sqrt(5 / 4) * t.ppf(0.975, 4) / 1.959963984540054)
    assert 1 < widening(1_000) < 1.003


def test_the_degrees_of_freedom_are_those_of_the_rare_class() -> None:
    assert freedom(np.array([5, 1_000])) == pytest.approx(4, rel=0.02)
    assert freedom(np.array([50, 50])) == pytest.approx(98)
    assert freedom(np.array([1, 0])) == 1.0
