"""The promotion history in MLflow: each entry a tag of the version that it speaks of.

An entry is written, as not done, before the alias moves, and again, as done, after; each
write is one statement of the database. Killed in between, the next who holds the promotion
lock sees by the alias which of the two it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking import registry
from pipelines.adapters.tracking.client import WorkspaceError
from pipelines.promotion.history import Entry

__all__ = ["REASON_LENGTH", "append", "entries", "finish", "settle"]

PREFIX = "logitline.history."
NAME = re.compile(re.escape(PREFIX) + r"[0-9]{6}")
REASON_LENGTH = 2_000  # so that the whole entry fits into a tag's 5,000


def entries(client: MlflowClient, model: str) -> list[Entry]:
    """The model's history, oldest first; what was begun and moved nothing is left out."""
    champion = _champion(client, model)
    return [entry for entry in _all(client, model) if _stands(entry, champion)]


def append(client: MlflowClient, model: str, entry: Entry) -> Entry:
    """The entry, written as not done; or the same one of this key that still stands.

    Called with the promotion lock held.
    """
    found, champion = _all(client, model), _champion(client, model)
    for each in found:
        same = (each.key, each.action, each.champion_after)
        if same == (entry.key, entry.action, entry.champion_after) and same[2] == champion:
            return each
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
    champion = _champion(client, model)
    kept = []
    for entry in _all(client, model):
        if _stands(entry, champion):
            finish(client, model, entry)
            kept.append(replace(entry, done=True))
        else:
            client.delete_model_version_tag(model, entry.version, _name(entry))
    return kept


def _champion(client: MlflowClient, model: str) -> str | None:
    champion = registry.champion(client, model)
    return champion.number if champion else None


def _stands(entry: Entry, champion: str | None) -> bool:
    return entry.done or entry.champion_after == champion


def _all(client: MlflowClient, model: str) -> list[Entry]:
    found = [
        _read(version, name, value)
        for version in registry.versions(client, model)
        for name, value in version.tags.items()
        if NAME.fullmatch(name)
    ]
    return sorted(found, key=lambda entry: entry.number)


def _name(entry: Entry) -> str:
    return f"{PREFIX}{entry.number:06d}"


def _write(client: MlflowClient, model: str, entry: Entry) -> None:
    facts = asdict(entry) | {"sketch": " ".join(f"{digest:x}" for digest in entry.sketch)}
    text = json.dumps(facts, ensure_ascii=False)
    client.set_model_version_tag(model, entry.version, _name(entry), text)


def _read(version: registry.Version, name: str, text: str) -> Entry:
    try:
        facts: Mapping[str, Any] = json.loads(text)
        known = {each.name: facts[each.name] for each in fields(Entry) if each.name in facts}
        for pair in ("model", "took_down"):
            first, second = known.get(pair, ("", ""))
            known[pair] = (str(first), str(second))
        sketch = tuple(int(word, 16) for word in facts["sketch"].split())
        return Entry(**{**known, "sketch": sketch, "number": int(known["number"])})
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise WorkspaceError(
            f"Version {version.number} of {version.model} has a tag {name} that is no entry of its "
            f"history ({error}). Take the tag away in MLflow."
        ) from None
