"""The bundle's page in a real Chromium, served as any static file server would."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.inference import Predictor
from pipelines.steps.export.page import FOLDER, page
from tests.report.chromium import Chromium
from tests.steps.export.pages import (
    STATE,
    WEB,
    needs_web,
    opened,
    put,
    require_examples,
    served,
    shown,
    written,
)
from tests.steps.export.releases import release


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = written(tmp_path_factory.mktemp("bundle"), WEB, release(threshold=0.37))
    with served(folder) as url:
        yield url


def typed(browser: Chromium, name: str, value: str) -> None:
    """Put a value into a column's field as typing does, and wait for the answer."""
    place = release(threshold=0.37).contract["columns"]
    order = browser.value("[...document.querySelectorAll('.field label')].map(e => e.textContent)")
    assert set(order) == set(place)
    put(browser, f"column-{order.index(name)}", value)


def test_the_page_names_no_address_but_its_own_folder() -> None:
    text = page(release())
    assert set(re.findall(r"https?://[^ \")]*", text)) == {"http://localhost:8000/"}
    assert "</script>" not in text.split('id="content">')[1].split("\n")[0][:-9]


def test_where_the_browsers_runtime_is_absent_the_page_says_how_to_add_it(
    browser: Chromium, tmp_path: Path
) -> None:
    with served(written(tmp_path, {}, release())) as url:
        opened(browser, url)
        text = browser.value(f"{STATE}.textContent")
    assert "What runs the model is not beside this page" in text
    assert "npm install onnxruntime-web" in text
    assert browser.value("document.getElementById('answer').hidden")


def test_opened_as_a_file_the_page_says_how_to_serve_it(browser: Chromium, tmp_path: Path) -> None:
    opened(browser, (written(tmp_path, {}, release()) / "index.html").as_uri())
    assert "python -m http.server" in browser.value(f"{STATE}.textContent")


@needs_web
def test_every_example_gets_the_predictors_label_and_probabilities(
    browser: Chromium, address: str
) -> None:
    opened(browser, address)
    require_examples(browser, release(threshold=0.37))


@needs_web
def test_what_is_typed_gets_the_predictors_answer(browser: Chromium, address: str) -> None:
    opened(browser, address)
    browser.value("document.getElementById('clear').click()")
    for name, value in {
        "bill | length": "1.25",
        "year": "1998",
        "tagged": "2",  # missing, false, true
        "seen": "2001-02-03",
        "noted": "1970-01-30T12:34:56",
    }.items():
        typed(browser, name, value)
    island = "[...document.querySelectorAll('select')].find(e => e.textContent.includes('Biscoe'))"
    browser.value(
        f"{island}.value = [...{island}.options].find(e => e.textContent === 'Biscoe').value, "
        f"{island}.dispatchEvent(new Event('input', {{bubbles: true}}))"
    )
    time.sleep(0.15)
    row = {
        "bill | length": 1.25,
        "year": 1998,
        "tagged": True,
        "seen": "2001-02-03",
        "noted": "1970-01-30T12:34:56",
        "island": "Biscoe",
    }
    labels, P = Predictor.from_bytes(release(threshold=0.37).model).run(row)
    label, found = shown(browser)
    assert label == labels[0]
    assert found == pytest.approx(P[0], abs=1e-5)


@needs_web
def test_a_row_outside_the_contract_is_answered_and_the_field_says_so(
    browser: Chromium, address: str
) -> None:
    opened(browser, address)
    typed(browser, "bill | length", "99")
    hints = "[...document.querySelectorAll('.hint.odd')].map(e => e.textContent)"
    assert browser.value(hints) == ["Outside -2.5 to 2.5."]
    assert browser.value("document.querySelectorAll('[aria-invalid=true]').length") == 1
    assert not browser.value("document.getElementById('answer').hidden")
    typed(browser, "bill | length", "1e300")
    assert "too large to compute with" in browser.value(f"{STATE}.textContent")
    assert "NaN" not in browser.value("document.body.innerText")


@needs_web
def test_the_threshold_is_told_and_marked(browser: Chromium, address: str) -> None:
    opened(browser, address)
    told = browser.value("document.getElementById('rule').textContent")
    assert told == "Gentoo from a probability of 37.00 % on."
    assert browser.value("document.querySelector('.mark').style.left") == "37%"


@needs_web
def test_nothing_but_its_own_folder_is_fetched_and_no_error_is_told(
    browser: Chromium, address: str
) -> None:
    opened(browser, address)
    told = browser.named("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    assert told == []
    asked = {each["request"]["url"] for each in browser.named("Network.requestWillBeSent")}
    assert asked
    assert all(url.startswith((address, "data:")) for url in asked)


@needs_web
@pytest.mark.parametrize("name", ["ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.mjs"])
def test_where_a_file_of_the_browsers_runtime_is_broken_the_page_says_so(
    browser: Chromium, tmp_path: Path, name: str
) -> None:
    cut = {**WEB, name: WEB[name][: len(WEB[name]) // 2]}
    for web in (cut, {key: value for key, value in WEB.items() if key != name}):
        folder = written(tmp_path / str(len(web)), web, release())
        with served(folder) as url:
            opened(browser, url)
            text = browser.value(f"{STATE}.textContent")
        assert "is not beside this page, or not whole" in text
        assert "no available backend" not in text


@needs_web
def test_a_graph_that_is_not_the_exported_one_is_not_run(browser: Chromium, tmp_path: Path) -> None:
    folder = written(tmp_path, WEB, release())
    (folder / "model.portable.onnx").write_bytes(release((0, 1)).portable)
    with served(folder) as url:
        opened(browser, url)
        assert "is not the file that was exported" in browser.value(f"{STATE}.textContent")


@needs_web
def test_over_plain_http_the_graph_is_checked_too(browser: Chromium, tmp_path: Path) -> None:
    denied = "Object.defineProperty(crypto, 'subtle', {value: undefined})"
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=denied)
    whole, changed = (written(tmp_path / name, WEB, release()) for name in ("whole", "changed"))
    (changed / "model.portable.onnx").write_bytes(release((0, 1)).portable)
    with served(whole) as url:
        opened(browser, url)
        assert browser.value("crypto.subtle") is None
        assert shown(browser)[0] == release().expected["rows"][0]["label"]
    with served(changed) as url:
        opened(browser, url)
        told = browser.value(f"{STATE}.textContent")
    browser.call("Page.removeScriptToEvaluateOnNewDocument", **script)
    assert "is not the file that was exported" in told


def test_the_pages_own_digest_is_sha_256(browser: Chromium) -> None:
    script = (FOLDER / "digest.js").read_text(encoding="utf-8")
    rng = np.random.default_rng(0)
    contents = [rng.bytes(length) for length in range(200)]
    hexed = "b => Array.from(new Uint8Array(b), x => x.toString(16).padStart(2, '0')).join('')"
    told = browser.value(
        f"(() => {{ {script}\nreturn {[list(each) for each in contents]}"
        f".map(each => sha256(Uint8Array.from(each).buffer)).map({hexed}); }})()"
    )
    assert told == [hashlib.sha256(each).hexdigest() for each in contents]


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_does_not_scroll_sideways(browser: Chromium, address: str, width: int) -> None:
    opened(browser, address, width)
    assert browser.value("document.documentElement.scrollWidth") <= width


def test_every_field_has_its_label_and_its_hint(browser: Chromium, address: str) -> None:
    opened(browser, address)
    assert browser.value(
        "[...document.querySelectorAll('.field input, .field select, .tools input, .tools select')]"
        ".every(e => e.labels.length === 1)"
    )
    described = "[...document.querySelectorAll('.field [aria-describedby]')]"
    assert browser.value(
        f"{described}.every(e => document.getElementById(e.getAttribute('aria-describedby')))"
    )


def test_dark_and_light_differ(browser: Chromium, address: str) -> None:
    seen = set()
    for scheme in ("light", "dark"):
        opened(browser, address, scheme=scheme)
        seen.add(browser.value("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2
