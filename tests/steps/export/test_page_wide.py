"""The bundle's page of a table with many columns: found, in order, and the answer in sight."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.estimators.calibration import Argmax
from pipelines.estimators.registry import build
from pipelines.inference import Predictor
from pipelines.inference.convert import to_onnx
from pipelines.inference.portable import to_portable
from pipelines.inference.quantization import Quantized
from pipelines.steps.export import examples
from pipelines.steps.export.release import Release
from tests.report.chromium import Chromium
from tests.steps.export.pages import (
    WEB,
    needs_web,
    opened,
    put,
    require_examples,
    served,
    written,
)
from tests.steps.export.releases import CLASSES, release

NAMES = [f"{'red' if at % 4 == 0 else 'Blue'} column {at}" for at in range(40)]
TEXT = NAMES[1]  # a category, which the graph takes behind all numbers
FIELDS = "[...document.querySelectorAll('.field')]"


@cache
def wide() -> Release:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, len(NAMES))), columns=NAMES).round(3)
    X[TEXT] = pd.Series(rng.choice(["u", "v"], 200), dtype=object)
    score = X[NAMES[0]] + (X[TEXT] == "u") - X[NAMES[39]]
    numbers = [name for name in NAMES if name != TEXT]
    y = np.array(CLASSES)[(score > 0.5).astype(int)]
    fitted = build("logistic", {}, numbers, [TEXT]).fit(X[[*numbers, TEXT]], y)
    specs: dict[str, Any] = {name: {"type": "number", "missing": False} for name in NAMES}
    specs[TEXT] = {"type": "category", "values": ["u", "v"], "missing": False}
    terms = {"target": "species", "classes": list(CLASSES), "missing": [], "columns": specs}
    model = to_onnx(fitted, terms, {})
    predictor = Predictor.from_bytes(model)
    rows = examples.requests(X, terms)
    requests, expected = examples.expected(rows, predictor.run, Argmax().margins)
    portable = to_portable(fitted, terms, {})
    return replace(
        release(),
        contract=terms,
        model=model,
        portable=portable,
        quantized=Quantized(b"", "None is made of it here."),
        requests=requests,
        expected=expected,
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(written(tmp_path_factory.mktemp("wide"), WEB, wide())) as url:
        yield url


def text(browser: Chromium, name: str) -> Any:
    return browser.value(f"document.getElementById({json.dumps(name)}).textContent")


def test_columns_are_found_by_words_of_their_names_and_counted(
    browser: Chromium, address: str
) -> None:
    opened(browser, address)
    found = f"{FIELDS}.filter(e => !e.hidden).map(e => e.querySelector('label').textContent)"
    put(browser, "filter", " 12 RED")
    assert browser.value(found) == ["red column 12"]
    assert text(browser, "found") == "1 of 40 columns"
    put(browser, "filter", "green")
    assert browser.value(found) == []
    assert text(browser, "found") == "No column has this in its name."
    put(browser, "filter", "")
    assert browser.value(found) == NAMES
    assert text(browser, "found") == ""


def test_the_example_shown_is_the_one_chosen_and_a_search_leaves_it(
    browser: Chromium, address: str
) -> None:
    opened(browser, address)
    put(browser, "filter", "red")
    assert browser.value("document.getElementById('example').value") == "0"
    put(browser, "column-0", "1")
    assert browser.value("document.getElementById('example').value") == ""


@needs_web
def test_fields_stand_in_the_tables_order_and_enter_in_the_graphs(
    browser: Chromium, address: str
) -> None:
    opened(browser, address)
    assert browser.value(f"{FIELDS}.map(e => e.querySelector('label').textContent)") == NAMES
    require_examples(browser, wide())


@needs_web
def test_what_is_odd_is_named_beside_the_answer(browser: Chromium, address: str) -> None:
    opened(browser, address)
    assert text(browser, "odd") == ""
    put(browser, "column-39", "")
    assert text(browser, "odd") == f"See the form: {NAMES[39]}."
    browser.value("document.getElementById('clear').click()")
    time.sleep(0.15)
    assert text(browser, "odd").endswith(f"{NAMES[4]} and 35 more.")


@needs_web
@pytest.mark.parametrize("size", [(400, 800), (1280, 200)])
def test_the_answer_stays_in_sight_and_leaves_room_for_the_fields(
    browser: Chromium, address: str, size: tuple[int, int]
) -> None:
    width, height = size
    opened(browser, address, width)
    browser.screen(width, height)
    browser.value("document.getElementById('column-30').focus()")
    box = "document.querySelector('section').getBoundingClientRect()"
    field = "document.getElementById('column-30').getBoundingClientRect()"
    top, bottom = browser.value(f"[{box}.top, {box}.bottom]")
    assert 0 <= top < bottom <= height
    assert browser.value(f"{field}.bottom") <= height
    if width == 400:
        assert bottom <= height / 2
        assert browser.value(f"{field}.top") >= bottom


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_does_not_scroll_sideways(browser: Chromium, address: str, width: int) -> None:
    opened(browser, address, width)
    assert browser.value("document.documentElement.scrollWidth") <= width
