from __future__ import annotations

import re

import numpy as np
import pytest

from pipelines.estimators.statistics import summarise
from tests.estimators.statistics.test_wald import evidence_at, table


def summary_of(X, y, *, classes=("no", "yes"), **arguments):
    K = 1 if len(classes) == 2 else len(classes)
    coef, intercept = np.full((K, X.shape[1]), 0.1), np.arange(K) / 10
    evidence = evidence_at(X, y, coef, intercept, arguments.pop("weights", ()))
    return summarise(evidence, coef, intercept, classes=classes, **arguments)


def test_the_text_is_the_table_a_statistician_knows():
    X, y = table(d=2)
    text = str(summary_of(X, y, names=["size", "age"], solver="newton", converged=True))
    assert "Logistic regression: log odds of 'yes' against 'no'" in text
    assert re.search(r"coef +std err +z +P>\|z\| +\[0\.025 +0\.975\] +odds ratio", text)
    assert re.search(r"^size +0\.1000 ", text, re.MULTILINE)
    for fact in ("Log likelihood:", "Pseudo R2 (McFadden):", "AIC:", "BIC:", "Rows:"):
        assert fact in text
    assert re.search(r"Solver: +newton", text)
    assert len({len(line) for line in text.splitlines() if set(line) in ({"="}, {"-"})}) == 1
    assert max(map(len, text.splitlines())) <= 86


def test_more_than_two_classes_stand_under_headings_against_the_first():
    X, y = table(d=2, K=3)
    text = str(summary_of(X, y, classes=["a", "b", "c"]))
    assert "log odds against 'a'" in text
    assert re.search(r"^'b'\n\(intercept\).*\nx0.*\nx1.*\n'c'\n", text, re.MULTILINE)
    assert re.search(r"Each class is told against 'a'", text)


def test_the_html_holds_the_same_numbers_and_escapes_the_names():
    X, y = table(d=2)
    summary = summary_of(X, y, names=["<b>", "a & b"])
    html = summary._repr_html_()
    assert "&lt;b&gt;" in html
    assert "a &amp; b" in html
    assert "<b></th>" not in html
    assert html.count("<tr>") == len(summary.name) + 12 + 1
    assert f"{summary.standard_error[1]:.4f}" in html


def test_a_penalised_fit_says_what_its_errors_mean():
    X, y = table()
    summary = summary_of(X, y, C=2.0)
    text = " ".join(str(summary).split())
    assert "penalised (C=2, l1_ratio=0)" in text
    assert "p-values are a guide only" in text
    assert np.isnan(summary.llr_p_value)
    assert (summary.standard_error < summary_of(X, y).standard_error)[1:].all()


def test_an_l1_fit_says_how_many_coefficients_have_no_error():
    X, y = table()
    coef, intercept = np.array([[0.3, 0.0, 0.0]]), np.zeros(1)
    summary = summarise(
        evidence_at(X, y, coef, intercept), coef, intercept, classes=[0, 1], C=1.0, l1_ratio=1.0
    )
    assert np.isnan(summary.p_value).tolist() == [False, False, True, True]
    assert any("2 coefficients are held at zero by the L1" in note for note in summary.notes)


def test_collinear_columns_are_named():
    X, y = table(d=2)
    X = np.column_stack((X, X[:, 0] * 3))
    summary = summary_of(X, y, names=["kg", "age", "lb"])
    assert any("do not determine the coefficients of kg, lb:" in each for each in summary.notes)
    assert np.isnan(summary.standard_error).tolist() == [False, True, False, True]


def test_a_long_list_of_names_is_cut_short():
    X, y = table(d=2)
    X = np.column_stack([X[:, 0]] * 12)
    notes = " ".join(summary_of(X, y).notes)
    assert "of x0, x1, x2, x3, x4, x5, x6, x7 and 4 more:" in notes


def test_a_fit_that_did_not_converge_says_so_first():
    X, y = table()
    summary = summary_of(X, y, converged=False)
    assert "did not converge" in summary.notes[0]
    assert re.search(r"Converged: +no", str(summary))


def test_a_plain_fit_has_nothing_to_add():
    assert summary_of(*table()).notes == ()
    assert summary_of(*table(), notes=["Of the caller."]).notes == ("Of the caller.",)


@pytest.mark.parametrize("weights", [np.full(200, 1.5), np.arange(200) / 7])
def test_weights_that_are_no_counts_are_mentioned(weights):
    assert any("rows are weighted" in note for note in summary_of(*table(), weights=weights).notes)


def test_numbers_of_any_size_keep_the_columns_aligned():
    X, y = table(d=2)
    coef, intercept = np.array([[-1e-9, 900.0]]), np.zeros(1)
    evidence = evidence_at(X, y, coef * 1e-3, intercept)
    text = str(summarise(evidence, coef, intercept, classes=[0, 1], names=["x" * 60, "y"]))
    assert "-1.000e-09" in text
    assert "inf" in text
    assert "x" * 27 + "…" in text
    lines = text.split("\n")
    body = [line for line in lines if line.startswith(("x" * 27, "y ", "(intercept)"))]
    assert len({len(line) for line in body}) == 1
