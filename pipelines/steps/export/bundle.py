"""The bundle's files by path: what is known when the graph is made, and what only later is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.inference import quantization, verify
from pipelines.steps.export import card, page, readme, triton
from pipelines.steps.export.release import Release

__all__ = ["LATER", "SUMS", "checked", "conclude", "export"]

SUMS = "SHA256SUMS"
CARD = "MODEL_CARD.md"
LATER = "lineage.json"
"""What is written anew at each export, since it is known only later."""


def export(release: Release) -> dict[str, bytes]:
    """All files but lineage.json, which `conclude` adds, by their paths in the bundle."""
    name, model = release.name, release.model
    digest = hashlib.sha256(model).hexdigest()
    files = {
        "model.onnx": model,
        "model.onnx.sha256": f"{digest}  model.onnx\n".encode(),
        "contract.json": _json(release.contract),
        "examples/requests.json": _json(release.requests),
        "examples/expected.json": _json(release.expected),
        "runtimes.json": _json(runtimes(release)),
        CARD: card.card(release).encode(),
        "README.md": readme.readme(release).encode(),
        "verify.py": Path(verify.__file__).read_bytes(),
        **triton.repository(name, model),
    }
    if release.portable:
        files["model.portable.onnx"] = release.portable
        files["index.html"] = page.page(release).encode()
    if release.quantized.model:
        files["model.int8.onnx"] = release.quantized.model
    return _summed(files)


def conclude(
    files: Mapping[str, bytes], lineage: Mapping[str, Any], browser: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The bundle with what is known now: lineage.json, the card's decision, the browser's runtime.

    Parameters
    ----------
    lineage : mapping
        With a `decision` in words, or None where none was taken yet.
    browser : mapping
        onnxruntime-web's files by name, for `ort/`; empty where it is not at hand.
    """
    told = card.with_decision(files[CARD].decode(), lineage.get("decision"))
    web = {f"ort/{name}": content for name, content in browser.items()} if _paged(files) else {}
    return _summed({**files, CARD: told.encode(), LATER: _json(lineage), **web})


def checked(sums: bytes) -> dict[str, str]:
    """Path → SHA-256, as the bytes of a SHA256SUMS say; nothing for what is no such file."""
    try:
        pairs = [line.partition("  ") for line in sums.decode().splitlines()]
    except UnicodeDecodeError:
        return {}
    return {name: digest for digest, _, name in pairs if name}


def runtimes(release: Release) -> dict[str, Any]:
    """What runtimes.json says: what was proven where, or why not, and what int8 loses."""
    quantized = {k: v for k, v in asdict(release.quantized).items() if k != "model"}
    return {
        "portable": {"exported": bool(release.portable), "note": release.refused},
        "proofs": [_defined(proof) for proof in release.proofs],
        "int8": {
            "exported": bool(release.quantized.model),
            **quantized,
            "allowed": {
                "labels_changed": quantization.MOST_LABELS,
                "log_loss_added": quantization.MOST_LOSS,
            },
            "bytes": len(release.quantized.model),
            "bytes_of_the_portable": len(release.portable),
        },
    }


def _defined(proof: Mapping[str, Any]) -> dict[str, Any]:
    """The proof without numbers that are none: JSON knows no NaN."""
    return {name: None if value != value else value for name, value in proof.items()}


def _paged(files: Mapping[str, bytes]) -> bool:
    return "index.html" in files


def _summed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with their SHA256SUMS, in the form that `sha256sum -c` reads."""
    kept = {name: files[name] for name in sorted(files) if name != SUMS}
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in kept.items()]
    return {**kept, SUMS: "".join(lines).encode()}


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
