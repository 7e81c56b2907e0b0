"""The champion moved by hand: real registry, real files, the command as a user starts it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from flows import promotion
from flows.line import open_line
from flows.running import UsageError
from flows.showing_history import show_history
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import history, registry
from pipelines.adapters.tracking.registry import NoVersionError
from pipelines.promotion.history import taken_down
from tests.flows.workspaces import logitline, promoted, registered, train_json, workspace


def with_versions(folder: Path, count: int) -> Path:
    """The config of a workspace whose model has so many versions, promoted one after another."""
    config = workspace(folder)
    for number in range(1, count + 1):
        promoted(config, folder, number, str(number - 1) if number > 1 else None)
    return config


def champion_of(folder: Path) -> str | None:
    found = registry.champion(tracking.connect(folder), "flowers")
    return found.number if found else None


def test_a_rollback_brings_the_champion_before_back_and_a_second_the_one_before_that(
    tmp_path: Path,
) -> None:
    config = with_versions(tmp_path, 3)
    first = promotion.roll_back(config, tmp_path, "answers were late")
    assert (first.entry.champion_before, champion_of(tmp_path)) == ("3", "2")
    assert first.sentence == "Version 2 of flowers is the champion again in the place of version 3."
    promotion.roll_back(config, tmp_path, "that one, too")
    assert champion_of(tmp_path) == "1"
    with pytest.raises(UsageError, match="no earlier champion"):
        promotion.roll_back(config, tmp_path, "once more")
    told = promotion.read_history(config, tmp_path)
    assert [e.action for e in told.entries[-2:]] == ["rolled back", "rolled back"]
    assert told.entries[-1].reason == "that one, too"
    assert told.note == ""


def marked(folder: Path) -> dict[str, str]:
    """Version → why it was taken down, of those that were."""
    versions = registry.versions(tracking.connect(folder), "flowers")
    return {
        v.number: v.tags[promotion.TAKEN_DOWN] for v in versions if promotion.TAKEN_DOWN in v.tags
    }


def test_what_was_taken_down_is_marked_with_the_reason_until_a_person_brings_it_back(
    tmp_path: Path,
) -> None:
    config = with_versions(tmp_path, 2)
    promotion.roll_back(config, tmp_path, " answers\n were late")
    assert marked(tmp_path) == {"2": "rolled back: answers were late"}
    promotion.promote_by_hand(config, tmp_path, "2", "it was the network")
    assert champion_of(tmp_path) == "2"
    assert marked(tmp_path) == {"1": "promoted by hand: it was the network"}


def test_a_rollback_does_not_bring_back_what_a_person_took_down(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 2)
    promotion.promote_by_hand(config, tmp_path, "1", "2 is bad")
    promoted(config, tmp_path, 3, "1")
    assert promotion.roll_back(config, tmp_path, "3 is bad, too").entry.version == "1"
    with pytest.raises(UsageError, match="no earlier champion"):
        promotion.roll_back(config, tmp_path, "once more")


def test_a_rollback_takes_a_promotion_by_hand_back(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 2)
    promotion.promote_by_hand(config, tmp_path, "1", "the wrong number")
    assert promotion.roll_back(config, tmp_path, "it was a slip").entry.version == "2"
    assert marked(tmp_path) == {"1": "rolled back: it was a slip"}
    with pytest.raises(UsageError, match="no earlier champion"):
        promotion.roll_back(config, tmp_path, "once more")


def test_a_second_rollback_takes_the_promotion_by_hand_before_the_last_one_back(
    tmp_path: Path,
) -> None:
    config = with_versions(tmp_path, 1)
    for number in (2, 3):
        registered(tmp_path, number)
        promotion.promote_by_hand(config, tmp_path, str(number), "looks better")
    assert promotion.roll_back(config, tmp_path, "3 is bad").entry.version == "2"
    assert promotion.roll_back(config, tmp_path, "2 is bad, too").entry.version == "1"


def test_a_version_that_was_deleted_stays_taken_down_and_is_passed_over(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 3)
    client = tracking.connect(tmp_path)
    gone = registry.versions(client, "flowers")[0]
    promotion.roll_back(config, tmp_path, "3 is bad")
    client.delete_model_version("flowers", "3")
    entries = promotion.read_history(config, tmp_path).entries
    assert taken_down(entries, promotion.content_of(gone)) is not None
    client.delete_model_version("flowers", "1")
    with pytest.raises(UsageError, match="no earlier champion"):
        promotion.roll_back(config, tmp_path, "2 is bad")


def test_a_run_that_was_deleted_keeps_nobody_from_rolling_back(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 2)
    client = tracking.connect(tmp_path)
    client.delete_run(registry.versions(client, "flowers")[0].run_id)
    promotion.roll_back(config, tmp_path, "late")
    assert champion_of(tmp_path) == "1"


def test_versions_and_their_runs_say_who_is_champion_to_filter_by(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 3)
    promotion.roll_back(config, tmp_path, "answers were late")
    client = tracking.connect(tmp_path)
    told = {v.number: v.tags["champion"] for v in registry.versions(client, "flowers")}
    assert told == {"1": "false", "2": "true", "3": "false"}
    experiment = client.get_experiment_by_name("flowers").experiment_id
    (run,) = client.search_runs([experiment], "tags.champion = 'true'")
    assert run.info.run_id == registry.versions(client, "flowers")[1].run_id


def test_a_file_that_is_not_the_registered_one_is_not_promoted(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 2)
    (graph,) = (p for p in tmp_path.rglob("model/model.onnx") if p.read_bytes() == b"graph 1")
    graph.write_bytes(b"graph x")
    with pytest.raises(UsageError, match="not the one that was registered"):
        promotion.roll_back(config, tmp_path, "answers were late")
    assert champion_of(tmp_path) == "2"
    assert len(promotion.read_history(config, tmp_path).entries) == 2


def test_mistakes_by_hand_end_in_a_sentence(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 2)
    with pytest.raises(NoVersionError, match=r"no version '7'\. There are 1, 2"):
        promotion.promote_by_hand(config, tmp_path, "7", "why not")
    with pytest.raises(UsageError, match="is the champion already"):
        promotion.promote_by_hand(config, tmp_path, "2", "why not")
    with pytest.raises(UsageError, match="A reason is kept"):
        promotion.roll_back(config, tmp_path, "  ")


def test_a_reason_is_kept_whole_or_refused_and_steers_no_terminal(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 2)
    with pytest.raises(UsageError, match=r"has 2,001 characters, and the history keeps 2,000"):
        promotion.roll_back(config, tmp_path, "x" * 2_001)
    assert champion_of(tmp_path) == "2"
    said = "too \x1b[31mlate\x1b[0m\u202e,\nfor «us»\ud800"
    done = promotion.roll_back(config, tmp_path, said)
    assert done.entry.reason == "too [31mlate [0m , for «us»"
    assert promotion.read_history(config, tmp_path).entries[-1].reason == done.entry.reason


def test_a_move_in_mlflow_is_told_and_becomes_an_entry_of_its_own(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 3)
    client = tracking.connect(tmp_path)
    registry.set_alias(client, registry.versions(client, "flowers")[-1], registry.CHAMPION)
    told = promotion.read_history(config, tmp_path)
    assert told.note == (
        "The champion is version 1, where the history ends with version 3: it was moved elsewhere."
    )
    with promotion.held(open_line(config, tmp_path), client) as entries:
        entry = entries[-1]
    assert (entry.action, entry.champion_before, entry.champion_after) == (
        "moved elsewhere",
        "3",
        "1",
    )
    assert marked(tmp_path).keys() == {"3"}
    assert promotion.read_history(config, tmp_path).note == ""


@pytest.mark.parametrize(
    ("point", "champion", "entries"), [("after_entry", "2", 2), ("after_alias", "1", 3)]
)
def test_a_killed_rollback_is_either_done_or_not_at_all(
    point: str, champion: str, entries: int, tmp_path: Path
) -> None:
    config = with_versions(tmp_path, 2)
    killed = logitline(
        "rollback", config, "--reason", "late", cwd=tmp_path, LOGITLINE_FAULT=f"{point}:kill"
    )
    assert killed.returncode == -signal.SIGKILL
    assert champion_of(tmp_path) == champion
    client = tracking.connect(tmp_path)
    with promotion.held(open_line(config, tmp_path), client) as settled:
        assert len(settled) == entries
        assert settled[-1].champion_after == champion
    assert history.entries(client, "flowers") == settled


def test_the_commands_tell_what_they_did(tmp_path: Path) -> None:
    config = with_versions(tmp_path, 2)
    done = logitline("rollback", config, "--reason", "late", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["champion_before"], facts["champion_after"]) == ("2", "1")
    assert facts["reason"] == "late"
    done = logitline("promote", config, "2", "--reason", "it was the network", cwd=tmp_path)
    assert done.stdout == "Version 2 of flowers is the champion in the place of version 1.\n"
    done = logitline("promote", config, "9", "--reason", "typo", cwd=tmp_path)
    assert done.returncode == 2
    assert "There is no version '9'" in done.stderr
    told = json.loads(logitline("history", config, "--json", cwd=tmp_path).stdout)
    actions = ["promoted by hand", "rolled back", "promoted", "promoted"]
    assert [each["action"] for each in told["history"]] == actions
    assert told["champion"] == "2"
    shown = logitline("history", config, cwd=tmp_path).stdout
    assert "it was the network" in shown


def test_a_history_without_a_decision_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_history(promotion.read_history(workspace(tmp_path), tmp_path), as_json=False)
    assert capsys.readouterr().out == "Nothing has been decided on flowers yet.\n"


def test_no_training_promotes_what_a_person_took_down(tmp_path: Path, prefect_api: str) -> None:
    config = workspace(tmp_path)
    first = train_json(config, tmp_path)
    assert (first["promoted"], first["test_row_decisions"]) == (True, 1)
    as_it_was = config.read_text()
    config.write_text(
        as_it_was.replace('estimator = "logistic"', 'estimator = "logistic"\nC = 0.5')
    )
    second = train_json(config, tmp_path)
    assert second["model"]["version"] == "2"
    assert second["promoted"] is False
    assert second["test_row_decisions"] == 2
    client = tracking.connect(tmp_path)
    assert registry.aliases(client, "flowers")["2"] == ["challenger"]
    promotion.promote_by_hand(config, tmp_path, "2", "the first one was slow")
    assert registry.aliases(client, "flowers")["2"] == ["champion"]
    config.write_text(as_it_was)
    again = train_json(config, tmp_path)
    assert again["onnx_sha256"] == first["onnx_sha256"]
    assert again["decision"].startswith(
        "Not promoted: the same model, version 1, had to make way, by hand, for version 2 (the "
        "first one was slow)."
    )
    assert champion_of(tmp_path) == "2"
    told = [entry.action for entry in promotion.read_history(config, tmp_path).entries]
    assert told == ["promoted", "not promoted", "promoted by hand"]
