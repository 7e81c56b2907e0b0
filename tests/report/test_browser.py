"""The page in a real Chromium: nothing fetched, no error, no sideways scroll, A4 on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.report.html import report
from tests.report.chromium import Chromium
from tests.report.predictions import report_data

FIGURES = "[...document.querySelectorAll('svg, img')]"
A4_WIDTH, A4_HEIGHT, MARGIN = 794, 1123, 45  # in CSS pixels: 210 mm, 297 mm, 12 mm


@pytest.fixture(scope="module", params=[2, 3, 12], ids=lambda count: f"{count} classes")
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    names = tuple(f"a rather long name of class {k}" for k in range(request.param))
    path.write_text(report(report_data(names, rows=400)), encoding="utf-8")
    return path


def test_nothing_is_fetched_and_no_error_is_told(browser: Chromium, page: Path) -> None:
    browser.screen(1280)
    browser.open(page)
    told = browser.named("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    assert told == []
    asked = [each["request"]["url"] for each in browser.named("Network.requestWillBeSent")]
    assert asked == [page.as_uri()]


def test_every_figure_has_a_role_and_a_text_with_numbers(browser: Chromium, page: Path) -> None:
    browser.screen(1280)
    browser.open(page)
    texts = browser.value(f"{FIGURES}.map(e => [e.getAttribute('role'), e.ariaLabel || e.alt])")
    assert len(texts) > 8
    for role, text in texts:
        assert role == "img"
        assert re.search(r"\d", text)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_does_not_scroll_sideways(browser: Chromium, page: Path, width: int) -> None:
    browser.screen(width)
    browser.open(page)
    assert browser.value("document.documentElement.scrollWidth") <= width


def test_dark_and_light_differ_and_ink_stands_out_in_both(browser: Chromium, page: Path) -> None:
    seen = []
    for scheme in ("light", "dark"):
        browser.screen(1280, scheme=scheme)
        browser.open(page)
        style = "getComputedStyle(document.querySelector('section:nth-of-type(2)'))"
        seen.append((browser.value(f"{style}.color"), browser.value(f"{style}.backgroundColor")))
    light, dark = (
        [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in pair] for pair in seen
    )
    assert light[1] - light[0] > 400
    assert dark[0] - dark[1] > 400


def test_on_paper_no_figure_is_wider_or_higher_than_a_page(browser: Chromium, page: Path) -> None:
    browser.screen(A4_WIDTH - 2 * MARGIN)
    browser.open(page)
    browser.call("Emulation.setEmulatedMedia", media="print")
    sizes = browser.value(
        "[...document.querySelectorAll('figure')].map(e => e.getBoundingClientRect())"
        ".map(r => [r.right, r.height])"
    )
    assert max(right for right, _ in sizes) <= A4_WIDTH - 2 * MARGIN
    assert max(height for _, height in sizes) <= A4_HEIGHT - 2 * MARGIN
    kept = "getComputedStyle(document.querySelector('figure')).breakInside"
    assert browser.value(kept) == "avoid"
    assert browser.value("document.documentElement.scrollWidth") <= A4_WIDTH - 2 * MARGIN


def test_it_prints_on_a4(browser: Chromium, page: Path) -> None:
    browser.screen(1280)
    browser.open(page)
    pdf = browser.printed()
    assert pdf.startswith(b"%PDF")
    boxes = {
        tuple(round(float(side)) for side in box.split())
        for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)
    }
    assert len(boxes) == 1
    _, _, width, height = boxes.pop()
    assert abs(width - 595) <= 1
    assert abs(height - 842) <= 1
