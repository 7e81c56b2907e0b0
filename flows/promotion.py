"""The alias `champion` moved under a lock, its history kept; and what a person does to it."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.faults import failpoint
from flows.line import Line, open_line
from flows.rival import TRAINED_BY
from flows.running import UsageError
from pipelines.adapters.store import file_sha256
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import history, registry, runs
from pipelines.digests import content_digest
from pipelines.promotion.history import Action, Entry, before, may_return, taken_down
from pipelines.report.wording import plain

__all__ = [
    "History",
    "Moved",
    "content_of",
    "held",
    "move",
    "point_at",
    "promote_by_hand",
    "read_history",
    "roll_back",
    "time_now",
]

# Tag of a version: why a person took it down.
TAKEN_DOWN = "logitline.taken_down"
# Tag of versions and runs, to filter by in the UI, where an alias is none of a run's.
CHAMPION_TAG = "champion"


def time_now() -> str:
    """The time as the history writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def held(line: Line, client: Any) -> Iterator[list[Entry]]:
    """The history of the line's model, while nobody else moves its champion.

    A move by other means than this command becomes an entry of its own first.
    """
    with tracking.locked(line.workspace, f"promote-{line.model}"):
        entries = history.settle(client, line.model)
        entries += _moved_meanwhile(client, line.model, entries)
        _mark(client, line.model, entries)
        yield entries
        _mark(client, line.model, history.entries(client, line.model))


def _moved_meanwhile(client: Any, model: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entry of a move that somebody made in MLflow itself, if there was one."""
    champion = registry.champion(client, model)
    now = champion.number if champion else None
    then = entries[-1].champion_after if entries else None
    if not entries or then == now:
        return []
    versions = {version.number: version for version in registry.versions(client, model)}
    spoken_of = versions.get(now or "") or versions.get(then or "")
    if spoken_of is None:
        return []
    entry = Entry(
        number=0,
        key=content_digest(["moved elsewhere", then, now, len(entries)]),
        time=time_now(),
        action="moved elsewhere",
        version=spoken_of.number,
        champion_before=then,
        champion_after=now,
        by="unknown",
        reason="The alias was moved in MLflow, not by logitline.",
        model=content_of(champion),
        took_down=content_of(versions.get(then or "")),
    )
    written = history.append(client, model, entry)
    history.finish(client, model, written)
    return [written]


def content_of(version: registry.Version | None) -> tuple[str, str]:
    """What the version is made of, as `Entry.model` says it."""
    if version is None:
        return ("", "")
    return (version.sha256, version.tags.get(TRAINED_BY, ""))


def move(client: Any, version: registry.Version, entry: Entry) -> Entry:
    """The entry in the history, and the aliases where it says; each once, whatever is killed.

    Called with the lock held.
    """
    written = history.append(client, version.model, entry)
    failpoint("after_entry")
    point_at(client, version, entry)
    failpoint("after_alias")
    history.finish(client, version.model, written)
    return written


def point_at(client: Any, version: registry.Version, entry: Entry) -> None:
    """Make the version what the entry says: champion, or the challenger that it remains."""
    if entry.champion_after == version.number:
        registry.set_alias(client, version, registry.CHAMPION)
        registry.drop_alias(client, version, registry.CHALLENGER)
    else:
        registry.set_alias(client, version, registry.CHALLENGER)


def _mark(client: Any, model: str, entries: Sequence[Entry]) -> None:
    """Let the tags of all versions, and of their runs, say what alias and history say."""
    champion = registry.champion(client, model)
    for version in registry.versions(client, model):
        told = str(champion is not None and version.number == champion.number).lower()
        if version.tags.get(CHAMPION_TAG) != told:
            registry.set_version_tags(client, version, {CHAMPION_TAG: told})
            runs.copy_tags(client, version.run_id, {CHAMPION_TAG: told})
        entry = taken_down(entries, content_of(version))
        reason = "" if entry is None else f"{entry.action}: {entry.reason}"
        if reason and version.tags.get(TAKEN_DOWN) != reason:
            registry.set_version_tags(client, version, {TAKEN_DOWN: reason})
        elif not reason and TAKEN_DOWN in version.tags:
            registry.drop_version_tag(client, version, TAKEN_DOWN)


@dataclass(frozen=True)
class Moved:
    """What a person did to the champion."""

    model: str
    entry: Entry

    @property
    def sentence(self) -> str:
        """What was done, in a sentence."""
        entry = self.entry
        was = f" in the place of version {entry.champion_before}" if entry.champion_before else ""
        how = "is the champion again" if entry.action == "rolled back" else "is the champion"
        return f"Version {entry.version} of {self.model} {how}{was}."


@dataclass(frozen=True)
class History:
    """A model's decisions, oldest first, its champion of now, and what does not fit together."""

    model: str
    entries: Sequence[Entry]
    champion: str | None
    note: str = ""


def read_history(config: Path, workspace: Path) -> History:
    """The decisions on the model of this configuration."""
    line = open_line(config, workspace, look=False)
    client = tracking.connect(line.workspace)
    entries = history.entries(client, line.model)
    champion = registry.champion(client, line.model)
    number = champion.number if champion else None
    known = entries[-1].champion_after if entries else None
    note = "" if known == number else _moved_elsewhere(known, number)
    return History(line.model, entries, number, note)


def _moved_elsewhere(known: str | None, found: str | None) -> str:
    stands = f"is version {found}" if found else "is none"
    told = f"version {known}" if known else "none"
    return f"The champion {stands}, where the history ends with {told}: it was moved elsewhere."


def promote_by_hand(config: Path, workspace: Path, number: str, reason: str) -> Moved:
    """Make a version champion, whatever the evidence; its file must be what was registered."""

    def target(_: Sequence[Entry], versions: Mapping[str, registry.Version]) -> str:
        if number not in versions:
            raise registry.NoVersionError(
                f"There is no version {number!r}. There are {', '.join(sorted(versions, key=int))}."
            )
        return number

    return _by_hand(config, workspace, "promoted by hand", reason, target)


def roll_back(config: Path, workspace: Path, reason: str) -> Moved:
    """Make the champion before this one champion again; no machine promotes this one any more."""

    def target(entries: Sequence[Entry], versions: Mapping[str, registry.Version]) -> str:
        def usable(number: str) -> bool:
            return number in versions and may_return(entries, content_of(versions[number]))

        champion = entries[-1].champion_after if entries else None
        earlier = before(entries, champion, usable) if champion else None
        if earlier is None:
            raise UsageError(
                "The history knows no earlier champion to go back to that was not taken down. "
                f"See: logitline history {config}; or name a version: "
                f"logitline promote {config} VERSION --reason TEXT"
            )
        return earlier

    return _by_hand(config, workspace, "rolled back", reason, target)


Target = Callable[[Sequence[Entry], Mapping[str, registry.Version]], str]


def _by_hand(config: Path, workspace: Path, action: Action, reason: str, target: Target) -> Moved:
    reason = _kept(reason)
    line = open_line(config, workspace, look=False)
    client = tracking.connect(line.workspace)
    with held(line, client) as entries:
        versions = {version.number: version for version in registry.versions(client, line.model)}
        if not versions:
            raise registry.NoVersionError(
                f"{line.model} has no version yet. Train it first: logitline train {config}"
            )
        champion = registry.champion(client, line.model)
        then = champion.number if champion else None
        wanted = target(entries, versions)
        if wanted == then:
            raise UsageError(f"Version {wanted} of {line.model} is the champion already.")
        version = versions[wanted]
        _require_whole(version, line.workspace)
        entry = Entry(
            number=0,
            # The same hand may do the same again later: how many came before tells them apart.
            key=content_digest([action, version.sha256, then, len(entries)]),
            time=time_now(),
            action=action,
            version=wanted,
            champion_before=then,
            champion_after=wanted,
            by=_user(),
            reason=reason,
            model=content_of(version),
            took_down=content_of(champion),
        )
        written = move(client, version, entry)
        facts = {
            "logitline.decision": f"{action}: {entry.reason}",
            "logitline.moved_by": entry.by,
        }
        registry.set_version_tags(client, version, facts)
    return Moved(line.model, written)


def _kept(reason: str) -> str:
    """The reason on one line, as it is kept: whole, and without what would steer a terminal."""
    text = " ".join(plain(reason).split())
    if not text:
        raise UsageError("A reason is kept with the decision. Give one: --reason TEXT")
    if len(text) > history.REASON_LENGTH:
        raise UsageError(
            f"The reason has {len(text):,} characters, and the history keeps "
            f"{history.REASON_LENGTH:,}. Make it shorter; nothing was changed."
        )
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process whose user has no name
        return "unknown"


def _require_whole(version: registry.Version, workspace: Path) -> None:
    """Refuse a version whose file is not the one that was proven."""
    path, sha256 = registry.download_model(version.uri, workspace)
    found = file_sha256(path) if path.is_file() else "of no file"
    if sha256 is None or found != sha256:
        raise UsageError(
            f"The ONNX file of version {version.number} is not the one that was registered: "
            f"SHA-256 {found}, not {sha256 or 'known'}. It is not promoted; train again."
        )
