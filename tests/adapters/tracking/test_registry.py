"""Versions, aliases and addresses in a real MLflow registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR
from mlflow.tracking import MlflowClient

from pipelines.adapters.tracking import registry
from pipelines.adapters.tracking.registry import NoVersionError, Version, download_model


@pytest.fixture
def run_id(client: MlflowClient, experiment_id: str) -> str:
    return str(client.create_run(experiment_id).info.run_id)


def create(client: MlflowClient, model: str, run_id: str, sha256: str) -> Version:
    source = client.get_run(run_id).info.artifact_uri
    return registry.create_version(client, model, source, run_id, {registry.SHA256: sha256})


@pytest.mark.parametrize("model", ["penguins", "Kunden 2024", "größe_v1.2-b", "o'brien"])
def test_a_version_is_found_by_the_digest_of_its_graph(
    client: MlflowClient, run_id: str, model: str
) -> None:
    assert registry.find_version(client, model, "aa") is None
    assert registry.versions(client, model) == []
    first = create(client, model, run_id, "aa")
    create(client, model, run_id, "bb")
    found = registry.find_version(client, model, "aa")
    assert found is not None
    assert (found.model, found.number, found.run_id, found.sha256) == (model, "1", run_id, "aa")
    assert found.uri == first.uri == f"models:/{model}/1"
    assert found.made > 0
    assert registry.find_version(client, model, "cc") is None


def test_versions_come_newest_first_past_the_ninth(client: MlflowClient, run_id: str) -> None:
    for number in range(11):
        create(client, "many", run_id, str(number % 2))
    assert [v.number for v in registry.versions(client, "many")] == [
        str(number) for number in range(11, 0, -1)
    ]
    newest = registry.find_version(client, "many", "0")
    assert newest is not None
    assert newest.number == "11"


def test_there_is_no_champion_before_the_model_and_before_the_alias(
    client: MlflowClient, run_id: str
) -> None:
    assert registry.champion(client, "young") is None
    assert registry.aliases(client, "young") == {}
    create(client, "young", run_id, "aa")
    assert registry.champion(client, "young") is None
    assert registry.aliases(client, "young") == {}


def test_an_alias_moves_and_is_dropped_only_from_its_holder(
    client: MlflowClient, run_id: str
) -> None:
    first, second = (create(client, "moving", run_id, sha) for sha in ("aa", "bb"))
    registry.set_alias(client, first, registry.CHAMPION)
    registry.set_alias(client, first, registry.CHALLENGER)
    registry.set_alias(client, second, registry.CHAMPION)
    champion = registry.champion(client, "moving")
    assert champion is not None
    assert champion.number == "2"
    assert registry.aliases(client, "moving") == {"1": ["challenger"], "2": ["champion"]}
    registry.drop_alias(client, first, registry.CHAMPION)
    assert registry.champion(client, "moving") is not None
    registry.drop_alias(client, first, registry.CHALLENGER)
    registry.drop_alias(client, first, registry.CHALLENGER)
    assert registry.aliases(client, "moving") == {"2": ["champion"]}


def test_tags_are_added_to_a_version(client: MlflowClient, run_id: str) -> None:
    version = create(client, "tagged", run_id, "aa")
    long = "Not promoted: " + "x" * 20_000
    registry.set_version_tags(client, version, {"logitline.decision": long})
    found = registry.find_version(client, "tagged", "aa")
    assert found is not None
    assert found.tags == {registry.SHA256: "aa", "logitline.decision": long}


def test_an_address_stands_for_its_version(client: MlflowClient, run_id: str) -> None:
    first, second = (create(client, "by address", run_id, sha) for sha in ("aa", "bb"))
    registry.set_alias(client, first, "champion")
    assert registry.resolve(client, "models:/by address@champion").number == first.number
    assert registry.resolve(client, "models:/by address/2").sha256 == second.sha256


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("penguins", "write models:/NAME/3 or models:/NAME@champion"),
        ("models:/", "write models:/NAME"),
        ("models:/resolved", "write models:/NAME"),
        ("models:/resolved/latest", "write models:/NAME"),
        ("models:/resolved/2", "There is no models:/resolved/2"),
        ("models:/resolved/0", "There is no models:/resolved/0"),
        ("models:/resolved/99999999999999999999999", "There is no"),
        ("models:/resolved@nobody", "There is no models:/resolved@nobody"),
        ("models:/resolved@no body", "There is no models:/resolved@no body"),
        ("models:/nothing@champion", "There is no models:/nothing@champion"),
    ],
)
def test_an_address_of_nothing_is_refused_with_what_to_write(
    client: MlflowClient, run_id: str, uri: str, words: str
) -> None:
    if registry.find_version(client, "resolved", "aa") is None:
        create(client, "resolved", run_id, "aa")
    with pytest.raises(NoVersionError) as refused:
        registry.resolve(client, uri)
    assert words in str(refused.value)


def test_a_registry_that_is_away_is_not_said_to_lack_the_model(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: str) -> None:
        raise MlflowException("API request to http://registry failed", INTERNAL_ERROR)

    monkeypatch.setattr(client, "get_model_version_by_alias", away)
    with pytest.raises(NoVersionError, match=r"cannot tell of .* http://registry failed.*it runs"):
        registry.resolve(client, "models:/penguins@champion")


def test_asking_for_a_model_where_there_is_no_workspace_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoVersionError, match=r"has no mlruns/mlflow\.db"):
        download_model("models:/penguins@champion")
    assert list(tmp_path.iterdir()) == []
