"""The alias `champion` moved under a lock, its history kept; and what a person does to it."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.faults import failpoint
from flows.line import Line, open_line
from flows.running import UsageError
from pipelines.adapters.store import file_sha256
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import history, registry, runs
from pipelines.digests import content_digest
from pipelines.promotion.history import Action, Entry, before

__all__ = [
    "ROLLED_BACK",
    "History",
    "Moved",
    "held",
    "move",
    "now",
    "point_at",
    "promote_by_hand",
    "read_history",
    "roll_back",
    "rolled_back",
]

# Tag of a version: why a person took it down.
ROLLED_BACK = "logitline.rolled_back"
# Tag of versions and runs, to filter by in the UI, where an alias is none of a run's.
CHAMPION_TAG = "champion"


def now() -> str:
    """The time as the history writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def held(line: Line, client: Any) -> Iterator[list[Entry]]:
    """The history of the line's model, while nobody else moves its champion."""
    with tracking.locked(line.workspace, f"promote-{line.model}"):
        yield history.settle(client, line.model)
        _mark_champion(client, line.model)


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


def _mark_champion(client: Any, model: str) -> None:
    """Let the tag `champion` of all versions and their runs say what the alias says."""
    champion = registry.champion(client, model)
    for version in registry.versions(client, model):
        told = str(champion is not None and version.number == champion.number).lower()
        if version.tags.get(CHAMPION_TAG) != told:
            registry.set_version_tags(client, version, {CHAMPION_TAG: told})
            runs.set_run_tags(client, version.run_id, {CHAMPION_TAG: told})


def rolled_back(
    client: Any, model: str, same: Callable[[registry.Version], bool]
) -> registry.Version | None:
    """A version that was rolled back and is the same as another by `same`."""
    taken_down = (v for v in registry.versions(client, model) if ROLLED_BACK in v.tags)
    return next((version for version in taken_down if same(version)), None)


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

    def target(_: Sequence[Entry], versions: Sequence[registry.Version]) -> str:
        known = {version.number for version in versions}
        if number not in known:
            raise registry.NoVersionError(
                f"There is no version {number}. There are {', '.join(sorted(known, key=int))}."
            )
        return number

    return _by_hand(config, workspace, "promoted by hand", reason, target)


def roll_back(config: Path, workspace: Path, reason: str) -> Moved:
    """Make the champion before this one champion again; no machine promotes this one any more."""

    def target(entries: Sequence[Entry], versions: Sequence[registry.Version]) -> str:
        champion = entries[-1].champion_after if entries else None
        earlier = before(entries, champion) if champion else None
        if earlier is None or earlier not in {version.number for version in versions}:
            raise UsageError(
                "The history knows no earlier champion to go back to. See: logitline history "
                f"{config}; or name a version: logitline promote {config} VERSION --reason TEXT"
            )
        return earlier

    return _by_hand(config, workspace, "rolled back", reason, target)


Target = Callable[[Sequence[Entry], Sequence[registry.Version]], str]


def _by_hand(config: Path, workspace: Path, action: Action, reason: str, target: Target) -> Moved:
    if not reason.strip():
        raise UsageError("A reason is kept with the decision. Give one: --reason TEXT")
    line = open_line(config, workspace, look=False)
    client = tracking.connect(line.workspace)
    with held(line, client) as entries:
        versions = registry.versions(client, line.model)
        if not versions:
            raise registry.NoVersionError(
                f"{line.model} has no version yet. Train it first: logitline train {config}"
            )
        champion = registry.champion(client, line.model)
        then = champion.number if champion else None
        wanted = target(_seen(entries, then), versions)
        if wanted == then:
            raise UsageError(f"Version {wanted} of {line.model} is the champion already.")
        version = next(each for each in versions if each.number == wanted)
        _require_whole(version, line.workspace)
        entry = _entry(entries, action, version, then, reason)
        # Before the alias moves: a machine that comes in between must not undo the decision.
        registry.drop_version_tag(client, version, ROLLED_BACK)
        if champion is not None:
            registry.set_version_tags(client, champion, {ROLLED_BACK: f"{action}: {reason}"})
        written = move(client, version, entry)
        facts = {"logitline.decision": f"{action}: {reason}", "logitline.moved_by": entry.by}
        registry.set_version_tags(client, version, facts)
    return Moved(line.model, written)


def _seen(entries: Sequence[Entry], champion: str | None) -> Sequence[Entry]:
    """The history as far as it explains the champion; nothing where another hand moved it."""
    return entries if entries and entries[-1].champion_after == champion else []


def _entry(
    entries: Sequence[Entry],
    action: Action,
    version: registry.Version,
    champion: str | None,
    reason: str,
) -> Entry:
    return Entry(
        number=0,
        # The same hand may do the same again later: how many came before tells them apart.
        key=content_digest([action, version.sha256, champion, len(entries)]),
        time=now(),
        action=action,
        version=version.number,
        champion_before=champion,
        champion_after=version.number,
        by=_user(),
        reason=reason.strip(),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process whose user has no name
        return "unknown"


def _require_whole(version: registry.Version, workspace: Path) -> None:
    """Refuse a version whose file is not the one that was proven."""
    path, sha256 = registry.download_model(version.uri, workspace)
    found = file_sha256(path) if path.is_file() else "nothing"
    if found != sha256:
        raise UsageError(
            f"The ONNX file of version {version.number} is not the one that was registered: "
            f"SHA-256 {found}, not {sha256}. It is not promoted; train again."
        )
