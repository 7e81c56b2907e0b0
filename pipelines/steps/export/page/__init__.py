"""index.html: a page that runs the portable graph in a browser, with a form of the contract.

It fetches its own folder only: model.portable.onnx, and onnxruntime-web from `ort/`. The
script and the style stand beside this file as a browser reads them.
"""

from __future__ import annotations

import hashlib
import html
import json
from pathlib import Path
from typing import Any

from pipelines.inference.signature import metadata
from pipelines.steps.export.release import Release

__all__ = ["page"]

FOLDER = Path(__file__).parent
PARTS = ("page.html", "page.css", "form.js", "find.js", "answer.js", "digest.js", "page.js")


def page(release: Release) -> str:
    """The page as one file."""
    parts = {name: _part(name) for name in PARTS}
    told = {
        "TITLE": html.escape(f"{release.name}, version {release.version}"),
        "TARGET": html.escape(release.contract["target"]),
        "STYLE": parts["page.css"],
        "SCRIPT": "\n".join(parts[name] for name in PARTS[2:]),
        "CONTENT": _in_script(_content(release)),
    }
    text = parts["page.html"]
    for name, value in told.items():
        text = text.replace(f"<!--{name}-->", value)
    return text


def _content(release: Release) -> dict[str, Any]:
    """What the script reads: columns with their ranges and codes, classes, rule, examples."""
    known = metadata(release.portable)
    codes = json.loads(known["codes"])
    place = {name: at for at, name in enumerate(json.loads(known["columns"]))}
    return {
        "classes": [_text(label) for label in release.contract["classes"]],
        "label": known["label"],
        "sha256": hashlib.sha256(release.portable).hexdigest(),
        "columns": [
            {
                "name": name,
                "place": place[name],
                **spec,
                **({"codes": codes[name]} if name in codes else {}),
            }
            for name, spec in release.contract["columns"].items()
        ],
        "rule": release.trained.rule,
        "threshold": release.trained.threshold,
        "examples": list(release.requests),
    }


def _text(label: Any) -> str:
    return json.dumps(label) if isinstance(label, bool) else str(label)


def _in_script(content: Any) -> str:
    """JSON that ends no script element and opens none."""
    return json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")


def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
