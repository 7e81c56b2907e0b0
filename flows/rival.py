"""The champion as the steps see it, and the digest that stands for it in their keys."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flows.line import Line
from pipelines.adapters import formats
from pipelines.adapters.tracking import registry
from pipelines.adapters.tracking.client import MlflowError
from pipelines.adapters.tracking.registry import Version
from pipelines.config import contract
from pipelines.digests import content_digest
from pipelines.inference import Predictor
from pipelines.records import Champion
from pipelines.steps.split import digested

__all__ = [
    "NO_RIVAL",
    "RIVAL",
    "ROWS_BY",
    "TRAINED_BY",
    "find",
    "load",
    "rival_digest",
    "rows_by",
]

NO_RIVAL = "none"
# Tags of a version: the digest of the fits it came from, the rival it was judged against, and
# what its rows' digests are taken over.
TRAINED_BY = "logitline.train_key"
RIVAL = "logitline.rival"
ROWS_BY = "logitline.rows_by"
# What of a column must be the same for two versions to read it alike.
MEANING = ("type", "unit")

Contract = Mapping[str, Any]


def rival_digest(champion: Version | None, fitted: str) -> str:
    """What the evaluation depends on beside its candidates.

    A champion that this very training made does not count as new: its own rival stands for
    it, so that a second run with nothing changed finds every step done.
    """
    if champion is None:
        return NO_RIVAL
    if champion.tags.get(TRAINED_BY) == fitted:
        return champion.tags.get(RIVAL, NO_RIVAL)
    return champion.sha256


def find(client: Any, model: str, digest: str) -> Version | None:
    """The version that a rival's digest stands for."""
    return None if digest == NO_RIVAL else registry.find_version(client, model, digest)


def rows_by(line: Line) -> str:
    """What the rows' digests are taken over: digests over other columns name other rows."""
    return content_digest(digested(line.config.split, list(line.config.columns)))


def load(client: Any, line: Line, version: Version) -> Champion:
    """The version ready to predict, with the rows that it learned from.

    A version that cannot be used is still a champion: it then refuses to predict, with the
    reason, and no challenger is compared with it.
    """
    terms = contract(line.config)
    try:
        if version.tags.get(ROWS_BY) != rows_by(line):
            raise ValueError(
                "its rows were told apart by other columns, so that none of these test rows is "
                "sure to be new to it. Judge by hand, with logitline promote"
            )
        path, sha256 = registry.download_model(version.uri, line.workspace)
        predictor = Predictor.load(path, sha256=sha256)
        with tempfile.TemporaryDirectory() as folder:
            split = client.download_artifacts(version.run_id, "split.parquet", folder)
            learned = formats.read_learned(Path(split))
    except (ValueError, OSError, LookupError, MlflowError) as error:
        return _unusable(version, tuple(terms["classes"]), str(error))
    return Champion(
        version=version.number,
        classes=tuple(predictor.classes),
        learned=learned,
        predict_proba=lambda X: _answer(predictor, X, terms)[1],
        predict=lambda X: _answer(predictor, X, terms)[0],
    )


def _unusable(version: Version, classes: tuple[Any, ...], reason: str) -> Champion:
    def refuse(_: Any) -> Any:
        raise ValueError(reason)

    return Champion(version.number, classes, np.empty(0, dtype=np.uint64), refuse)


def _answer(predictor: Predictor, X: Any, line_contract: Contract) -> Any:
    """The champion's labels and probabilities of typed rows, if its columns mean the same."""
    then, now = predictor.contract["columns"], line_contract["columns"]
    for name, column in then.items():
        same = name in now and [column.get(k) for k in MEANING] == [
            now[name].get(k) for k in MEANING
        ]
        if not same:
            raise ValueError(f"it needs the column {name!r} as {column['type']}")
    return predictor.answer({name: X[name].to_numpy() for name in then})
