"""The bundle's files by path, as far as they are known when the graph is made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.inference import quantization, verify
from pipelines.inference.signature import metadata
from pipelines.steps.export import card, page, readme, triton
from pipelines.steps.export.later import CARD, as_json, summed
from pipelines.steps.export.release import Release

__all__ = ["export", "runtimes", "terms"]


def export(release: Release) -> dict[str, bytes]:
    """All files but lineage.json and `ort/`, which `later.conclude` adds."""
    name, model = release.name, release.model
    digest = hashlib.sha256(model).hexdigest()
    files = {
        "model.onnx": model,
        "model.onnx.sha256": f"{digest}  model.onnx\n".encode(),
        "contract.json": as_json(release.contract),
        "examples/requests.json": as_json(release.requests),
        "examples/expected.json": as_json(_answers(release)),
        "runtimes.json": as_json(runtimes(release)),
        CARD: card.card(release).encode(),
        "README.md": readme.readme(release).encode(),
        "verify.py": Path(verify.__file__).read_bytes(),
        **triton.repository(name, model),
    }
    if release.portable:
        files["model.portable.onnx"] = release.portable
        files["portable.json"] = as_json(terms(release.portable))
        files["index.html"] = page.page(release).encode()
    if release.quantized.model:
        files["model.int8.onnx"] = release.quantized.model
    return summed(files)


def _answers(release: Release) -> dict[str, Any]:
    """What expected.json says: of model.onnx and, where there is one, of the int8 variant.

    The latter's are those of all rows in one call, whose range decides its grid: the test rows'
    differences do not bound them.
    """
    model = release.quantized.model
    int8 = {"int8": verify.answered(model, release.requests)[1]} if model else {}
    return {**release.expected, **int8}


def terms(portable: bytes) -> dict[str, Any]:
    """What portable.json says: what the graph's metadata do, which some runtimes do not read."""
    known = metadata(portable)
    lists = {name: json.loads(known[name]) for name in ("columns", "codes", "classes")}
    return {**lists, "label": known["label"], "precision": known["precision"]}


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
