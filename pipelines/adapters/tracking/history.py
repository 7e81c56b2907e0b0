"""The promotion history in MLflow: each entry a tag of the version that it speaks of.

An entry is written, as not done, before the alias moves, and again, as done, after; each
write is one statement of the database. Killed in between, the next who holds the promotion
lock sees by the alias which of the two it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking import registry
from pipelines.promotion.history import Entry

__all__ = ["append", "entries", "finish", "settle"]

PREFIX = "logitline.history."
REASON_LENGTH = 2_000  # of a tag's 5,000


def entries(client: MlflowClient, model: str) -> list[Entry]:
    """The model's history, oldest first; what was begun and not done is left out."""
    return [entry for entry in _all(client, model) if entry.done]


def append(client: MlflowClient, model: str, entry: Entry) -> Entry:
    """The entry, written as not done; or the one of this key that still stands, as it is.

    Called with the promotion lock held.
    """
    found = _all(client, model)
    now = found[-1].champion_after if found else None
    same = [each for each in found if each.key == entry.key and each.champion_after == now]
    if same:
        return same[-1]
    number = max((each.number for each in found), default=0) + 1
    new = replace(entry, number=number, reason=entry.reason[:REASON_LENGTH], done=False)
    _write(client, model, new)
    return new


def finish(client: MlflowClient, model: str, entry: Entry) -> None:
    """Note that the alias stands where the entry says."""
    if not entry.done:
        _write(client, model, replace(entry, done=True))


def settle(client: MlflowClient, model: str) -> list[Entry]:
    """The history, after an entry that a killed process left half done was kept or dropped.

    Called with the promotion lock held.
    """
    champion = registry.champion(client, model)
    now = champion.number if champion else None
    kept = []
    for entry in _all(client, model):
        if entry.done or entry.champion_after == now:
            finish(client, model, entry)
            kept.append(replace(entry, done=True))
        else:
            client.delete_model_version_tag(model, entry.version, _name(entry))
    return kept


def _all(client: MlflowClient, model: str) -> list[Entry]:
    found = [
        _read(value)
        for version in registry.versions(client, model)
        for name, value in version.tags.items()
        if name.startswith(PREFIX)
    ]
    return sorted(found, key=lambda entry: entry.number)


def _name(entry: Entry) -> str:
    return f"{PREFIX}{entry.number:06d}"


def _write(client: MlflowClient, model: str, entry: Entry) -> None:
    facts = asdict(entry) | {"sketch": " ".join(f"{digest:x}" for digest in entry.sketch)}
    text = json.dumps(facts, ensure_ascii=False)
    client.set_model_version_tag(model, entry.version, _name(entry), text)


def _read(text: str) -> Entry:
    facts: Mapping[str, Any] = json.loads(text)
    sketch = tuple(int(word, 16) for word in facts["sketch"].split())
    return Entry(**{**facts, "sketch": sketch})
