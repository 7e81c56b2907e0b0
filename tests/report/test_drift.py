"""The drift page: complete, inert, self-contained, readable without its pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pipelines.config import Drift
from pipelines.drift.comparison import Comparison
from pipelines.report import canvas
from pipelines.report.drift import MOST_FIGURES, DriftData, page, then_and_now
from tests.drift.tables import against, only, profiled
from tests.report.test_html import Page

HOSTILE = "<script>alert('x')</script>\"&'$x^2$"
RNG = np.random.default_rng(0)
X, C = RNG.normal(size=2_000), RNG.choice(["a", "b"], 2_000)


def drifted() -> Comparison:
    kept = profiled(x=X, c=C.tolist(), x_calm=X)
    return against(kept, x=X + 1, c=[*C[100:], *[HOSTILE] * 100], x_calm=X)


def shown(found: Comparison) -> str:
    return page(DriftData("loans", "7", "new.csv", 0.95, found))


@pytest.fixture(scope="module")
def drift_page() -> Page:
    return Page(shown(drifted()))


def test_the_page_tells_the_verdict_the_rows_and_every_column(drift_page: Page) -> None:
    text = " ".join(drift_page.text.split())
    for words in ("loans, version 7", "Drift in 2 of 3 columns", "2,000", "new.csv", "x_calm"):
        assert words in text


def test_each_drifted_column_has_a_figure_with_a_text_that_stands_for_it(drift_page: Page) -> None:
    labels = [each.get("aria-label") or "" for each in drift_page.all("svg")]
    assert len(labels) == 2
    assert any(label.startswith("x, share of the rows then and now: ") for label in labels)
    assert {each.get("role") for each in drift_page.all("svg")} == {"img"}


def test_the_page_runs_nothing_and_fetches_nothing(drift_page: Page) -> None:
    assert not drift_page.all("script")
    assert not drift_page.all("img")
    assert not drift_page.all("link")
    policies = [m.get("content") for m in drift_page.all("meta") if "http-equiv" in m]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert not re.findall(r'(?:src|href)="(?!#)', shown(drifted()))


def test_values_from_the_data_are_inert_in_the_page(drift_page: Page) -> None:
    assert "<script>alert" in drift_page.text


def test_a_calm_page_has_no_figure_and_says_so() -> None:
    found = against(profiled(x=X), x=X)
    text = shown(found)
    assert "No drift in 1 column" in text
    assert "<svg" not in text


def test_the_page_is_the_same_for_the_same_result() -> None:
    assert shown(drifted()) == shown(drifted())


def test_a_wide_drift_draws_the_first_columns_and_counts_the_others() -> None:
    names = [f"x{i}" for i in range(MOST_FIGURES + 2)]
    kept = profiled(**dict.fromkeys(names, [1.0] * 50))
    text = shown(against(kept, **dict.fromkeys(names, [2.0] * 50)))
    assert text.count("<svg") == MOST_FIGURES
    assert "2 more drifted" in text


def test_too_few_rows_are_marked() -> None:
    text = shown(against(profiled(x=X), Drift(min_volume=1.0), x=X[:100]))
    assert "too few" in text
    assert "0.05 ×" in text


def test_bars_are_the_shares_then_and_now() -> None:
    kept = profiled(c=["a"] * 60 + ["b"] * 40)
    figure = then_and_now(only(against(kept, c=["a"] * 20 + ["new"] * 80), "c"))
    then, now = ([bar.get_width() for bar in bars] for bars in figure.axes[0].containers)
    assert then == pytest.approx([60.0, 40.0, 0.0])
    assert now == pytest.approx([20.0, 0.0, 80.0])
    assert "never seen" in canvas.svg(figure)


def test_of_many_values_the_bars_are_those_that_changed_most() -> None:
    words = [f"v{i:02}" for i in range(40)]
    kept = profiled(c=words * 50)
    figure = then_and_now(only(against(kept, c=["v39"] * 300 + words * 50), "c"))
    assert len(figure.axes[0].containers[0]) == 16
    assert "v39" in canvas.svg(figure)
