"""What a bundle says that is known only later: lineage, decision, the browser's runtime, sums.

The rest stays as the training made it, so this module needs none of what made it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pipelines.steps.export.markdown import plain

__all__ = ["CARD", "LINEAGE", "SUMS", "as_json", "checked", "conclude", "summed", "with_decision"]

SUMS = "SHA256SUMS"
CARD = "MODEL_CARD.md"
LINEAGE = "lineage.json"
PAGE = "index.html"
DECISION = "## Decision\n"
UNDECIDED = "None was taken yet when this bundle was written."


def conclude(
    files: Mapping[str, bytes], lineage: Mapping[str, Any], browser: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The bundle with what is known now.

    Parameters
    ----------
    files : mapping
        As `bundle.export` gave them.
    lineage : mapping
        What lineage.json says, with the `decision` in words, or None where none was taken yet.
    browser : mapping
        onnxruntime-web's files by name, for `ort/`; empty where it is not at hand.
    """
    told = with_decision(files[CARD].decode(), lineage["decision"])
    web = {f"ort/{name}": content for name, content in browser.items()} if PAGE in files else {}
    return summed({**files, CARD: told.encode(), LINEAGE: as_json(lineage), **web})


def with_decision(card: str, decision: str | None) -> str:
    """The card that ends with this decision, in place of the one that it has."""
    head, _, _ = card.partition(f"\n{DECISION}")
    return f"{head}\n{DECISION}\n{plain(decision or UNDECIDED)}\n"


def summed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with their SHA256SUMS, in the form that `sha256sum -c` reads."""
    kept = {name: files[name] for name in sorted(files) if name != SUMS}
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in kept.items()]
    return {**kept, SUMS: "".join(lines).encode()}


def checked(sums: bytes) -> dict[str, str]:
    """Path → SHA-256, as the bytes of a SHA256SUMS say; nothing of what is no such file."""
    try:
        pairs = [line.partition("  ") for line in sums.decode().splitlines()]
    except UnicodeDecodeError:
        return {}
    return {name: digest for digest, _, name in pairs if name}


def as_json(content: Any) -> bytes:
    """The content as a JSON file."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
