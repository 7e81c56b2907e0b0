"""A bundle's page, served as any static file server would and opened in a real Chromium."""

from __future__ import annotations

import functools
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.inference.runtimes import browser_files
from pipelines.steps.export.bundle import export
from pipelines.steps.export.later import conclude
from pipelines.steps.export.release import Release
from tests.report.chromium import Chromium

LINEAGE = {"decision": None}
WEB = browser_files(Path())
STATE = "document.getElementById('state')"
needs_web = pytest.mark.skipif(not WEB, reason="onnxruntime-web is in no node_modules here")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def written(folder: Path, web: dict[str, bytes], it: Release) -> Path:
    for name, content in conclude(export(it), LINEAGE, web).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def opened(browser: Chromium, address: str, width: int = 1280, scheme: str = "light") -> None:
    browser.screen(width, scheme=scheme)
    browser.events.clear()
    browser.call("Page.navigate", url=address)
    loaded = f"{STATE} !== null && !{STATE}.textContent.startsWith('Loading')"
    until(browser, f"location.href === {json.dumps(address)} && {loaded}")


def until(browser: Chromium, condition: str) -> None:
    end = time.monotonic() + 30
    while browser.value(condition) is not True:
        assert time.monotonic() < end, (condition, browser.value("document.body.innerText"))
        time.sleep(0.05)


def shown(browser: Chromium) -> tuple[str, list[float]]:
    """The label and the probabilities that stand on the page."""
    label = browser.value("document.getElementById('label').textContent")
    bars = "[...document.querySelectorAll('#bars .row span:last-child')].map(e => Number(e.title))"
    return label, browser.value(bars)


def put(browser: Chromium, control: str, value: str, event: str = "input") -> None:
    """Set a control's value as a person does."""
    it = f"document.getElementById({json.dumps(control)})"
    browser.value(
        f"{it}.value = {json.dumps(value)}, "
        f"{it}.dispatchEvent(new Event({json.dumps(event)}, {{bubbles: true}}))"
    )
    time.sleep(0.15)


def require_examples(browser: Chromium, it: Release) -> None:
    """Choose each example; the page then shows the answer that is expected of it."""
    for place, row in enumerate(it.expected["rows"]):
        put(browser, "example", str(place), "change")
        label, P = shown(browser)
        assert label == row["label"]
        assert np.abs(np.subtract(P, row["probabilities"])).max() < 1e-5
