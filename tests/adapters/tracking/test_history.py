"""The promotion history in a real MLflow registry."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking import history, registry
from pipelines.adapters.tracking.client import WorkspaceError
from pipelines.adapters.tracking.registry import Version
from pipelines.promotion.history import Entry

FIRST = Entry(
    number=0,
    key="a",
    time="2026-01-01T12:00:00+00:00",
    action="promoted",
    version="1",
    champion_before=None,
    champion_after="1",
    by="training abc",
    reason="Promoted: größer «beyond doubt».",
    test_rows=70,
    sketch=(0, 5, 2**64 - 1),
)
SECOND = replace(FIRST, key="b", version="2", champion_before="1", champion_after="2")


@pytest.fixture
def model() -> str:
    """A name that no other test uses."""
    return f"m {uuid4().hex}"


@pytest.fixture
def versions(client: MlflowClient, experiment_id: str, model: str) -> list[Version]:
    run = client.create_run(experiment_id).info
    return [
        registry.create_version(client, model, run.artifact_uri, run.run_id, {registry.SHA256: sha})
        for sha in ("aa", "bb")
    ]


def test_an_entry_comes_back_as_it_was_once_it_is_done(
    client: MlflowClient, model: str, versions: list[Version]
) -> None:
    written = history.append(client, model, FIRST)
    assert history.entries(client, model) == []
    history.finish(client, model, written)
    assert history.entries(client, model) == [replace(FIRST, number=1)]


def test_entries_are_numbered_in_their_order_over_all_versions(
    client: MlflowClient, model: str, versions: list[Version]
) -> None:
    for entry in (FIRST, SECOND, replace(FIRST, key="c", champion_before="2")):
        history.finish(client, model, history.append(client, model, entry))
    found = history.entries(client, model)
    assert [(e.number, e.key) for e in found] == [(1, "a"), (2, "b"), (3, "c")]


def test_the_same_decision_is_written_once_while_it_stands(
    client: MlflowClient, model: str, versions: list[Version]
) -> None:
    def decide(entry: Entry) -> None:
        written = history.append(client, model, entry)
        registry.set_alias(client, versions[int(entry.version) - 1], registry.CHAMPION)
        history.finish(client, model, written)

    for entry in (FIRST, SECOND, SECOND):
        decide(entry)
    assert [e.key for e in history.entries(client, model)] == ["a", "b"]
    # Once the champion has moved away, the same key is another decision.
    decide(replace(FIRST, key="c", champion_before="2"))
    decide(SECOND)
    assert [e.key for e in history.entries(client, model)] == ["a", "b", "c", "b"]


def test_another_verdict_on_the_same_key_is_another_decision(
    client: MlflowClient, model: str, versions: list[Version]
) -> None:
    kept = replace(SECOND, action="not promoted", champion_after="1")
    history.finish(client, model, history.append(client, model, FIRST))
    registry.set_alias(client, versions[0], registry.CHAMPION)
    history.finish(client, model, history.append(client, model, kept))
    history.append(client, model, SECOND)
    registry.set_alias(client, versions[1], registry.CHAMPION)
    assert [e.action for e in history.settle(client, model)] == [
        "promoted",
        "not promoted",
        "promoted",
    ]


@pytest.mark.parametrize("text", ["no JSON", "[1]", "{}", '{"sketch": null, "number": 1}'])
def test_a_tag_that_is_no_entry_is_named(
    client: MlflowClient, model: str, versions: list[Version], text: str
) -> None:
    client.set_model_version_tag(model, "1", "logitline.history.000001", text)
    with pytest.raises(WorkspaceError, match=r"Version 1 of .* has a tag logitline.history.000001"):
        history.entries(client, model)
    client.delete_model_version_tag(model, "1", "logitline.history.000001")
    client.set_model_version_tag(model, "1", "logitline.history.note", text)
    assert history.entries(client, model) == []


def test_what_was_begun_and_did_not_move_the_alias_is_dropped(
    client: MlflowClient, model: str, versions: list[Version]
) -> None:
    history.append(client, model, FIRST)
    assert history.settle(client, model) == []
    history.append(client, model, SECOND)
    assert [e.number for e in history.settle(client, model)] == []
    assert all(not v.tags.keys() - {registry.SHA256} for v in registry.versions(client, model))


def test_what_moved_the_alias_and_was_not_noted_is_kept(
    client: MlflowClient, model: str, versions: list[Version]
) -> None:
    history.append(client, model, FIRST)
    registry.set_alias(client, versions[0], registry.CHAMPION)
    assert history.settle(client, model) == [replace(FIRST, number=1)]
    assert history.entries(client, model) == [replace(FIRST, number=1)]


def test_a_reason_longer_than_a_tag_is_cut(
    client: MlflowClient, model: str, versions: list[Version]
) -> None:
    entry = history.append(client, model, replace(FIRST, reason="ä" * 10_000))
    history.finish(client, model, entry)
    assert history.entries(client, model)[0].reason == "ä" * 2_000
