"""The champion as the steps see it, and the digest that stands for it in their keys."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.adapters import formats
from pipelines.adapters.tracking import registry
from pipelines.adapters.tracking.client import MlflowError
from pipelines.adapters.tracking.registry import Version
from pipelines.inference import ModelError, Predictor
from pipelines.records import Champion

__all__ = ["NO_RIVAL", "RIVAL", "TRAINED_BY", "find", "load", "rival_digest"]

NO_RIVAL = "none"
# Tags of a version: the train step's key it came from, and the rival it was judged against.
TRAINED_BY = "logitline.train_key"
RIVAL = "logitline.rival"
# What of a column must be the same for two versions to read it alike.
MEANING = ("type", "unit")

Contract = Mapping[str, Any]


def rival_digest(champion: Version | None, train_key: str) -> str:
    """What the evaluation depends on beside its candidates.

    A champion that this very training made does not count as new: its own rival stands for
    it, so that a second run with nothing changed finds every step done.
    """
    if champion is None:
        return NO_RIVAL
    if champion.tags.get(TRAINED_BY) == train_key:
        return champion.tags.get(RIVAL, NO_RIVAL)
    return champion.sha256


def find(client: Any, model: str, digest: str) -> Version | None:
    """The version that a rival's digest stands for."""
    return None if digest == NO_RIVAL else registry.find_version(client, model, digest)


def load(client: Any, workspace: Path, version: Version, line_contract: Contract) -> Champion:
    """The version ready to predict, with the rows that it learned from.

    A version that cannot be used is still a champion: it then refuses to predict, with the
    reason, and no challenger is compared with it.
    """
    try:
        path, sha256 = registry.download_model(version.uri, workspace)
        predictor = Predictor.load(path, sha256=sha256)
        with tempfile.TemporaryDirectory() as folder:
            split = client.download_artifacts(version.run_id, "split.parquet", folder)
            parts = formats.read_parts(Path(split))
    except (ModelError, OSError, MlflowError) as error:
        reason = str(error)

        def refuse(_: Any) -> Any:
            raise ValueError(reason)

        nothing = np.empty(0, dtype=np.uint64)
        return Champion(version.number, tuple(line_contract["classes"]), nothing, refuse)
    return Champion(
        version=version.number,
        classes=tuple(predictor.classes),
        learned=parts.digests[~parts.where("test")],
        predict_proba=lambda X: _answer(predictor, X, line_contract),
    )


def _answer(predictor: Predictor, X: Any, line_contract: Contract) -> Any:
    """The champion's probabilities of typed rows, if its columns mean the same as theirs."""
    then, now = predictor.contract["columns"], line_contract["columns"]
    for name, column in then.items():
        same = name in now and [column.get(k) for k in MEANING] == [
            now[name].get(k) for k in MEANING
        ]
        if not same:
            raise ValueError(f"it needs the column {name!r} as {column['type']}")
    return predictor.answer({name: X[name].to_numpy() for name in then})[1]
